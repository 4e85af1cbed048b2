package agentcopytest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

// errUserLeft is why a context ends.
var errUserLeft = errors.New("the user left")

func TestClientAnswersForAnyHost(t *testing.T) {
	s := newZudu()
	for _, base := range []string{"https://api.zudu.ai", "http://10.0.0.1:8080", "https://[::1]"} {
		out := door{s.Client(), base}.must(t, s.copyOf(s.add(), "At "+base))
		require.Equal(t, 200, out.StatusCode)
		s.Client().Timeout = 1 // of a client that no other test has
	}
}

func TestClientAnswersLikeTheSocket(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		for name, r := range map[string]func(s *subject) request{
			"success":    func(s *subject) request { return s.copyOf(s.add(), "Copy") },
			"no route":   func(*subject) request { return request{http.MethodGet, "/nothing", nil, ""} },
			"no key":     func(s *subject) request { return request{http.MethodPost, s.path(s.add()), nil, s.body("Copy")} },
			"no content": func(s *subject) request { s.Inject(agentcopytest.Fault{Status: 204}); return s.copyOf(s.add(), "Copy") },
		} {
			t.Run(name, func(t *testing.T) {
				var answers []string
				eachDoor(t, start, func(t *testing.T, s *subject, d door) {
					out := d.must(t, r(s))
					require.NotNil(t, out.Request)
					out.Header.Del("Date")
					answers = append(answers, fmt.Sprint(out.Proto, out.ProtoMajor, out.ProtoMinor, out.Status, out.ContentLength, out.Header))
				})
				require.Equal(t, answers[0], answers[1])
			})
		}
	})
}

func TestClientHasTheBubblesDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, err := http.ParseTime(memory(newKolena()).must(t, request{http.MethodGet, "/", nil, ""}).Header.Get("Date"))
		require.NoError(t, err)
		require.True(t, at.Equal(time.Now()), "the bubble's clock")
	})
}

func TestClientTellsHttptraceHowFarItGot(t *testing.T) {
	s := newKolena()
	id := s.add()
	var steps []string
	traced := func(ctx context.Context) context.Context {
		steps = nil
		return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GetConn: func(hostPort string) { steps = append(steps, "GetConn "+hostPort) },
			GotConn: func(info httptrace.GotConnInfo) {
				require.NotEmpty(t, info.Conn.RemoteAddr().String(), "tracing libraries ask for it")
				steps = append(steps, "GotConn")
			},
			WroteHeaders:         func() { steps = append(steps, "WroteHeaders") },
			GotFirstResponseByte: func() { steps = append(steps, "GotFirstResponseByte") },
		})
	}
	sent := []string{"GetConn api.example:443", "GotConn", "WroteHeaders"}

	_, err := memory(s).send(traced(t.Context()), s.copyOf(id, "Copy"))
	require.NoError(t, err)
	require.Equal(t, append(sent, "GotFirstResponseByte"), steps)

	s.Inject(agentcopytest.Fault{Drop: true})
	_, err = memory(s).send(traced(t.Context()), s.copyOf(id, "Copy"))
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, sent, steps)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errUserLeft)
	_, err = memory(s).send(traced(ctx), s.copyOf(id, "Copy"))
	require.ErrorIs(t, err, errUserLeft)
	require.Empty(t, steps)
	require.Len(t, s.Requests(), 2)

	s.Close()
	_, err = memory(s).send(traced(t.Context()), s.copyOf(id, "Copy"))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.Equal(t, sent[:1], steps)

	_, err = memory(s).send(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{}), s.copyOf(id, "Copy"))
	require.ErrorIs(t, err, syscall.ECONNREFUSED, "a trace without hooks")
}

// Before the request and during a delay: see TestClientTellsHttptraceHowFarItGot and
// TestTheVendorGoesOnWithoutTheClient.
func TestClientHonoursTheContext(t *testing.T) {
	t.Run("while the answer is read", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		s := newZudu()
		resp, err := s.Client().Do(memory(s).build(ctx, request{http.MethodGet, "/api/agents", keys, ""}, nil))
		require.NoError(t, err)
		some := make([]byte, 5)
		_, err = io.ReadFull(resp.Body, some)
		require.NoError(t, err)
		cancel(errUserLeft)
		_, err = resp.Body.Read(some)
		require.ErrorIs(t, err, errUserLeft)
		for range 2 {
			require.NoError(t, resp.Body.Close())
		}
		_, err = resp.Body.Read(some)
		require.ErrorIs(t, err, http.ErrBodyReadAfterClose)
	})
	t.Run("while the request is sent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newZudu()
			body, _ := io.Pipe() // in which nothing ever arrives
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := s.Client().Do(memory(s).build(ctx, s.copyOf(s.add(), "Copy"), body))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Empty(t, s.Requests(), "it never arrived as a whole")
			_, err = body.Read(nil)
			require.ErrorIs(t, err, io.ErrClosedPipe, "RoundTrip closes the body")
		})
	})
}

