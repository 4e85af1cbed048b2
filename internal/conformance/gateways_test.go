package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

// gatewayWays are what a vendor behind a gateway does after it made a copy.
var gatewayWays = []struct {
	name   string
	answer func(w http.ResponseWriter, good string)
}{
	{"answered", func(w http.ResponseWriter, good string) { _, _ = io.WriteString(w, good) }},
	{"end of the connection", func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) }},
	{"half the body", func(w http.ResponseWriter, good string) {
		w.Header().Set("Content-Length", fmt.Sprint(len(good)))
		_, _ = io.WriteString(w, good[:len(good)/2])
		panic(http.ErrAbortHandler)
	}},
	{"500", func(w http.ResponseWriter, _ string) { w.WriteHeader(500) }},
	{"503", func(w http.ResponseWriter, _ string) { w.WriteHeader(503) }},
	{"408", func(w http.ResponseWriter, _ string) { w.WriteHeader(408) }},
	{"garbage", func(w http.ResponseWriter, _ string) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, "\x00\x01 garbage\r\n\r\n")
			_ = conn.Close()
		}
	}},
	{"too large for the gateway", func(w http.ResponseWriter, good string) {
		large := good + strings.Repeat(" ", 200_000)
		w.Header().Set("Content-Length", fmt.Sprint(len(large)))
		_, _ = io.WriteString(w, large)
	}},
	{"no answer in time", func(http.ResponseWriter, string) { time.Sleep(1500 * time.Millisecond); panic(http.ErrAbortHandler) }},
}

// gatewayVendor counts copies by the first segment of the path.
type gatewayVendor struct {
	*httptest.Server
	mu     sync.Mutex
	copies map[string]int
}

func newGatewayVendor(t *testing.T) *gatewayVendor {
	v := &gatewayVendor{copies: map[string]int{}}
	v.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		segment, _, _ := strings.Cut(r.URL.Path[1:], "/")
		var way int
		var op string
		if _, err := fmt.Sscanf(segment, "%d-%s", &way, &op); err != nil {
			w.WriteHeader(404)
			return
		}
		v.mu.Lock()
		v.copies[segment]++
		v.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		gatewayWays[way].answer(w, operationNamed(op).Answers.Good)
	}))
	v.Config.ErrorLog = nil
	v.Start()
	t.Cleanup(v.Close)
	return v
}

// gateway is an intermediary as its users set it up.
type gateway struct {
	binary string
	args   func(dir, config string) []string
	config string // DIR, PORT and VENDOR (host:port) are filled in
	http2  bool   // without TLS
	// resends means that it sends a request again by itself, which no client can see or
	// prevent: SECURITY.md says so.
	resends bool
}

var gateways = map[string]gateway{
	"haproxy": {binary: "haproxy", args: func(_, config string) []string { return []string{"-db", "-q", "-f", config} }, config: haproxyConfig},
	"haproxy, HTTP/2": {
		binary: "haproxy", args: func(_, config string) []string { return []string{"-db", "-q", "-f", config} },
		config: strings.Replace(haproxyConfig, ":PORT", ":PORT proto h2", 1), http2: true,
	},
	"haproxy, retry-on all-retryable-errors": {
		binary: "haproxy", args: func(_, config string) []string { return []string{"-db", "-q", "-f", config} },
		config: strings.Replace(haproxyConfig, "retries 3", "retries 3\n\tretry-on all-retryable-errors", 1), resends: true,
	},
	"nginx": {
		binary: "nginx", args: func(dir, config string) []string { return []string{"-e", dir + "/error.log", "-p", dir, "-c", config} },
		config: gatewayNginxConfig,
	},
	"nginx, non_idempotent": {
		binary: "nginx", args: func(dir, config string) []string { return []string{"-e", dir + "/error.log", "-p", dir, "-c", config} },
		config:  strings.Replace(gatewayNginxConfig, "proxy_read_timeout", "proxy_next_upstream error timeout invalid_header http_500 http_503 non_idempotent; proxy_read_timeout", 1),
		resends: true,
	},
	"squid, reply_body_max_size": {
		binary: "squid", args: func(_, config string) []string { return []string{"-N", "-f", config} },
		config: `
http_port 127.0.0.1:PORT accel defaultsite=vendor no-vhost
cache_peer 127.0.0.1 parent VENDORPORT 0 no-query originserver name=vendor
http_access allow all
reply_body_max_size 64 KB
cache deny all
access_log none
cache_log /dev/null
cache_store_log none
pid_filename none
coredump_dir DIR
read_timeout 3 seconds
shutdown_lifetime 0 seconds
`,
	},
}

const haproxyConfig = `
global
	maxconn 200
defaults
	mode http
	retries 3
	timeout connect 5s
	timeout client 10s
	timeout server 3s
frontend in
	bind 127.0.0.1:PORT
	default_backend vendor
backend vendor
	server one VENDOR
`

