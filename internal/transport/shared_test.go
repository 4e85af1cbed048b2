package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// pipes is a network within the process, whose connections can be made silent: what is
// written to them is lost.
type pipes struct {
	accept chan net.Conn
	conns  []*silenceable
}

func (p *pipes) DialContext(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	c := &silenceable{Conn: client}
	p.conns = append(p.conns, c)
	p.accept <- server
	return c, nil
}

func (p *pipes) Accept() (net.Conn, error) {
	c, ok := <-p.accept
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p *pipes) Close() error   { close(p.accept); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

type silenceable struct {
	net.Conn
	silent atomic.Bool
}

func (c *silenceable) Write(b []byte) (int, error) {
	if c.silent.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// TestSilentConnectionIsFound: a request that was put on an HTTP/2 connection which
// has gone silent fails before the attempt times out, and the next one gets another.
func TestSilentConnectionIsFound(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	certificates, roots := certificate.TLS.Certificates, certificate.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	certificate.Close()
	synctest.Test(t, func(t *testing.T) {
		network := &pipes{accept: make(chan net.Conn)}
		server := &http.Server{Handler: http.NotFoundHandler()}
		tlsListener := tls.NewListener(network, &tls.Config{Certificates: certificates, NextProtos: []string{"h2"}})
		go func() { _ = server.Serve(tlsListener) }()
		defer server.Close()
		transport := shared(&http.Transport{
			DialContext: network.DialContext, ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"},
		})
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport, Timeout: time.Minute}
		resp, err := client.Get("https://example.com/")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "HTTP/2.0", resp.Proto)

		network.conns[0].silent.Store(true)
		start := time.Now()
		_, err = client.Get("https://example.com/")
		require.Error(t, err)
		require.NotErrorIs(t, err, context.DeadlineExceeded, "it is found before the attempt times out")
		require.LessOrEqual(t, time.Since(start), pingAfter+pingTimeout+time.Second)

		resp, err = client.Get("https://example.com/")
		require.NoError(t, err, "the next request gets a connection of its own")
		require.NoError(t, resp.Body.Close())
		require.Len(t, network.conns, 2)
	})
}

func TestSharedTransport(t *testing.T) {
	standard := &http.Transport{IdleConnTimeout: time.Hour, HTTP2: &http.HTTP2Config{MaxReadFrameSize: 1 << 20}}
	got := shared(standard)
	require.Less(t, got.IdleConnTimeout, 4*time.Second, "servers close idle connections after 5 seconds, some after 4")
	require.Equal(t, 1<<20, got.HTTP2.MaxReadFrameSize, "other settings are kept")
	require.Zero(t, standard.HTTP2.PingTimeout, "the original is not changed")
}
