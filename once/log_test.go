package once_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/once"
)

// logTo writes lines from Info on to out, each with the seconds since now.
func logTo(out *strings.Builder) *slog.Logger {
	start := time.Now()
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.TimeKey:
			return slog.Duration("at", a.Value.Time().Sub(start))
		case "provider", "operation":
			return slog.Attr{}
		}
		return a
	}}))
}

// TestLogOfARun: a client and a Runner that share a logger tell the whole story.
func TestLogOfARun(t *testing.T) {
	pause := agentcopytest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"30"}}}
	for name, tt := range map[string]struct {
		faults []agentcopytest.Fault
		want   string
	}{
		"a pause, a lost answer, a copy that is found": {[]agentcopytest.Fault{pause, {Delay: time.Second, Drop: true, AfterCopy: true}}, `
at=0s level=INFO msg="sending the request" key=k sends=1
at=0s level=WARN msg="the vendor asks to wait: the credential is paused" attempt=1 status=429 outcome="not copied" wait=30s
at=0s level=WARN msg="retrying the request" attempt=1 status=429 outcome="not copied" wait=30s
at=31s level=WARN msg="a copy may have been made although the call failed" attempt=2 status=0 outcome=unknown attempts=2
at=31s level=WARN msg="looking for the copy" key=k why="it is not known whether the request made a copy" settle_time=30s
at=31s level=INFO msg="found the copy" key=k id=2
`},
		"a lost request that is sent again": {[]agentcopytest.Fault{{Drop: true}}, `
at=0s level=INFO msg="sending the request" key=k sends=1
at=0s level=WARN msg="a copy may have been made although the call failed" attempt=1 status=0 outcome=unknown attempts=1
at=0s level=WARN msg="looking for the copy" key=k why="it is not known whether the request made a copy" settle_time=30s
at=0s level=INFO msg="waiting for the next look" key=k why="no copy shows, and the vendor may still show one" wait=250ms settles_in=30s
at=30s level=INFO msg="no copy shows: sending the request again" key=k sends=2
`},
	} {
		inBubble(t, name, func(t *testing.T) {
			var out strings.Builder
			logger := logTo(&out)
			server, copier, source := newKolena(agentcopy.WithLogger(logger))
			defer server.Close()
			server.Inject(tt.faults...)
			runner := &once.Runner{Ledger: once.NewMemoryLedger(), Logger: logger}
			_, err := runner.Copy(t.Context(), "k", copier, agentcopy.CopyRequest{SourceID: source, Name: "Hamburg"})
			require.NoError(t, err)
			require.Equal(t, strings.TrimPrefix(tt.want, "\n"), out.String())
		})
	}
}

func TestLogOfReasonsToWait(t *testing.T) {
	inBubble(t, "each once at Info, and after that at Debug", func(t *testing.T) {
		failing := blind(failed(agentcopy.OutcomeNotCopied, 502, errors.New("private")))
		var out strings.Builder
		vendor := &acme{steps: []step{lost(10 * time.Second)}, looks: []look{failing, failing, blind(agentcopy.ErrLookIncomplete)}}
		runner := &once.Runner{Ledger: once.NewMemoryLedger(), Logger: logTo(&out)}
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		require.Equal(t, strings.TrimPrefix(`
at=0s level=INFO msg="sending the request" key=k sends=1
at=0s level=WARN msg="looking for the copy" key=k why="it is not known whether the request made a copy" settle_time=30s
at=0s level=INFO msg="waiting for the next look" key=k why="the last look failed" wait=250ms settles_in=30s
at=750ms level=INFO msg="waiting for the next look" key=k why="the last look did not see everything" wait=1s settles_in=29.25s
at=1.75s level=INFO msg="waiting for the next look" key=k why="no copy shows, and the vendor may still show one" wait=2s settles_in=28.25s
at=12.75s level=INFO msg="found the copy" key=k id=agent-1
`, "\n"), out.String())
	})
}
