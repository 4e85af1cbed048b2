package agentcopy_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

func TestConfigRendering(t *testing.T) {
	const hidden = "hidden-from-print"
	cfg := agentcopy.Config{
		BaseURL: "https://me:" + hidden + "@api.example/x?key=" + hidden,
		Header:  http.Header{"X-Gateway-Token": {hidden}},
		Limiter: agentcopy.NewWindowLimiter(1, time.Second),
	}
	data, err := json.Marshal(cfg)
	require.NoError(t, err)
	var out strings.Builder
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "cfg", cfg, "pointer", &cfg)
	all := fmt.Sprintf("%v %+v %#v %s %d %q %v %s %s", cfg, cfg, cfg, cfg, cfg, &cfg, &cfg, data, out.String())
	require.NotContains(t, all, hidden)
	require.Contains(t, all, "X-Gateway-Token")
	require.Contains(t, all, "https://api.example/x")
	require.Contains(t, fmt.Sprint(agentcopy.Config{BaseURL: "%zz"}), "(not a URL)")
}
