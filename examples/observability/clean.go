package main

import (
	"context"
	"net/url"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// clean is an exporter that hands spans on to another one, those of otelhttp
// without what may hold user data or a secret: the query of the URL, and the text
// of an error, which may quote what a server sent. Attributes that this program
// does not know do not pass.
type clean struct{ sdktrace.SpanExporter }

func (c clean) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	cleaned := make([]sdktrace.ReadOnlySpan, 0, len(spans))
	for _, span := range spans {
		if span.InstrumentationScope().Name == otelhttp.ScopeName {
			span = cleanSpan{span}
		}
		cleaned = append(cleaned, span)
	}
	return c.SpanExporter.ExportSpans(ctx, cleaned)
}

// cleanSpan is a span of otelhttp.
type cleanSpan struct{ sdktrace.ReadOnlySpan }

// Status is without its description.
func (s cleanSpan) Status() sdktrace.Status {
	return sdktrace.Status{Code: s.ReadOnlySpan.Status().Code}
}

func (s cleanSpan) Attributes() []attribute.KeyValue {
	var attrs []attribute.KeyValue
	for _, a := range s.ReadOnlySpan.Attributes() {
		switch a.Key {
		case "http.request.method", "http.response.status_code", "server.address", "server.port", "network.protocol.version", "error.type":
			attrs = append(attrs, a)
		case "url.full":
			attrs = append(attrs, attribute.String("url.full", withoutQuery(a.Value.AsString())))
		}
	}
	return attrs
}

func withoutQuery(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
