package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
)

// inMemory is a site of g that answers every request with a, without a network.
func (g *group) inMemory(a answer) site {
	return site{g.origin, &http.Client{Transport: newMemory(a)}}
}

// overLoopback is a site that another process serves. All contenders have
// connections of their own, kept as many as there are goroutines.
func overLoopback(s *server) site {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, manyGoroutines
	return site{s.origin, &http.Client{Transport: transport}}
}

// sample is an answer of g to a copy that was made, and what is to come of it.
type sample struct {
	answer answer
	agent  []byte // what a caller gets, as JSON
}

func (g *group) sample(size int, chunked bool) sample {
	document, agent := g.document(size)
	return sample{answer{http.StatusCreated, encode(document), chunked}, encode(agent)}
}

// dial gets a contender ready for a site that answers with s, and makes sure that
// it reads all there is: one that left fields out would have less to do.
func (c *contender) dial(ctx context.Context, at site, s sample) (call, error) {
	do, err := c.build(at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	got, err := do(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	if !bytes.Equal(encode(got), s.agent) {
		return nil, fmt.Errorf("%s: the decoded answer is not the document", c.name)
	}
	return func(ctx context.Context) (any, error) {
		got, err := do(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		return got, nil
	}, nil
}