func TestClientSendsNothingOfABodyThatBreaks(t *testing.T) {
	eachDoor(t, newZudu, func(t *testing.T, s *subject, d door) {
		broken := errors.New("the disk is gone")
		body := io.MultiReader(strings.NewReader(`{"agent_name":"`), iotest.ErrReader(broken))
		_, err := d.client.Do(d.build(t.Context(), s.copyOf(s.add(), "Copy"), body))
		require.ErrorIs(t, err, broken)
		require.Empty(t, s.Requests())
		require.Empty(t, s.Copies())
	})
}

// The SDK lets clients that talk to one server with one key share their pace.
// In memory all servers answer for one host, and must be told apart.
func TestClientNamesItsServer(t *testing.T) {
	scope := func(c *http.Client) string {
		t.Helper()
		transport, ok := c.Transport.(interface{ PacingScope() string })
		require.True(t, ok)
		return transport.PacingScope()
	}
	s, other := newZudu(), newZudu()
	require.NotEmpty(t, scope(s.Client()))
	require.Equal(t, scope(s.Client()), scope(s.Client()))
	require.NotEqual(t, scope(s.Client()), scope(other.Client()))
}

func TestClientInABubbleThatDidNotMakeTheServer(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		s := start(agentcopytest.WithRateLimit(1, time.Minute))
		t.Cleanup(s.Close)
		first, second, third, fourth := s.add(), s.add(), s.add(), s.add()
		require.Equal(t, s.Success, memory(s).must(t, s.copyOf(first, "Copy")).StatusCode, "outside of any bubble")
		for _, id := range []string{second, third} {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				s.Inject(agentcopytest.Fault{Delay: 30 * time.Second})
				_, err := s.copy(t.Context(), id, "Copy "+id[len(id)-1:], agentcopy.WithHTTPClient(s.Client()))
				require.NoError(t, err)
				require.Equal(t, 30*time.Second, time.Since(begin))
				s.Inject(agentcopytest.Fault{Delay: time.Second})
				require.Equal(t, s.Success, memory(s).must(t, s.copyOf(s.add(), "By hand "+id[len(id)-1:])).StatusCode,
					"a limit that another clock used up does not count")

				s.Inject(agentcopytest.Fault{Delay: time.Hour})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err = s.copy(ctx, fourth, "Late", agentcopy.WithHTTPClient(s.Client()))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				// The bubble ends although the vendor has not done its work.
			})
		}
		require.Len(t, s.Copies(), 5)
	})
}

func TestURLServesTheSDK(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		s := start()
		url := s.URL()
		require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, url)
		id, err := s.copy(t.Context(), s.add(), "Copy", agentcopy.WithBaseURL(url), agentcopy.WithHTTPClient(socketClient(t)))
		require.NoError(t, err)
		memory(s).must(t, s.copyOf(s.add(), "Another copy"))
		require.Len(t, s.Copies(), 2, "both ways lead to one server")
		require.Equal(t, id, s.Copies()[0].ID)
		s.Close()
		require.Equal(t, url, s.URL(), "one listener")

		s = start()
		s.Close()
		requirePanic(t, func() { s.URL() }, "URL: the server is closed")
	})
}

// A connection that a fault breaks must not take the next request with it.
func TestSocketIsUsedAgainAfterAFault(t *testing.T) {
	s := newZudu()
	defer s.Close()
	d := door{socketClient(t), s.URL()}
	for range 3 {
		require.Equal(t, 200, d.must(t, request{http.MethodGet, "/api/agents", s.Header("any"), ""}).StatusCode)
		s.Inject(agentcopytest.Fault{Drop: true})
		_, err := d.send(t.Context(), s.copyOf(s.add(), "Copy"))
		require.Error(t, err)
	}
	require.Len(t, s.Requests(), 6, "net/http sends none of them twice")
}
