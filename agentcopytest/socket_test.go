package agentcopytest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

func TestURLServesTheSDK(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		s := start()
		defer s.Close()
		require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, s.URL())
		require.Equal(t, s.URL(), s.URL(), "one listener")
		id, err := s.copy(t.Context(), s.add(), "Copy", agentcopy.WithBaseURL(s.URL()), agentcopy.WithHTTPClient(socketClient(t)))
		require.NoError(t, err)
		require.Equal(t, id, s.Copies()[0].ID)
	})
}

func TestURLAndClientShareTheServer(t *testing.T) {
	s := newZudu()
	defer s.Close()
	id := s.add()
	require.Equal(t, 200, memory(s.Server).must(t, s.copyOf(id, "Copy")).StatusCode)
	out := door{socketClient(t), s.URL()}.must(t, s.copyOf(id, "Copy"))
	require.Equal(t, 400, out.StatusCode, "the name is taken: %s", out.body)
	require.Len(t, s.Requests(), 2)
}

func TestURLAfterClose(t *testing.T) {
	s := newZudu()
	url := s.URL()
	s.Close()
	require.Equal(t, url, s.URL())
	_, err := socketClient(t).Get(url)
	require.Error(t, err)

	s = newZudu()
	s.Close()
	requirePanic(t, func() { s.URL() }, "URL: the server is closed")
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
