package transport_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// FuzzBaseURL: a base URL is refused, or the request goes to its origin, below
// its path, with the ID as one segment.
func FuzzBaseURL(f *testing.F) {
	for _, base := range []string{
		"https://api.acme.example", "https://api.acme.example/", "https://api.acme.example/root//", "HTTPS://API.Acme.Example:443/r%2Foot",
		"http://localhost:8080", "http://127.0.0.1", "http://[::1]:80/x", "http://api.acme.example", "https://user:pass@host", "https://host?x=1",
		"https://host#f", "https://", "ftp://host", "//host", "host", "", "https://host/../..", "https://host/%", "https://[::1", "https://ho st/",
		"https:opaque", "https://host:notaport", "https://host/a;b?", "https://höst/", "https://İ", "http://[::ffff:127.0.0.1]/", "https://host/\x00",
	} {
		f.Add(base, "thing_1")
		f.Add("https://api.acme.example/root", base)
	}
	f.Fuzz(func(t *testing.T, base, id string) {
		s := play(answer(200, made))
		c, err := transport.New(vendor, secretsOf("fuzzed-credential"), []agentcopy.Option{
			agentcopy.WithBaseURL(base), agentcopy.WithHTTPClient(&http.Client{Transport: s}),
		})
		if err != nil {
			if !errors.Is(err, agentcopy.ErrInvalid) {
				t.Errorf("base URL %q: got %v, want ErrInvalid", base, err)
			}
			return
		}
		if id == "" {
			return // refused before it comes to a request
		}
		request := copyRequest()
		request.Path, request.ID, request.Action = "/things", id, "/copy"
		if _, _, err := transport.Do(t.Context(), c, request, verifyThing); err != nil {
			t.Fatalf("base URL %q was accepted, ID %q cannot be sent: %v", base, id, err)
		}
		sent, err := url.Parse(s.requests()[0].URL)
		if err != nil {
			t.Fatalf("base URL %q, ID %q: the request's URL cannot be read again: %v", base, id, err)
		}
		want, _ := url.Parse(base)
		segment, below := strings.CutPrefix(sent.EscapedPath(), strings.TrimRight(want.EscapedPath(), "/")+"/things/")
		segment, _ = strings.CutSuffix(segment, "/copy")
		unescaped, err := url.PathUnescape(segment)
		switch {
		case !strings.EqualFold(sent.Scheme, want.Scheme) || !strings.EqualFold(sent.Host, want.Host):
			t.Errorf("base URL %q: the request went to %s://%s", base, sent.Scheme, sent.Host)
		case sent.User != nil || sent.RawQuery != "" || sent.Fragment != "":
			t.Errorf("base URL %q, ID %q: the request's URL %q has more than a path", base, id, sent)
		case !below:
			t.Errorf("base URL %q, ID %q: the request's path is %q, want it below the base", base, id, sent.EscapedPath())
		case strings.Contains(segment, "/") || err != nil || unescaped != id:
			t.Errorf("ID %q went out as %q, want one segment that is the ID", id, segment)
		}
	})
}
