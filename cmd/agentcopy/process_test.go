package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// program is the tool, built once for all tests: they run it as its users do.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // the tests wait more than they work
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if signal.Ignored(s) { // as in the background of a script: the tool would inherit it
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	dir, err := os.MkdirTemp("", "agentcopy-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "agentcopy")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("the tool does not build: %v\n%s", err, out))
	}
	m.Run()
}

// secret stands for the credentials. It must not turn up anywhere.
const secret = "credential-of-the-test"

// bench is a directory to work in, and a fake to copy on.
type bench struct {
	t      *testing.T
	dir    string
	env    []string
	kolena *agentcopytest.Kolena
	source string // an agent on it
}

// newBench is the bench of a test that runs beside the others.
func newBench(t *testing.T) *bench {
	t.Parallel()
	return startBench(t, 1000, time.Second)
}

// startBench starts a fake of Kolena that takes n copies in a time: its own limit is a
// minute long.
func startBench(t *testing.T, n int, per time.Duration) *bench {
	server := agentcopytest.NewKolena(agentcopytest.WithRateLimit(n, per))
	t.Cleanup(server.Close)
	b := &bench{t: t, dir: t.TempDir(), kolena: server}
	b.source = fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	b.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir, "TERM=xterm-256color", "KOLENA_API_KEY=" + secret, "KOLENA_API_URL=" + server.URL()}
	return b
}

// vendor starts the fake of another vendor, and returns an agent on it.
func (b *bench) vendor(name string) (server *vendortest.Fake, source string) {
	v := vendortest.Named(name)
	server = v.NewFake()
	b.t.Cleanup(server.Close)
	for _, variable := range v.KeyVars {
		b.env = append(b.env, variable+"="+secret)
	}
	b.env = append(b.env, v.URLVar+"="+server.URL())
	return server, server.Add("", "The source")
}

// write puts a file into the directory.
func (b *bench) write(name, content string) {
	require.NoError(b.t, os.WriteFile(filepath.Join(b.dir, name), []byte(content), 0o600))
}

func (b *bench) read(name string) string {
	content, err := os.ReadFile(filepath.Join(b.dir, name))
	require.NoError(b.t, err)
	return string(content)
}

// tenants writes the manifest of n copies, tenants.csv.
func (b *bench) tenants(n int) {
	rows := []string{"provider,source_id,name"}
	for i := range n {
		rows = append(rows, fmt.Sprintf("kolena,%s,Tenant %02d", b.source, i+1))
	}
	b.write("tenants.csv", strings.Join(rows, "\n")+"\n")
}

// process is the tool at work.
type process struct {
	*exec.Cmd
	t           *testing.T
	out, errOut lockedBuffer
}

func (b *bench) command(args ...string) *process {
	p := &process{Cmd: exec.Command(program, args...), t: b.t}
	p.Dir, p.Env = b.dir, b.env
	p.Stdout, p.Stderr = &p.out, &p.errOut
	return p
}

// start runs the tool in the background.
func (b *bench) start(args ...string) *process {
	p := b.command(args...)
	require.NoError(b.t, p.Start())
	b.t.Cleanup(func() { _ = p.Process.Kill() }) // if it is still there
	return p
}

// run runs the tool and expects it to end with code.
func (b *bench) run(code int, args ...string) *process {
	b.t.Helper()
	p := b.start(args...)
	p.ends(code)
	return p
}

// limit is how long a test waits for anything. No busy machine takes that long.
const limit = 2 * time.Minute

// ends waits for the end, which must come with code.
func (p *process) ends(code int) {
	p.t.Helper()
	kill := time.AfterFunc(limit, func() { _ = p.Process.Kill() })
	defer kill.Stop()
	_ = p.Wait() // an error if the code is not 0
	require.Equal(p.t, code, p.ProcessState.ExitCode(), "%s\n%s", &p.out, &p.errOut)
	require.NotContains(p.t, p.out.String()+p.errOut.String(), secret)
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !condition(); time.Sleep(5 * time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "%s does not come", what)
	}
}

// says waits until the tool has written text.
func (p *process) says(text string) {
	p.t.Helper()
	until(p.t, text, func() bool { return strings.Contains(p.said(), text) })
}

// said is what it wrote.
func (p *process) said() string { return p.out.String() + p.errOut.String() }

// results reads a results file, by the names of the copies.
func (b *bench) results(name string) map[string]map[string]string {
	b.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(b.read(name))).ReadAll()
	require.NoError(b.t, err)
	results := make(map[string]map[string]string)
	for _, cells := range rows[1:] {
		result := make(map[string]string)
		for i, column := range rows[0] {
			result[column] = cells[i]
		}
		results[result["name"]] = result
	}
	return results
}

// requireEachOnce requires that the server made these n copies, none of them
// twice.
func (b *bench) requireEachOnce(n int) {
	b.t.Helper()
	names := make(map[string]bool)
	for _, c := range b.kolena.Copies() {
		require.False(b.t, names[c.Name], "%s was copied twice", c.Name)
		names[c.Name] = true
	}
	require.Len(b.t, names, n)
}

// copyRequests counts the requests that ask for a copy.
func (b *bench) copyRequests() (n int) {
	for _, r := range b.kolena.Requests() {
		if strings.HasSuffix(r.Path, "/copy") && r.Method == "POST" {
			n++
		}
	}
	return n
}

// requireNoSecret requires that no file in the directory holds the credential.
func (b *bench) requireNoSecret() {
	b.t.Helper()
	entries, err := os.ReadDir(b.dir)
	require.NoError(b.t, err)
	for _, e := range entries {
		require.NotContains(b.t, b.read(e.Name()), secret, e.Name())
	}
}

// inject makes the next n copy requests meet f.
func (b *bench) inject(n int, f agentcopytest.Fault) {
	for range n {
		b.kolena.Inject(f)
	}
}

// held lets n copy requests pass and holds the next 24 for two seconds each: a run at
// a concurrency of 2 cannot get past them before a signal comes.
func (b *bench) held(n int) {
	b.inject(n, agentcopytest.Fault{})
	b.inject(24, agentcopytest.Fault{Delay: 2 * time.Second})
}

// copiesAre waits until the server has made n copies.
func (b *bench) copiesAre(n int) {
	b.t.Helper()
	until(b.t, fmt.Sprint(n, " copies"), func() bool { return len(b.kolena.Copies()) >= n })
}

// copied counts the rows of a results file that are copied.
func (b *bench) copied(name string) (n int) {
	b.t.Helper()
	for _, r := range b.results(name) {
		if r["status"] == "copied" {
			n++
		}
	}
	return n
}

// number is what a variable of the environment says, or n.
func number(variable string, n int) int {
	if given, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return given
	}
	return n
}

// lockedBuffer is a buffer that is read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
