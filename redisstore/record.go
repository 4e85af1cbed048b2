package redisstore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/once"
)

// encode is what Redis keeps of r; its Since is kept beside, on Redis's clock.
func encode(r *once.Record) (string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("redisstore: %w", err)
	}
	return string(text), nil
}

// decode reads a record in the form of ledger.lua. now is Redis's clock when it
// was read, and asked is ours from before that: Since may so come out a little
// too early, but never too late.
func decode(now, value any, asked time.Time) (r once.Record, err error) {
	head, text, _ := strings.Cut(fmt.Sprint(value), "\n")
	var lease, since int64
	if _, err = fmt.Sscan(head, &r.Token, &lease, &since); err == nil {
		err = json.Unmarshal([]byte(text), &r)
	}
	if err != nil {
		return once.Record{}, fmt.Errorf("redisstore: the ledger holds a record that cannot be read: %w", err)
	}
	ago := time.Duration(max(now.(int64)-since, 0)) * time.Microsecond
	r.Since = asked.Add(-ago).Round(0).UTC()
	return r, nil
}

// age is how long before asked since was, in microseconds.
func age(since, asked time.Time) int64 {
	return max(asked.Sub(since).Microseconds(), 0)
}

// microseconds is d, and at least one unless d is zero.
func microseconds(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return max(d.Microseconds(), 1)
}

// requestDigest is the same for two records if and only if they stand for the
// same request; see once.Record.SameRequest.
func requestDigest(r *once.Record) string {
	text, err := json.Marshal([]any{r.Request, r.Identity.Provider, r.Identity.Origin, r.Identity.Template})
	if err != nil {
		panic(err) // strings can always be marshalled
	}
	return digest(string(text))
}

func refDigest(ref once.CopyRef) string { return digest(ref.String()) }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
