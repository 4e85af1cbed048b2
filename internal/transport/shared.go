package transport

import (
	"net/http"
	"sync"
	"time"
)

// The connections of the shared transport.
const (
	// idleTimeout is how long a connection is kept that nobody uses. A server that
	// closes it just as a request is written leaves it unknown whether the request
	// arrived: so the client closes first. Node, Apache and uvicorn wait 5 seconds by
	// default, load balancers up to 60. The cost is a handshake for a request that
	// comes later, which next to a copy is nothing; a batch sends sooner.
	idleTimeout = 3 * time.Second
	// pingAfter and pingTimeout find an HTTP/2 connection that has gone silent within
	// half of the default attempt timeout. Without pings, one request after another
	// would be put on it and time out.
	pingAfter   = 15 * time.Second
	pingTimeout = 15 * time.Second
	// idlePerHost is how many idle connections to a host are kept: all requests of a
	// client go to one.
	idlePerHost = 64
)

// sharedTransport is what clients without WithHTTPClient send through. There is
// one in the process, so that a client built for each request reuses the
// connections of the last.
var sharedTransport = sync.OnceValue(func() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // replaced, by a tracing library say: then it is meant to be used
		return http.DefaultTransport
	}
	return shared(standard)
})

// shared is a transport like standard that keeps to the constants above.
func shared(standard *http.Transport) *http.Transport {
	t := standard.Clone()
	t.MaxIdleConnsPerHost = idlePerHost
	t.IdleConnTimeout = idleTimeout
	http2 := http.HTTP2Config{}
	if t.HTTP2 != nil {
		http2 = *t.HTTP2
	}
	http2.SendPingTimeout, http2.PingTimeout = pingAfter, pingTimeout
	t.HTTP2 = &http2
	return t
}