const gatewayNginxConfig = `
daemon off; master_process off; pid DIR/nginx.pid; error_log DIR/error.log crit;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path DIR/body; proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi; uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
	upstream vendor { server VENDOR max_fails=0; server VENDOR max_fails=0; }
	server { listen 127.0.0.1:PORT; location / { proxy_pass http://vendor; proxy_read_timeout 3s; } }
}
`

// start starts a gateway and returns its base URL. Where it is not installed the test
// says what it leaves out.
func (g *gateway) start(t *testing.T, vendor net.Addr) string {
	path := program(t, g.binary, "what becomes of copies whose answer is lost behind it")
	dir, port := t.TempDir(), freePort(t)
	require.NoError(t, os.Chmod(dir, 0o777)) // some change to a user of their own
	_, vendorPort, _ := net.SplitHostPort(vendor.String())
	text := strings.NewReplacer("DIR", dir, "VENDORPORT", vendorPort, "VENDOR", vendor.String(), "PORT", fmt.Sprint(port)).Replace(g.config)
	config := filepath.Join(dir, "config")
	require.NoError(t, os.WriteFile(config, []byte(text), 0o644))
	return startProgram(t, exec.CommandContext(t.Context(), path, g.args(dir, config)...), port)
}

// program returns the path of a server that is installed, else it leaves the test
// out, and the end of the suite says so.
func program(t *testing.T, name, tests string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(path); err == nil {
			return path
		}
	}
	leaveOut(t.Name() + ": " + name + " is not installed")
	t.Skipf("%s is not installed: not tested: %s", name, tests)
	return ""
}

