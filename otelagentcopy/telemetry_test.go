package otelagentcopy_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/otelagentcopy"
)

const (
	secret = "key-that-nobody-may-see"
	name   = "Lease reader of a person"
)

// seen is what one program's telemetry is exported to.
type seen struct {
	spans  *tracetest.InMemoryExporter
	reader *metric.ManualReader
	tracer *sdktrace.TracerProvider
	meters *metric.MeterProvider
}

func watch() *seen {
	s := &seen{spans: tracetest.NewInMemoryExporter(), reader: metric.NewManualReader()}
	s.tracer = sdktrace.NewTracerProvider(sdktrace.WithSyncer(s.spans))
	s.meters = metric.NewMeterProvider(metric.WithReader(s.reader))
	return s
}

func (s *seen) option(opts ...otelagentcopy.Option) agentcopy.Option {
	return otelagentcopy.WithTelemetry(append([]otelagentcopy.Option{
		otelagentcopy.WithTracerProvider(s.tracer), otelagentcopy.WithMeterProvider(s.meters),
	}, opts...)...)
}

// tree prints the spans by parent, in the order in which they began.
func (s *seen) tree() string {
	spans := s.spans.GetSpans()
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var out strings.Builder
	var draw func(parent trace.SpanID, indent string)
	draw = func(parent trace.SpanID, indent string) {
		for _, span := range spans {
			if span.Parent.SpanID() != parent {
				continue
			}
			fmt.Fprintf(&out, "%s%s %v%s\n", indent, span.Name, span.EndTime.Sub(span.StartTime), attributes(span.Attributes))
			for _, e := range span.Events {
				fmt.Fprintf(&out, "%s  * %s%s\n", indent, e.Name, attributes(e.Attributes))
			}
			draw(span.SpanContext.SpanID(), indent+"  ")
		}
	}
	draw(trace.SpanID{}, "")
	return out.String()
}

// attributes leaves out what each span of a test has.
func attributes(attrs []attribute.KeyValue) string {
	var out strings.Builder
	for _, a := range attrs {
		switch a.Key {
		case "agentcopy.provider", "agentcopy.operation", "server.address", "server.port", "http.request.method", "agentcopy.attempt":
			continue
		}
		fmt.Fprintf(&out, " %s=%s", a.Key[strings.LastIndex(string(a.Key), ".")+1:], a.Value.String())
	}
	return out.String()
}

// points are the data points of a metric, without what each one has.
func (s *seen) points(t *testing.T, metricName string) []string {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, s.reader.Collect(context.Background(), &all))
	var out []string
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != metricName {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					out = append(out, fmt.Sprintf("%d in %.1fs%s", p.Count, p.Sum, attributes(p.Attributes.ToSlice())))
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					out = append(out, fmt.Sprintf("%d%s", p.Value, attributes(p.Attributes.ToSlice())))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// tenSeconds is a limiter of unknown length.
type tenSeconds struct{}

func (tenSeconds) Wait(ctx context.Context) error {
	select {
	case <-time.After(10 * time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func copyOnce(t *testing.T, s *seen, faults []agentcopytest.Fault, opts ...agentcopy.Option) error {
	t.Helper()
	server := agentcopytest.NewKolena()
	source := server.AddAgent(kolena.Agent{Name: name})
	server.Inject(faults...)
	client, err := kolena.New(secret, append([]agentcopy.Option{agentcopy.WithHTTPClient(server.Client())}, opts...)...)
	require.NoError(t, err)
	_, err = client.CopyAgent(t.Context(), source.ID, kolena.CopyAgentRequest{Name: name})
	return err
}

func refused(retryAfter string) agentcopytest.Fault {
	return agentcopytest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {retryAfter}}}
}

func TestSpansOfACall(t *testing.T) {
	for title, tt := range map[string]struct {
		faults []agentcopytest.Fault
		opts   []agentcopy.Option
		want   string
	}{
		"made": {nil, nil, `
kolena CopyAgent 0s outcome=success attempts=1
  POST 0s status_code=200 outcome=success
`},
		"a pause, then made": {[]agentcopytest.Fault{refused("30"), {Delay: 2 * time.Second}}, nil, `
kolena CopyAgent 32s outcome=success attempts=2
  * pause expected=30
  * retry resend_count=1
  POST 0s status_code=429 type=429 outcome=not_copied
  wait pause 30s reason=pause expected=30
  POST 2s resend_count=1 status_code=200 outcome=success
`},
		"a lost answer": {[]agentcopytest.Fault{{Delay: time.Second, Drop: true, AfterCopy: true}}, nil, `
kolena CopyAgent 1s outcome=unknown attempts=1 type=connection
  POST 1s type=connection outcome=unknown
`},
		"too long a pause": {[]agentcopytest.Fault{refused("3600")}, nil, `
kolena CopyAgent 0s outcome=not_copied attempts=1 type=429
  POST 0s status_code=429 type=429 outcome=not_copied
`},
		"a wait for the limiter": {nil, []agentcopy.Option{agentcopy.WithLimiter(tenSeconds{})}, `
kolena CopyAgent 10s outcome=success attempts=1
  wait limiter 9.999s reason=limiter
  POST 0s status_code=200 outcome=success
`},
	} {
		t.Run(title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := watch()
				_ = copyOnce(t, s, tt.faults, append(tt.opts, s.option())...)
				require.Equal(t, strings.TrimPrefix(tt.want, "\n"), s.tree())
			})
		})
	}
}

