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
		"https:opaque", "https://host:notaport", "https://host/a;b?", "https://höst/", "http://[::ffff:127.0.0.1]/", "https://host/\x00",
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
		request := copyRequest()
		request.Path = "/things/" + transport.Segment(id) + "/copy"
		if _, _, err := transport.Do(t.Context(), c, request, verifyThing); err != nil {
			t.Fatalf("base URL %q was accepted, ID %q cannot be sent: %v", base, id, err)
		}
		sent, err := url.Parse(s.requests()[0].URL)
		want, _ := url.Parse(base)
		switch {
		case err != nil:
			t.Errorf("base URL %q, ID %q: the request's URL cannot be read again: %v", base, id, err)
		case !strings.EqualFold(sent.Scheme, want.Scheme) || !strings.EqualFold(sent.Host, want.Host):
			t.Errorf("base URL %q: the request went to %s://%s", base, sent.Scheme, sent.Host)
		case sent.User != nil || sent.RawQuery != "" || sent.Fragment != "":
			t.Errorf("base URL %q, ID %q: the request's URL %q has more than a path", base, id, sent)
		case sent.EscapedPath() != strings.TrimSuffix(want.EscapedPath(), "/")+request.Path:
			t.Errorf("base URL %q, ID %q: the request's path is %q, want the ID below the base", base, id, sent.EscapedPath())
		case strings.Count(request.Path, "/") != 3:
			t.Errorf("ID %q is more than one segment: %q", id, request.Path)
		}
	})
}
