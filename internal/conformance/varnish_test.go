package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// varnishWays are what a vendor behind Varnish does after it made a copy. A way
// gets the good answer's body.
var varnishWays = []struct {
	name   string
	answer func(conn *net.TCPConn, body string)
	// What the call comes to. Where Varnish has no answer that it can pass on, it
	// says 503 of itself, which proves nothing.
	succeeds bool
	streams  bool // Varnish may have passed on the headers of a 200: then the copy is known to have been made
	warm     bool // the connection to the vendor served another request before
}{
	{name: "whole, and kept alive", answer: says("HTTP/1.1 200 OK\r\nContent-Length: LENGTH\r\n\r\nBODY"), succeeds: true, warm: true},
	{name: "whole", answer: says(begin + "Content-Length: LENGTH\r\n\r\nBODY"), succeeds: true},
	{name: "end of the connection", answer: says("")},
	{name: "reset", answer: func(conn *net.TCPConn, _ string) { _ = conn.SetLinger(0) }},
	{name: "half a status line", answer: says("HTTP/1.1 2")},
	{name: "half the headers", answer: says(begin + "Content-Len")},
	{name: "garbage", answer: says("\x00\x01\x02\xff garbage\r\n\r\n")},
	{name: "another protocol", answer: says("SSH-2.0-OpenSSH_9.2\r\n\r\n")},
	{name: "huge header", answer: says(begin + "X-Huge: " + strings.Repeat("x", 100_000) + "\r\nContent-Length: LENGTH\r\n\r\nBODY")},
	{name: "many headers", answer: says(begin + strings.Repeat("X-More: x\r\n", 500) + "Content-Length: LENGTH\r\n\r\nBODY")},
	{name: "header without a colon", answer: says(begin + "no colon\r\nContent-Length: LENGTH\r\n\r\nBODY")},
	{name: "no first byte in time", answer: silence},
	{name: "no further byte of the headers in time", answer: func(conn *net.TCPConn, _ string) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		silence(conn, "")
	}},
	{name: "length that is not a number", answer: says(begin + "Content-Length: some\r\n\r\nBODY")},
	{name: "two lengths", answer: says(begin + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nBODY")},
	{name: "chunk without a size", answer: says(begin + "Transfer-Encoding: chunked\r\n\r\nno size\r\nBODY"), streams: true},
	{name: "half the body", answer: says(begin + "Content-Length: 50000\r\n\r\nHALF"), streams: true},
	{name: "half the chunks", answer: says(begin + "Transfer-Encoding: chunked\r\n\r\n14\r\nHALF\r\n"), streams: true},
	{name: "no further byte of the body in time", answer: func(conn *net.TCPConn, body string) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n"+body[:20])
		silence(conn, "")
	}, streams: true},
	{name: "packed badly", answer: says(begin + "Content-Encoding: gzip\r\nContent-Length: LENGTH\r\n\r\nBODY")},
	{name: "end of a connection that was kept alive", answer: says(""), warm: true},
	{name: "reset of a connection that was kept alive", answer: func(conn *net.TCPConn, _ string) { _ = conn.SetLinger(0) }, warm: true},
}

// begin begins an answer whose connection Varnish does not use again.
const begin = "HTTP/1.1 200 OK\r\nConnection: close\r\n"

// says writes text, with the body of the good answer, its length or its half in it.
func says(text string) func(*net.TCPConn, string) {
	return func(conn *net.TCPConn, body string) {
		filled := strings.NewReplacer("BODY", body, "LENGTH", fmt.Sprint(len(body)), "HALF", body[:20])
		_, _ = filled.WriteString(conn, text) // what fails, Varnish sees
	}
}

// silence says nothing until the other side gives the connection up.
func silence(conn *net.TCPConn, _ string) { _, _ = io.Copy(io.Discard, conn) }

// varnishVendor is the vendor behind Varnish. The first segment of a path says how
// it answers, for which operation.
type varnishVendor struct {
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	copies map[string][]string // by the first segment: the ID that Varnish gave the request
}

func startVarnishVendor(t *testing.T) *varnishVendor {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	v := &varnishVendor{listener: l, copies: map[string][]string{}}
	v.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			v.running.Go(func() { v.serve(conn.(*net.TCPConn)) })
		}
	})
	return v
}

func (v *varnishVendor) serve(conn *net.TCPConn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		segment, _, _ := strings.Cut(req.URL.Path[1:], "/")
		var way int
		var op string
		if _, err := fmt.Sscanf(segment, "%d-%s", &way, &op); err != nil {
			return
		}
		if vendortest.IsCopy(req.Method, req.URL.Path) {
			v.mu.Lock()
			v.copies[segment] = append(v.copies[segment], req.Header.Get("X-Varnish"))
			v.mu.Unlock()
		}
		varnishWays[way].answer(conn, operationNamed(op).Answers.Good)
		if !varnishWays[way].succeeds || !varnishWays[way].warm {
			return
		}
	}
}