// eventually waits until happened reports true, for a minute at most.
func eventually(happened func() bool) {
	for range 6000 {
		if happened() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// startProgram starts a server, waits until it listens, and returns its base URL.
func startProgram(t *testing.T, command *exec.Cmd, port int) string {
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	require.NoError(t, command.Start())
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	t.Cleanup(func() { <-ended })
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for range 6000 { // a minute and more
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return "http://" + address
		}
		select {
		case <-ended:
			require.FailNow(t, command.Path+" ended", output.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	require.FailNow(t, command.Path+" does not listen")
	return ""
}

// TestAnswersLostBehindGateways: a copy was made and its answer was lost, changed or
// refused by the gateway. No call says that nothing was made, none is sent again by
// the SDK, and one that reports success has its copy.
func TestAnswersLostBehindGateways(t *testing.T) {
	for name, g := range gateways {
		t.Run(name, func(t *testing.T) {
			vendor := newGatewayVendor(t)
			base := g.start(t, vendor.Listener.Addr())
			transport := &http.Transport{}
			if g.http2 {
				transport.Protocols = new(http.Protocols)
				transport.Protocols.SetUnencryptedHTTP2(true)
			}
			defer transport.CloseIdleConnections()
			lines := make([]string, len(gatewayWays)*len(copyOperations))
			var all sync.WaitGroup
			for way := range gatewayWays {
				for i, op := range copyOperations {
					all.Go(func() {
						segment := fmt.Sprintf("%d-%v", way, op)
						url := base + "/" + segment + op.Vendor.BasePath
						r := row{timeout: 30 * time.Second}
						client, err := op.Connect(vendortest.Key(), append(r.options(agentcopy.RetrySafe), agentcopy.WithBaseURL(url), throughTransport(transport))...)
						if !assert.NoError(t, err) {
							return
						}
						_, err = client.Do(context.WithoutCancel(t.Context()))
						copies := 0
						eventually(func() bool { // a gateway may give up before its vendor has the request
							vendor.mu.Lock()
							defer vendor.mu.Unlock()
							copies = vendor.copies[segment]
							return copies > 0
						})
						outcome, attempts := agentcopy.OutcomeCopied, 1
						if e, ok := errors.AsType[*agentcopy.Error](err); ok {
							outcome, attempts = e.Outcome, len(e.Attempts)
						}
						what := fmt.Sprintf("%s, %s: %d copies, %v", gatewayWays[way].name, op.Vendor.Name, copies, outcome)
						if err != nil {
							what += fmt.Sprintf(" (%v)", err)
						}
						lines[way*len(copyOperations)+i] = what
						tally.cases.Add(1)
						tally.copies.Add(int64(copies))
						switch {
						case outcome == agentcopy.OutcomeNotCopied && copies > 0, attempts != 1, copies == 0, way == 0 && err != nil:
							assert.Fail(t, what, "%d attempts", attempts)
						case copies > 1 && g.resends:
							tally.byGateways.Add(int64(copies - 1))
						case copies > 1:
							tally.duplicates.Add(1)
							assert.Fail(t, "a duplicate", what)
						}
					})
				}
			}
			all.Wait()
			t.Log(strings.Join(lines, "\n"))
		})
	}
}

// nodeServer closes idle connections after 40 ms, and counts copies by name.
const nodeServer = `
const made = {};
const server = require('http').createServer((req, res) => {
	let body = '';
	req.on('data', d => body += d);
	req.on('end', () => {
		if (req.method === 'GET') { res.end(JSON.stringify(made)); return; }
		const name = JSON.parse(body).name;
		made[name] = (made[name] || 0) + 1;
		res.setHeader('Content-Type', 'application/json');
		res.end(process.env.GOOD);
	});
});
server.keepAliveTimeout = 40;
if ('keepAliveTimeoutBuffer' in server) server.keepAliveTimeoutBuffer = 0;
server.listen(+process.env.PORT, '127.0.0.1');
`

// TestIdleConnectionsThatCloseMakeNoDuplicate: requests leave at the very moment at which the
// server closes the idle connection.
func TestIdleConnectionsThatCloseMakeNoDuplicate(t *testing.T) {
	path := program(t, "node", "idle connections that a Node server closes under a request")
	port := freePort(t)
	command := exec.CommandContext(t.Context(), path, "-e", nodeServer)
	command.Env = append(os.Environ(), fmt.Sprintf("PORT=%d", port), "GOOD="+operationNamed("kolena.CopyAgent").Answers.Good)
	base := startProgram(t, command, port)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	r := row{}
	client, err := kolena.New(vendortest.Key(), append(r.options(agentcopy.RetrySafe), agentcopy.WithBaseURL(base), throughTransport(transport))...)
	require.NoError(t, err)
	const requests = 60
	outcomes := map[string]agentcopy.Outcome{}
	counts := map[agentcopy.Outcome]int{}
	for i := range requests {
		name := fmt.Sprint("Copy ", i)
		_, err := client.CopyAgent(t.Context(), 1, kolena.CopyAgentRequest{Name: name})
		o := agentcopy.OutcomeCopied
		if e, ok := errors.AsType[*agentcopy.Error](err); ok {
			o = e.Outcome
		}
		outcomes[name] = o
		counts[o]++
		time.Sleep(38*time.Millisecond + time.Duration(i%40)*100*time.Microsecond)
	}
	var made map[string]int
	require.NoError(t, getJSON(base, &made))
	total := 0
	for name, o := range outcomes {
		total += made[name]
		least, most := 0, 1
		switch o {
		case agentcopy.OutcomeCopied:
			least = 1
		case agentcopy.OutcomeNotCopied:
			most = 0
		}
		assert.GreaterOrEqual(t, made[name], least, "copies named %s, outcome %v", name, o)
		assert.LessOrEqual(t, made[name], most, "copies named %s, outcome %v", name, o)
	}
	tally.cases.Add(requests)
	tally.copies.Add(int64(total))
	t.Logf("%d requests, %d copies: %v", requests, total, counts)
}

func getJSON(url string, v any) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	return json.NewDecoder(resp.Body).Decode(v)
}

// TestAFindThroughVarnishPermitsNoSend: Varnish as it comes keeps the answer of a GET that carries
// X-Api-Key for two minutes, and ignores that FindCopies asks it not to. So the list
// from before the copy is what every find sees, long after SettleTime: none of them
// counts, and nothing is sent again.
func TestAFindThroughVarnishPermitsNoSend(t *testing.T) {
	for _, op := range copyOperations {
		if op.Vendor.Header("key").Get("Authorization") != "" { // Varnish does not cache what it gets with that
			continue
		}
		t.Run(op.Vendor.Name, func(t *testing.T) {
			t.Parallel()
			srv := newFake(t, op.Vendor)
			upstream, err := url.Parse(srv.URL())
			require.NoError(t, err)
			vendor, err := net.ResolveTCPAddr("tcp", upstream.Host)
			require.NoError(t, err)
			base := startVarnish(t, vendor) + op.Vendor.BasePath
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var copied, finds atomic.Int64
			afterThreeFinds := vendortest.RoundTripper(func(req *http.Request) (*http.Response, error) {
				resp, err := transport.RoundTrip(req)
				switch {
				case vendortest.IsCopy(req.Method, req.URL.Path):
					copied.Store(1)
				case copied.Load() > 0 && req.Method == http.MethodGet && finds.Add(1) == 3:
					time.AfterFunc(time.Second, cancel) // between two finds, which are 2 s apart
				}
				return resp, err
			})
			r := row{}
			copier, err := op.Vendor.NewCopier(append(r.options(agentcopy.RetrySafe), agentcopy.WithBaseURL(base), throughTransport(afterThreeFinds))...)
			require.NoError(t, err)
			req := agentcopy.CopyRequest{SourceID: op.Vendor.SourceID, Name: "The copy"}
			if _, err := copier.FindCopies(t.Context(), req, time.Now()); err != nil { // Varnish keeps the list
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			srv.Inject(agentcopytest.Fault{AfterCopy: true, Status: 502})
			runner := &once.Runner{Ledger: once.NewMemoryLedger(), SettleTime: time.Second}
			_, err = runner.Copy(ctx, "key", copier, req)
			copies := len(srv.Copies())
			tally.cases.Add(1)
			tally.copies.Add(int64(copies))
			tally.duplicates.Add(int64(max(0, copies-1)))
			assert.Equal(t, 1, copies)
			assert.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
			assert.ErrorIs(t, err, agentcopy.ErrLookIncomplete, "a cache answered")
		})
	}
}
