package engine

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// cause is what failures that are alike have in common. A lane halts after most of
// them in a row.
type cause struct {
	text   string
	most   int
	advice string
}

const (
	mostWide   = 3  // what concerns every row of the vendor
	mostServer = 10 // what probably does
	mostRow    = 20 // what may be the rows' own

	ledgerFails = "the ledger fails"
)

func causeOf(err error) cause {
	failed, ok := errors.AsType[*agentcopy.Error](err)
	dns, isDNS := errors.AsType[*net.DNSError](err)
	status := 0
	if ok {
		status = failed.StatusCode
	}
	switch {
	case errors.Is(err, errWithdrawn):
		return cause{}
	case !ok && !errors.Is(err, once.ErrInProgress) && !errors.Is(err, once.ErrKeyReused):
		return cause{ledgerFails, mostWide, "is its disk full, or its database gone?"}
	case isDNS:
		return cause{"DNS: there is no address of " + dns.Name, mostWide, "check the base URL and the network"}
	case isTLS(err):
		return cause{"TLS: the server's certificate is not accepted", mostWide, "check the base URL; behind a proxy of your own, add its certificate to the system's"}
	case status == http.StatusUnauthorized:
		return cause{"401 Unauthorized", mostWide, "check the key in the environment"}
	case status == http.StatusForbidden:
		return cause{"403 Forbidden", mostWide, "the key lacks the right, or is of another region or workspace"}
	case status == http.StatusNotFound && !json.Valid(failed.Body):
		return cause{"404 Not Found, from something that is not the vendor's API", mostWide, "check the base URL"}
	case status >= 500:
		return cause{statusText(status), mostServer, "the vendor is in trouble: wait, and run it again"}
	case status != 0:
		return cause{statusText(status), mostRow, "check the rows, and the base URL"}
	case isConnect(err):
		return cause{"no connection to the server", mostWide, "check the base URL and the network"}
	}
	return cause{"no answer", mostServer, "check the network, or wait, and run it again"}
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

func isTLS(err error) bool {
	_, verify := errors.AsType[*tls.CertificateVerificationError](err)
	_, header := errors.AsType[tls.RecordHeaderError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	return verify || header || unknown || host
}

func isConnect(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