// startVarnish starts the stock Varnish before a server, with its default VCL, and
// returns its base URL. Where it is not installed it returns "", and the end of the
// suite says so.
func startVarnish(t *testing.T, upstream net.Addr) string {
	path := program(t, "varnishd", "what becomes of copies whose answer is lost behind Varnish")
	dir := t.TempDir()
	vcl := filepath.Join(dir, "default.vcl")
	host, port, _ := net.SplitHostPort(upstream.String())
	text := fmt.Sprintf("vcl 4.0; backend default { .host = %q; .port = %q; }\n", host, port)
	require.NoError(t, os.WriteFile(vcl, []byte(text), 0o600))
	listen := freePort(t)
	command := exec.CommandContext(t.Context(), path, "-F", "-j", "none", "-n", filepath.Join(dir, "work"), "-a", fmt.Sprintf("127.0.0.1:%d", listen), "-f", vcl,
		"-s", "malloc,16m", "-T", "none", "-p", "first_byte_timeout=3", "-p", "between_bytes_timeout=3",
		"-p", "thread_pools=1", "-p", "thread_pool_min=50", "-p", "vsl_space=2M")
	return startProgram(t, command, listen)
}

// TestAnswersLostBehindVarnish: a copy was made and its answer was lost, in each of
// many ways. Varnish answers nearly all of them with 503 and Retry-After. One copy
// is made of one call, and the call knows what it does not know.
func TestAnswersLostBehindVarnish(t *testing.T) {
	vendor := startVarnishVendor(t)
	t.Cleanup(func() { // when Varnish has ended, and its connections with it
		_ = vendor.listener.Close()
		vendor.running.Wait()
	})
	gateway := startVarnish(t, vendor.listener.Addr())
	for _, warm := range []bool{false, true} {
		cases := newGather()
		for way := range varnishWays {
			if varnishWays[way].warm != warm {
				continue
			}
			for _, op := range copyOperations {
				cases.run(fmt.Sprintf("%s, %v", varnishWays[way].name, op), func() []string {
					return vendor.copyThrough(t, gateway, way, op)
				})
			}
		}
		assert.Empty(t, cases.wait())
	}
	for way := range varnishWays {
		counts := make([]string, 0, 4)
		for _, op := range copyOperations {
			counts = append(counts, fmt.Sprintf("%s %d", op.Vendor.Name, len(vendor.copies[fmt.Sprintf("%d-%v", way, op)])))
		}
		t.Logf("copies, %s: %s", varnishWays[way].name, strings.Join(counts, ", "))
	}
}

// copyThrough makes one copy through Varnish.
func (v *varnishVendor) copyThrough(t *testing.T, gateway string, way int, op *operation) []string {
	want := &varnishWays[way]
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	call := func(way int) (*result, error) {
		r := row{timeout: 30 * time.Second}
		base := fmt.Sprintf("%s/%d-%v", gateway, way, op) + op.Vendor.BasePath
		client, err := op.Connect(vendortest.Key(), append(r.options(agentcopy.RetrySafe), agentcopy.WithBaseURL(base), throughTransport(transport))...)
		if err != nil {
			return nil, err
		}
		return client.Do(context.WithoutCancel(t.Context()))
	}
	if want.warm && !want.succeeds {
		if _, err := call(0); err != nil {
			return []string{fmt.Sprintf("warming up: %v", err)}
		}
	}
	o := observed{op: op, requests: -1}
	o.result, o.err = call(way)
	segment := fmt.Sprintf("%d-%v", way, op)
	var made []string
	eventually(func() bool { // Varnish may give up before its vendor has the request
		v.mu.Lock()
		defer v.mu.Unlock()
		made = v.copies[segment]
		return len(made) > 0
	})
	o.copies = len(made)
	switch {
	case want.succeeds: // calls that warm a connection up meet it as well
		o.copies = min(o.copies, 1)
	case want.warm && op.NoBody && o.copies == 2 && made[0] == made[1]:
		// One request to Varnish became two of its own: it retries one that has no body,
		// of whatever method, where a connection that it kept alive ends before the
		// answer. No client can prevent that, and the outcome is unknown.
		tally.byGateways.Add(1)
		o.copies = 1
	}
	faults := o.invariants()
	e, failed := errors.AsType[*agentcopy.Error](o.err)
	switch {
	case want.succeeds != (o.err == nil):
		faults = append(faults, fmt.Sprintf("got error %v, want success %t", o.err, want.succeeds))
	case failed && e.Outcome != agentcopy.OutcomeUnknown && !(want.streams && e.Outcome == agentcopy.OutcomeCopied):
		faults = append(faults, fmt.Sprintf("got %v, want outcome unknown", o.err))
	case failed && len(e.Attempts) != 1:
		faults = append(faults, fmt.Sprintf("got %v, want one attempt", o.err))
	}
	if o.copies != 1 {
		faults = append(faults, fmt.Sprintf("the vendor made %d copies, want one", o.copies))
	}
	return faults
}
