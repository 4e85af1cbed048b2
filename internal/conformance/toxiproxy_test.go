package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// toxics are networks as toxiproxy makes them, between the client and the fake
// of a vendor on a socket. Times are in milliseconds.
var toxics = []struct {
	name     string
	toxic    string // its JSON
	succeeds bool   // a copy does, at the first attempt
	never    bool   // the request never arrives whole: no copy is made
}{
	{name: "latency to the client", toxic: `{"type":"latency","stream":"downstream","attributes":{"latency":30,"jitter":20}}`, succeeds: true},
	{name: "latency to the server", toxic: `{"type":"latency","stream":"upstream","attributes":{"latency":30,"jitter":20}}`, succeeds: true},
	{name: "slow close", toxic: `{"type":"slow_close","stream":"downstream","attributes":{"delay":50}}`, succeeds: true},
	{name: "sliced to the client", toxic: `{"type":"slicer","stream":"downstream","attributes":{"average_size":12,"size_variation":8,"delay":100}}`, succeeds: true},
	{name: "sliced to the server", toxic: `{"type":"slicer","stream":"upstream","attributes":{"average_size":12,"size_variation":8,"delay":100}}`, succeeds: true},
	{name: "narrow", toxic: `{"type":"bandwidth","stream":"downstream","attributes":{"rate":64}}`, succeeds: true},

	{name: "latency beyond the timeout", toxic: `{"type":"latency","stream":"downstream","attributes":{"latency":3000}}`},
	{name: "black hole for the answer", toxic: `{"type":"timeout","stream":"downstream","attributes":{"timeout":0}}`},
	{name: "black hole for the request", toxic: `{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`, never: true},
	{name: "black hole that closes", toxic: `{"type":"timeout","stream":"downstream","attributes":{"timeout":50}}`},
	{name: "reset at once", toxic: `{"type":"reset_peer","stream":"downstream","attributes":{"timeout":0}}`},
	{name: "reset after a while", toxic: `{"type":"reset_peer","stream":"downstream","attributes":{"timeout":30}}`},
	{name: "reset of the request", toxic: `{"type":"reset_peer","stream":"upstream","attributes":{"timeout":0}}`, never: true},
	{name: "answer cut in its headers", toxic: `{"type":"limit_data","stream":"downstream","attributes":{"bytes":20}}`},
	{name: "answer cut in its body", toxic: `{"type":"limit_data","stream":"downstream","attributes":{"bytes":200}}`},
	{name: "request cut in its headers", toxic: `{"type":"limit_data","stream":"upstream","attributes":{"bytes":60}}`, never: true},
	{name: "nothing at all", toxic: `{"type":"limit_data","stream":"upstream","attributes":{"bytes":0}}`, never: true},
}

func TestBadNetworks(t *testing.T) {
	cases := newGather()
	for _, toxic := range toxics {
		for _, op := range copyOperations {
			for _, mode := range modes[:2] {
				cases.run(fmt.Sprintf("%s, %v, %v", toxic.name, op, mode), func() []string {
					timeout := 2 * time.Second
					if toxic.succeeds {
						timeout = time.Minute // for a busy machine
					}
					o, err := throughToxic(t, toxic.toxic, timeout, op, mode)
					if err != nil {
						return []string{err.Error()}
					}
					faults := o.invariants()
					switch {
					case toxic.succeeds && o.err != nil, !toxic.succeeds && o.err == nil:
						faults = append(faults, fmt.Sprintf("got error %v, want success %v", o.err, toxic.succeeds))
					case toxic.never && o.copies > 0:
						faults = append(faults, "a copy was made of a request that cannot have arrived")
					}
					return faults
				})
			}
		}
	}
	assert.Empty(t, cases.wait())
}

// throughToxic makes one copy of a fake's agent through a proxy with a toxic.
func throughToxic(t *testing.T, toxic string, timeout time.Duration, op *operation, mode agentcopy.RetryMode) (observed, error) {
	o := observed{op: op, mode: mode, requests: -1}
	srv := newFake(t, op.Vendor)
	proxies := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(proxies, "proxy", "127.0.0.1:0", strings.TrimPrefix(srv.URL(), "http://"))
	if err := proxy.Start(); err != nil {
		return o, err
	}
	defer proxy.Stop()
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		return o, err
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	r := row{timeout: timeout}
	client := r.connect(op, mode, transport, agentcopy.WithBaseURL("http://"+proxy.Listen))
	o.result, o.err = client.Do(t.Context())
	transport.CloseIdleConnections()
	proxy.Stop()
	srv.Close() // from here on it makes no copy any more
	o.copies = len(srv.Copies())
	return o, nil
}
