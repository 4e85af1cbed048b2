package agentcopytest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func TestOnlyTheCredentialIsAccepted(t *testing.T) {
	const (
		zuduBody      = `{"message":"Unauthorized","status":"error","error":`
		kolenaMissing = `{"detail":"Missing credentials"}`
		kolenaWrong   = `{"detail":"Invalid credentials"}`
	)
	cases := []struct {
		name   string
		start  func(opts ...agentcopytest.ServerOption) *subject
		accept []string
		header http.Header
		status int
		body   string
	}{
		{"zudu: any pair", newZudu, nil, http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {"s"}}, 200, ""},
		{"zudu: none", newZudu, nil, nil, 401, zuduBody},
		{"zudu: no secret", newZudu, nil, http.Header{"X-Api-Key": {"k"}}, 401, zuduBody},
		{"zudu: an empty secret", newZudu, nil, http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {""}}, 401, zuduBody},
		{"zudu: the pair", newZudu, []string{"k", "s"}, http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {"s"}}, 200, ""},
		{"zudu: another key", newZudu, []string{"k", "s"}, http.Header{"X-Api-Key": {"x"}, "X-Api-Secret": {"s"}}, 401, zuduBody},
		{"zudu: another secret", newZudu, []string{"k", "s"}, http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {"x"}}, 401, zuduBody},
		{"zudu: only the key counts", newZudu, []string{"k"}, http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {"x"}}, 200, ""},

		{"cotool: any", newCotool, nil, vendortest.Bearer("k"), 200, ""},
		{"cotool: none", newCotool, nil, nil, 401, `{"error":`},
		{"cotool: another", newCotool, []string{"k"}, vendortest.Bearer("x"), 401, `{"error":`},

		{"langsmith: any", newLangSmith, nil, http.Header{"X-Api-Key": {"k"}}, 201, ""},
		{"langsmith: none", newLangSmith, nil, nil, 401, `{"error":"Unauthorized"}`},
		{"langsmith: another", newLangSmith, []string{"k"}, http.Header{"X-Api-Key": {"x"}}, 403, `{"error":"Forbidden"}`},

		{"kolena: any", newKolena, nil, vendortest.Bearer("k"), 200, ""},
		{"kolena: the scheme in another case", newKolena, []string{"k"}, http.Header{"Authorization": {"bearer  k"}}, 200, ""},
		{"kolena: none", newKolena, nil, nil, 401, kolenaMissing},
		{"kolena: no token", newKolena, nil, vendortest.Bearer(""), 401, kolenaMissing},
		{"kolena: another scheme", newKolena, nil, http.Header{"Authorization": {"Basic k"}}, 401, kolenaMissing},
		{"kolena: another", newKolena, []string{"k"}, vendortest.Bearer("x"), 401, kolenaWrong},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			start := func(...agentcopytest.ServerOption) *subject {
				if tc.accept == nil {
					return tc.start()
				}
				return tc.start(agentcopytest.WithCredential(tc.accept...))
			}
			eachDoor(t, start, func(t *testing.T, s *subject, d door) {
				r := s.copyOf(s.add(), "Copy")
				r.header = tc.header
				out := d.must(t, r)
				require.Equal(t, tc.status, out.StatusCode)
				if tc.body != "" {
					require.Contains(t, out.body, tc.body)
					require.Equal(t, "application/json", out.Header.Get("Content-Type"))
					require.Empty(t, s.Copies())
				}
			})
		})
	}
}

func TestWithCredentialPanicsOnNonsense(t *testing.T) {
	requirePanic(t, func() { agentcopytest.WithCredential() }, "WithCredential", "empty")
	requirePanic(t, func() { agentcopytest.WithCredential("") }, "WithCredential", "empty")
	requirePanic(t, func() { agentcopytest.WithCredential("k", "") }, "WithCredential", "empty")
	requirePanic(t, func() { agentcopytest.NewZudu(agentcopytest.WithCredential("a", "b", "c")) }, "3 values", "Zudu has no more than 2")
	requirePanic(t, func() { agentcopytest.NewKolena(agentcopytest.WithCredential("a", "b")) }, "2 values", "Kolena has no more than 1")
}
