package agentcopytest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

func TestRequestsShowsWhatWasSent(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		eachDoor(t, start, func(t *testing.T, s *subject, d door) {
			require.Empty(t, s.Requests())
			id := s.add()
			begin := time.Now()
			r := s.copyOf(id, "Copy")
			r.target += "?a=1&a=2&b=%2F"
			out := d.must(t, r)
			d.must(t, request{http.MethodGet, "/odd%2Fpath", nil, ""})

			got := s.Requests()
			require.Len(t, got, 2)
			require.False(t, got[0].At.Before(begin))
			require.False(t, got[1].At.Before(got[0].At))
			require.Equal(t, http.MethodPost, got[0].Method)
			require.Equal(t, s.path(id), got[0].Path)
			require.Equal(t, map[string][]string{"a": {"1", "2"}, "b": {"/"}}, map[string][]string(got[0].Query))
			for name, values := range s.Header("any") {
				require.Equal(t, values, got[0].Header.Values(name))
			}
			require.Equal(t, s.body("Copy"), string(got[0].Body))
			require.Equal(t, out.StatusCode, got[0].StatusCode)
			require.Equal(t, "/odd%2Fpath", got[1].Path, "as it was sent")
			require.Equal(t, 404, got[1].StatusCode)
		})
	})
}

func TestChangingARequestChangesNoRecord(t *testing.T) {
	s := newZudu()
	r := s.copyOf(s.add(), "Copy")
	r.target += "?a=1"
	memory(s.Server).must(t, r)
	got := s.Requests()[0]
	got.Header.Set("X-Api-Key", "changed")
	got.Query["a"][0] = "changed"
	got.Body[0] = 'x'
	again := s.Requests()[0]
	require.Equal(t, "any", again.Header.Get("X-Api-Key"))
	require.Equal(t, "1", again.Query.Get("a"))
	require.Equal(t, s.body("Copy"), string(again.Body))
}

func TestARequestUnderWayHasNoStatusYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newZudu()
		s.Inject(agentcopytest.Fault{Delay: time.Minute})
		id := s.add()
		go func() { _, _ = memory(s.Server).send(t.Context(), s.copyOf(id, "Copy")) }()
		synctest.Wait()
		require.Zero(t, s.Requests()[0].StatusCode)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 200, s.Requests()[0].StatusCode)
	})
}

func TestNoPrintedRequestShowsACredential(t *testing.T) {
	const secret = "very-secret"
	header := http.Header{
		"Authorization": {"Bearer " + secret}, "X-Api-Key": {secret}, "X-Api-Secret": {secret}, "Cookie": {secret},
	}
	s := newZudu()
	memory(s.Server).must(t, request{http.MethodPost, "/somewhere", header, `{"token":"` + secret + `"}`})
	r := s.Requests()[0]
	require.Equal(t, secret, r.Header.Get("X-Api-Key"), "it is there to be looked at")

	var text, lines bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&text, verb+verb+verb, r, &r, []agentcopytest.Request{r})
	}
	slog.New(slog.NewTextHandler(&lines, nil)).Info("seen", "request", r, "all", s.Requests())
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("seen", "request", &r, "all", s.Requests())
	marshalled, err := json.Marshal(s.Requests())
	require.NoError(t, err)
	for _, output := range []string{text.String(), lines.String(), string(marshalled), r.String()} {
		require.NotContains(t, output, secret)
		require.NotContains(t, output, fmt.Sprintf("%x", secret))
		require.Contains(t, output, "/somewhere")
	}
	require.Equal(t, "POST /somewhere: 404, 23 bytes sent", r.String())
}
