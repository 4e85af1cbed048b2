package main

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// spanEvents is a slog.Handler that also adds the lines of level Warn to the span
// of the call that they are about. The SDK writes them when a wait begins: that
// is how a trace shows what a call is waiting for.
type spanEvents struct{ slog.Handler }

func (h spanEvents) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		var attrs []attribute.KeyValue
		r.Attrs(func(a slog.Attr) bool {
			attrs = append(attrs, attribute.String(a.Key, a.Value.String()))
			return true
		})
		trace.SpanFromContext(ctx).AddEvent(r.Message, trace.WithAttributes(attrs...))
	}
	return h.Handler.Handle(ctx, r)
}

func (h spanEvents) WithAttrs(attrs []slog.Attr) slog.Handler {
	return spanEvents{h.Handler.WithAttrs(attrs)}
}

func (h spanEvents) WithGroup(name string) slog.Handler {
	return spanEvents{h.Handler.WithGroup(name)}
}
