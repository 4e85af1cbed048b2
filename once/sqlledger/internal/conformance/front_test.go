//go:build unix

package conformance_test

import (
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
)

// newFront puts a vendor on a socket, behind a proxy that resets connections: some
// before the request reaches the vendor, some when it has answered.
func newFront(vendor http.RoundTripper, seed uint64) *httptest.Server {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: "vendor.example"})
	proxy.Transport = vendor
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {
		panic(http.ErrAbortHandler) // the vendor closed the connection
	}
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n := random.IntN(100)
		mu.Unlock()
		switch {
		case n < 3:
			reset(w)
		case n < 8:
			func() {
				defer func() { _ = recover() }()
				proxy.ServeHTTP(httptest.NewRecorder(), r)
			}()
			reset(w)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
}

// reset ends a connection with RST.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}