// TestConventions: an attempt has the attributes of an HTTP client, and a retry is
// linked to the attempt before.
func TestConventions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watch()
		require.NoError(t, copyOnce(t, s, []agentcopytest.Fault{refused("1")}, s.option()))
		var sent []tracetest.SpanStub
		for _, span := range s.spans.GetSpans() {
			if span.SpanKind == trace.SpanKindClient {
				sent = append(sent, span)
			}
		}
		require.Len(t, sent, 2)
		first, second := attribute.NewSet(sent[0].Attributes...), attribute.NewSet(sent[1].Attributes...)
		for key, want := range map[attribute.Key][2]string{
			"http.request.method": {"POST", "POST"}, "server.port": {"443", "443"}, "error.type": {"429", ""},
			"http.response.status_code": {"429", "200"}, "http.request.resend_count": {"", "1"},
		} {
			got, _ := first.Value(key)
			require.Equal(t, want[0], got.String(), key)
			got, _ = second.Value(key)
			require.Equal(t, want[1], got.String(), key)
		}
		require.True(t, first.HasValue("server.address"))
		require.Equal(t, codes.Error, sent[0].Status.Code)
		require.Equal(t, codes.Unset, sent[1].Status.Code)
		require.Equal(t, sent[0].SpanContext.SpanID(), sent[1].Links[0].SpanContext.SpanID())
	})
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watch()
		require.NoError(t, copyOnce(t, s, []agentcopytest.Fault{refused("30")}, s.option()))
		require.ErrorIs(t, copyOnce(t, s, []agentcopytest.Fault{{Delay: time.Second, Status: http.StatusBadGateway}}, s.option()), agentcopy.ErrOutcomeUnknown)
		require.NoError(t, copyOnce(t, s, nil, otelagentcopy.WithTelemetry()), "the global providers")
		require.Equal(t, []string{
			"1 in 1.0s outcome=unknown type=502",
			"1 in 30.0s outcome=success",
		}, s.points(t, "agentcopy.client.call.duration"))
		require.Equal(t, []string{"1 in 30.0s reason=pause"}, s.points(t, "agentcopy.client.wait.duration"))
		require.Equal(t, []string{
			"1 in 0.0s status_code=200", "1 in 0.0s type=429 status_code=429", "1 in 1.0s type=502 status_code=502",
		}, s.points(t, "http.client.request.duration"))
	})
}

// TestQueue: the metric says how many calls wait now, and goes back to none, also
// when they give up.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watch()
		ended := make(chan error)
		go func() { ended <- copyOnce(t, s, nil, agentcopy.WithLimiter(tenSeconds{}), s.option()) }()
		time.Sleep(5 * time.Second)
		require.Equal(t, []string{"1 reason=limiter"}, s.points(t, "agentcopy.client.waiting"))
		require.NoError(t, <-ended)
		require.Equal(t, []string{"0 reason=limiter"}, s.points(t, "agentcopy.client.waiting"))
	})
}

// TestNothingPrivate is in what is exported, unless it was asked for.
func TestNothingPrivate(t *testing.T) {
	answer := agentcopytest.Fault{Status: http.StatusBadRequest, Body: `{"detail":"the name ` + name + ` is taken"}`}
	for _, asked := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := watch()
			var opts []otelagentcopy.Option
			if asked {
				opts = append(opts, otelagentcopy.WithErrorText())
			}
			require.Error(t, copyOnce(t, s, []agentcopytest.Fault{answer}, agentcopy.WithHeader("X-Tenant", "private"), s.option(opts...)))
			var metrics metricdata.ResourceMetrics
			require.NoError(t, s.reader.Collect(t.Context(), &metrics))
			spans := s.spans.GetSpans()
			text := fmt.Sprintf("%+v", metrics)
			for _, span := range spans {
				span.Resource = nil
				text += fmt.Sprintf("%+v", span)
			}
			for _, private := range []string{secret, "private", "X-Tenant", "https://", "/agents"} {
				require.NotContains(t, text, private)
			}
			require.Equal(t, asked, strings.Contains(text, name))
		})
	}
}

// TestSpanOfTheCaller: the call is its child.
func TestSpanOfTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watch()
		server := agentcopytest.NewKolena()
		client, err := kolena.New(secret, agentcopy.WithHTTPClient(server.Client()), s.option())
		require.NoError(t, err)
		ctx, parent := s.tracer.Tracer("test").Start(t.Context(), "job")
		_, err = client.GetAgent(ctx, 1)
		require.ErrorIs(t, err, agentcopy.ErrNotFound)
		parent.End()
		require.Equal(t, `job 0s
  kolena GetAgent 0s attempts=1 type=404
    GET 0s status_code=404 type=404
`, s.tree())
	})
}
