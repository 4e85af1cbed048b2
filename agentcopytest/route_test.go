package agentcopytest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnknownRoutesAre404Or405(t *testing.T) {
	// errorBody is the form of each vendor's errors.
	errorBody := map[string]string{
		"zudu":      `"status":"error"`,
		"cotool":    `{"error":"`,
		"langsmith": `"type":"https://docs.langchain.com/errors/`,
		"kolena":    `{"detail":"`,
	}
	eachVendor(t, func(t *testing.T, start starter) {
		eachDoor(t, start, func(t *testing.T, s *subject, d door) {
			id := s.add()
			for _, tc := range []struct {
				method, path string
				status       int
				allow        string
			}{
				{http.MethodGet, "/", 404, ""},
				{http.MethodGet, "/api", 404, ""},
				{http.MethodPost, s.path(id) + "/", 404, ""},
				{http.MethodPost, s.path(id) + "/more", 404, ""},
				{http.MethodPost, "/v2" + s.path(id), 404, ""},
				{http.MethodPost, s.path(""), 404, ""},
				{http.MethodGet, s.path(id), 405, "POST"},
				{http.MethodDelete, s.path(id), 405, "POST"},
			} {
				out := d.must(t, request{tc.method, tc.path, s.Header("any"), ""})
				require.Equal(t, tc.status, out.StatusCode, "%s %s", tc.method, tc.path)
				require.Equal(t, tc.allow, out.Header.Get("Allow"))
				require.Contains(t, out.body, errorBody[s.Vendor.Name])
			}
			require.Empty(t, s.Copies())
		})
	})
}
