package sqlledger

import (
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// row is what is read of a record.
type row struct {
	record once.Record
	claims int64
	number int64
	left   float64 // seconds of its lease; none: 0 or less
}

// scan reads columns. asked is when the statement was begun: what the database
// says are ages, which are taken from then for the earlier Since, and from now for
// the later SentAt and LookedAt.
func scan(rows *sql.Rows, asked time.Time) (r row, err error) {
	var key, document string
	var token int64
	var since, sent *float64
	if err := rows.Scan(&key, &document, &token, &r.claims, &r.number, &since, &sent, &r.left); err != nil {
		return row{}, err
	}
	if err := json.Unmarshal([]byte(document), &r.record); err != nil || r.record.Key != key {
		return row{}, fmt.Errorf("the record of key %q is damaged: %w", unescape(key), cmp.Or(err, errors.New("it is that of another key")))
	}
	r.record = eachString(r.record, unescape)
	r.record.Token = uint64(token)
	if since != nil {
		if bySince := asked.Add(-seconds(*since)); bySince.Before(r.record.Since) {
			r.record.Since = bySince.UTC().Round(0)
		}
	}
	if sent != nil {
		now := time.Now()
		bySent := now.Add(-seconds(*sent))
		if d := bySent.Sub(r.record.SentAt); d > 0 {
			r.record.SentAt = bySent.UTC().Round(0)
			if !r.record.LookedAt.IsZero() {
				r.record.LookedAt = r.record.LookedAt.Add(d) // was on the same clock
			}
		}
	}
	return r, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// arguments are those of begin; write takes all but those of the request.
func arguments(r once.Record, number int64, lease time.Duration) ([]any, error) {
	now := time.Now()
	raw := r // not escaped
	r.Request.IdempotencyKey, r.Copy.Body, r.Copy.Attempts = "", nil, nil
	r = eachString(r, escape)
	document, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var rivalOf, ref, keeps, copyID, copyName, leaseLength any
	switch {
	case r.Done():
		copyID, copyName, ref = r.Copy.ID, r.Copy.Name, raw.Ref().String()
		if raw.ShowsKeptName() {
			keeps = namesText(raw.Identity)
		}
	case r.Sent():
		rivalOf = rivalText(raw.Identity)
	}
	if lease > 0 {
		leaseLength = lease.Seconds()
	}
	since, sinceAge := timeArguments(r.Since, now)
	sentAt, sentAge := timeArguments(r.SentAt, now)
	return []any{
		r.Key, int64(r.Token), number, leaseLength, r.Sends, since, sinceAge, sentAt, sentAge,
		copyID, copyName, rivalOf, ref, keeps, string(document),
		r.Identity.Provider, r.Identity.Origin, r.Identity.Account, r.Identity.Template, r.Request.SourceID, r.Request.Name,
	}, nil
}

const requestArguments = 6 // the last ones of arguments

// timeArguments are t on the writer's clock and how far from now it is, which the
// database takes from its own.
func timeArguments(t, now time.Time) (stamp, seconds any) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UTC().Format(timeFormat), math.Round(t.Sub(now).Seconds()*1e6) / 1e6
}

// rivalText and namesText are what records are found by.
func rivalText(id agentcopy.Identity) string {
	return fmt.Sprintf("%+q %+q %+q", id.Provider, id.Origin, id.Account)
}

func namesText(id agentcopy.Identity) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s %+q", rivalText(id), id.Template)))[:32]
}

// eachString is r with each of its texts as f makes it.
func eachString(r once.Record, f func(string) string) once.Record {
	inCopy := func(c *agentcopy.Copy) {
		c.Provider, c.SourceID, c.ID, c.Name = f(c.Provider), f(c.SourceID), f(c.ID), f(c.Name)
	}
	id := &r.Identity
	r.Key, r.Request.SourceID, r.Request.Name = f(r.Key), f(r.Request.SourceID), f(r.Request.Name)
	id.Provider, id.Origin, id.Account, id.Template = f(id.Provider), f(id.Origin), f(id.Account), f(id.Template)
	id.SourceID, id.SearchKey = f(id.SourceID), f(id.SearchKey)
	inCopy(&r.Copy)
	r.Seen, r.Dismissed = slices.Clone(r.Seen), slices.Clone(r.Dismissed)
	for i := range r.Seen {
		inCopy(&r.Seen[i].Copy)
		r.Seen[i].Reason = f(r.Seen[i].Reason)
	}
	for i := range r.Dismissed {
		r.Dismissed[i] = f(r.Dismissed[i])
	}
	return r
}

// escape makes a text that any database takes of one that has NUL or bytes that
// are no UTF-8: those become \xNN, and \ becomes \\.
func escape(s string) string {
	if utf8.ValidString(s) && !strings.ContainsAny(s, "\\\x00") {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == 0 || r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		default:
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// unescape gives back what was given to escape.
func unescape(s string) string {
	return escaped.ReplaceAllStringFunc(s, func(sequence string) string {
		if sequence == `\\` {
			return `\`
		}
		c, _ := strconv.ParseUint(sequence[2:], 16, 8)
		return string([]byte{byte(c)})
	})
}

var escaped = regexp.MustCompile(`\\(\\|x[0-9a-f]{2})`)
