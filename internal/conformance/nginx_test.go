package conformance

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// Of a vendor's gateway, nginx with limit_req: at most gatewayRate requests a
// second, and as many at once.
const gatewayRate = 40

const nginxConfig = `
daemon off; master_process off; pid %[1]s/nginx.pid; error_log %[1]s/error.log;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	limit_req_zone $http_authorization zone=key:1m rate=%[2]dr/s;
	limit_req_status 429;
	server {
		listen 127.0.0.1:%[3]d;
		location /gone/ { proxy_pass http://127.0.0.1:1/; }
		location / { limit_req zone=key burst=%[4]d nodelay; proxy_pass %[5]s; }
	}
}
`

// startNginx starts nginx before a server, and returns its base URL. Where nginx
// is not installed it returns "", and the end of the suite says so.
func startNginx(t *testing.T, upstream string) string {
	path := program(t, "nginx", "a gateway that limits, and the page of one whose vendor is down")
	dir := t.TempDir()
	port := freePort(t)
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, dir, gatewayRate, port, gatewayRate-1, upstream)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	return startProgram(t, exec.CommandContext(t.Context(), path, "-e", filepath.Join(dir, "error.log"), "-p", dir, "-c", config), port)
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// TestPacingKeepsInsideNginxsLimit: many goroutines of four clients that share a key copy
// through a gateway that counts for itself. Paced by a WindowLimiter none is
// refused; unpaced, many are, and yet each copy is made once.
func TestPacingKeepsInsideNginxsLimit(t *testing.T) {
	const copies = 90
	// nginx counts in milliseconds, by the clock of its event loop.
	window := agentcopy.NewWindowLimiter(gatewayRate, time.Second+50*time.Millisecond)
	for name, tc := range map[string]struct {
		limiter agentcopy.Limiter
		refused func(n int) bool
	}{
		"paced":   {window, func(n int) bool { return n == 0 }},
		"unpaced": {agentcopy.Unlimited, func(n int) bool { return n > 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			srv := agentcopytest.NewKolena(agentcopytest.WithRateLimit(1e6, time.Minute))
			srv.AddAgent(kolena.Agent{ID: 1, Name: "The source"})
			t.Cleanup(srv.Close)
			gateway := startNginx(t, srv.URL())
			transport := &http.Transport{MaxIdleConnsPerHost: 64}
			defer transport.CloseIdleConnections()
			key := vendortest.Key()
			var running sync.WaitGroup
			var mu sync.Mutex
			refused := 0
			start := time.Now()
			for c := range 4 {
				client, err := kolena.New(key, agentcopy.WithBaseURL(gateway), throughTransport(transport), agentcopy.WithLimiter(tc.limiter),
					agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: 50, MinBackoff: 10 * time.Millisecond, MaxBackoff: 200 * time.Millisecond}))
				require.NoError(t, err)
				for i := range copies {
					if i%4 != c {
						continue
					}
					running.Go(func() {
						agent, err := client.CopyAgent(t.Context(), 1, kolena.CopyAgentRequest{Name: fmt.Sprint("Copy ", i)})
						if !assert.NoError(t, err, "copy %d", i) {
							return
						}
						mu.Lock()
						defer mu.Unlock()
						refused += len(agent.Response.Attempts) - 1
					})
				}
			}
			running.Wait()
			tally.cases.Add(copies)
			tally.copies.Add(int64(len(srv.Copies())))
			tally.duplicates.Add(int64(max(0, len(srv.Copies())-copies)))
			assert.Len(t, srv.Copies(), copies)
			names := map[string]bool{}
			for _, c := range srv.Copies() {
				names[c.Name] = true
			}
			assert.Len(t, names, copies)
			assert.True(t, tc.refused(refused), "the gateway refused %d requests", refused)
			t.Logf("%d copies in %v, %d refused", copies, time.Since(start).Round(time.Millisecond), refused)
		})
	}
}

// TestTheErrorPageOfAGatewayProvesNothing: the page of a gateway whose vendor is away is no
// answer of the vendor's.
func TestTheErrorPageOfAGatewayProvesNothing(t *testing.T) {
	gateway := startNginx(t, "http://127.0.0.1:1")
	for _, op := range copyOperations {
		transport := &http.Transport{}
		r := row{}
		client, err := op.Connect(vendortest.Key(), append(r.options(agentcopy.RetrySafe), agentcopy.WithBaseURL(gateway+"/gone"), throughTransport(transport))...)
		require.NoError(t, err)
		o := observed{op: op}
		o.result, o.err = client.Do(context.WithoutCancel(t.Context()))
		transport.CloseIdleConnections()
		o.requests = -1
		assert.Empty(t, o.invariants(), op)
		e := vendortest.RequireError(t, o.err)
		assert.Equal(t, http.StatusBadGateway, e.StatusCode, op)
		assert.Equal(t, "502 Bad Gateway", e.Message, "%v: the title of nginx's page", op)
		assert.Equal(t, agentcopy.OutcomeUnknown, e.Outcome, op)
		assert.Len(t, e.Attempts, 1, op)
	}
}
