package main

import (
	"fmt"
	"io"
	"strings"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// printSpans draws spans as a tree, in the order in which they ended, each with
// its events.
func printSpans(out io.Writer, spans tracetest.SpanStubs) {
	children := make(map[trace.SpanID]tracetest.SpanStubs)
	for _, span := range spans {
		children[span.Parent.SpanID()] = append(children[span.Parent.SpanID()], span)
	}
	var draw func(span tracetest.SpanStub, branch, below string)
	draw = func(span tracetest.SpanStub, branch, below string) {
		fmt.Fprintln(out, branch+line(span))
		for _, event := range span.Events {
			fmt.Fprintln(out, below+"│  * "+event.Name)
		}
		inner := children[span.SpanContext.SpanID()]
		for i, child := range inner {
			if i < len(inner)-1 {
				draw(child, below+"├─ ", below+"│  ")
			} else {
				draw(child, below+"└─ ", below+"   ")
			}
		}
	}
	for _, root := range children[trace.SpanID{}] {
		draw(root, "", "")
	}
}

// line is the name of a span and what is worth reading of its attributes.
func line(span tracetest.SpanStub) string {
	words := []string{span.Name}
	for _, a := range span.Attributes {
		switch a.Key {
		case "url.full":
			words = append(words, a.Value.AsString())
		case "http.response.status_code":
			words = append(words, "status="+a.Value.String())
		case "agentcopy.outcome":
			words = append(words, "outcome="+a.Value.AsString())
		case "agentcopy.attempts":
			words = append(words, "attempts="+a.Value.String())
		case "agentcopy.waited_seconds":
			words = append(words, fmt.Sprintf("waited=%.1fs", a.Value.AsFloat64()))
		}
	}
	return strings.Join(words, "  ")
}
