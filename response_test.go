package agentcopy_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

func TestResponseRendering(t *testing.T) {
	const hidden = "hidden-from-print"
	r := &agentcopy.Response{StatusCode: 201, RequestID: "r1", Header: http.Header{"A": {hidden}}, Body: []byte(hidden), Attempts: make([]agentcopy.Attempt, 2)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		require.Equal(t, `HTTP 201, 17 bytes, 2 attempt(s), request ID "r1"`, fmt.Sprintf(verb, r))
		require.Equal(t, fmt.Sprint(r), fmt.Sprintf(verb, *r))
	}
	data, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, `{"status":201,"bytes":17,"attempts":2,"request_id":"r1"}`, string(data))
	var out strings.Builder
	slog.New(slog.NewTextHandler(&out, nil)).Info("done", "response", r)
	require.Contains(t, out.String(), "response.status=201 response.bytes=17 response.attempts=2 response.request_id=r1")
}
