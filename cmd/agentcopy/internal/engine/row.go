package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// Status is what became of a row.
type Status string

// The statuses of a row.
const (
	NotStarted Status = "not_started" // nothing was sent; the next run sends it
	Copied     Status = "copied"      // there is a copy, and its ID is known
	Failed     Status = "failed"      // there is none; the next run tries again
	InDoubt    Status = "in_doubt"    // there may be one; the next run looks for it
	Ambiguous  Status = "ambiguous"   // there may be one; a person has to say which agent it is
)

// Statuses are all of them, in the order of a summary.
var Statuses = []Status{Copied, Failed, InDoubt, Ambiguous, NotStarted}

// Row is a row of the manifest and what became of it.
type Row struct {
	*manifest.Row
	Status   Status
	Copy     agentcopy.Copy // of a row that is in doubt, too: one that the ledger could not record
	Existing bool           // an earlier run or another process made the copy, or it was found
	AtWork   bool           // the ledger has a record of it that is not done
	Cause    string         // of a failure, the same for those that are alike
	Error    string
	failed   bool // an earlier run remembered that it failed
	lane     *Lane
}

// statusOf is what the end of a call of the Runner means. What leaves a copy possible
// comes first: it is never called failed.
func statusOf(err error) Status {
	switch {
	case err == nil:
		return Copied
	case errors.Is(err, once.ErrAmbiguous):
		return Ambiguous
	case errors.Is(err, agentcopy.ErrOutcomeUnknown), errors.Is(err, agentcopy.ErrCopied), errors.Is(err, once.ErrLeaseLost):
		return InDoubt
	case errors.Is(err, errWithdrawn), errors.Is(err, context.Canceled), errors.Is(err, once.ErrInProgress),
		errors.Is(err, agentcopy.ErrRateLimited), errors.Is(err, sqlledger.ErrUnavailable):
		return NotStarted
	}
	return Failed
}

// StatusOf is what the ledger says of a row, and why it is not settled.
func StatusOf(record *once.Record) (status Status, why string) {
	switch {
	case record.Done():
		return Copied, ""
	case len(record.Seen) > 0:
		return Ambiguous, fmt.Sprintf("%d agents may be the copy", len(record.Seen))
	case record.Outcome == agentcopy.OutcomeCopied:
		return InDoubt, "the vendor said it made the copy, which did not show yet"
	case record.Sent():
		return InDoubt, "it is not known whether the request made a copy"
	}
	return NotStarted, ""
}

// Counts is how many rows have each status.
type Counts struct {
	Of       map[Status]int
	Existing int // of those copied
	AtWork   int // of those not started
}

func Count(rows []*Row) Counts {
	c := Counts{Of: make(map[Status]int)}
	for _, r := range rows {
		c.Of[r.Status]++
		if r.Existing {
			c.Existing++
		}
		if r.AtWork && r.Status == NotStarted {
			c.AtWork++
		}
	}
	return c
}

// cause is what failures that are alike have in common. A lane halts after max of
// them in a row.
type cause struct {
	text   string
	max    int
	advice string
}

const (
	maxWide   = 3  // what concerns every row of the vendor
	maxServer = 10 // what probably does
	maxRow    = 20 // what may be the rows' own
)

func causeOf(err error) cause {
	failed, isOurs := errors.AsType[*agentcopy.Error](err)
	if !isOurs {
		failed = &agentcopy.Error{}
	}
	status := failed.StatusCode
	statusText := strings.TrimSpace(fmt.Sprint(status, " ", http.StatusText(status)))
	dns, isDNS := errors.AsType[*net.DNSError](err)
	dial, _ := errors.AsType[*net.OpError](err)
	switch {
	case err == nil:
		return cause{}
	case errors.Is(err, errWithdrawn), errors.Is(err, context.Canceled):
		return cause{text: "stopped"}
	case errors.Is(err, store.ErrFails):
		return cause{"the ledger fails", maxWide, "is its disk full, or its database unreachable?"}
	case isDNS:
		return cause{"DNS: there is no address of " + dns.Name, maxWide, "check the base URL and the network"}
	case has[*tls.CertificateVerificationError](err), has[tls.RecordHeaderError](err), has[x509.UnknownAuthorityError](err), has[x509.HostnameError](err):
		return cause{"TLS: the server's certificate is not accepted", maxWide, "check the base URL; behind a proxy of your own, add its certificate to the system's"}
	case status == http.StatusUnauthorized:
		return cause{"401 Unauthorized", maxWide, "check the key in the environment"}
	case status == http.StatusForbidden:
		return cause{"403 Forbidden", maxWide, "the key lacks the right, or belongs to another region or workspace"}
	case status == http.StatusNotFound && !json.Valid(failed.Body):
		return cause{"404 Not Found, from something that is not the vendor's API", maxWide, "check the base URL"}
	case status >= 500:
		return cause{statusText, maxServer, "the vendor has a problem: wait, and run it again"}
	case status != 0:
		return cause{statusText, maxRow, "check the rows, and the base URL"}
	case dial != nil && dial.Op == "dial":
		return cause{"no connection to the server", maxWide, "check the base URL and the network"}
	case !isOurs:
		return cause{text: "not possible"}
	}
	return cause{"no answer", maxServer, "check the network, or wait, and run it again"}
}

func has[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
