package agentcopytest_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

func TestCopiesTellsOfEachCopy(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		synctest.Test(t, func(t *testing.T) {
			s := start()
			require.Empty(t, s.Copies())
			var want []agentcopytest.CopyRecord
			for i := range 3 {
				time.Sleep(time.Minute)
				source := s.add()
				id, err := s.copy(t.Context(), source, "Copy "+strconv.Itoa(i), agentcopy.WithHTTPClient(s.Client()))
				require.NoError(t, err)
				require.NotEqual(t, source, id)
				name := "Copy " + strconv.Itoa(i)
				if s.Vendor.Name == "cotool" {
					name = "Agent " + source // which allows no choice
				}
				want = append(want, agentcopytest.CopyRecord{ID: id, SourceID: source, Name: name, At: time.Now()})
			}
			require.Equal(t, want, s.Copies())
			s.Copies()[0].ID = "changed"
			require.Equal(t, want, s.Copies())
		})
	})
}

func TestIDsAreTheSameInEachRun(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		ids := func() (ids []string) {
			s := start()
			for i := range 3 {
				ids = append(ids, s.add())
				memory(s.Server).must(t, s.copyOf(ids[len(ids)-1], "Copy "+strconv.Itoa(i)))
				ids = append(ids, s.Copies()[i].ID)
			}
			return ids
		}
		require.Equal(t, ids(), ids())
	})
}

func TestManyRequestsAtOnceMakeAsManyCopies(t *testing.T) {
	const n = 200
	eachVendor(t, func(t *testing.T, start starter) {
		requireNoGoroutines(t, func() {
			s := start(agentcopytest.WithRateLimit(n, time.Hour))
			d := memory(s.Server)
			var group sync.WaitGroup
			for i := range n {
				group.Go(func() {
					if i%40 == 0 {
						s.Inject(agentcopytest.Fault{Status: 500, AfterCopy: true})
					}
					_, err := d.send(t.Context(), s.copyOf(s.add(), "Copy "+strconv.Itoa(i)))
					assert.NoError(t, err)
					if i%40 == 0 {
						_, _ = s.Copies(), s.Requests()
					}
				})
			}
			group.Wait()
			ids := make(map[string]bool)
			for _, c := range s.Copies() {
				ids[c.ID] = true
			}
			require.Len(t, ids, n)
			require.Len(t, s.Requests(), n)
			s.Close()
		})
	})
}

func TestCloseEndsWhatIsDelayed(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		eachDoor(t, start, func(t *testing.T, s *subject, d door) {
			id := s.add()
			s.Inject(agentcopytest.Fault{Delay: time.Hour})
			broke := make(chan error, 1)
			go func() {
				_, err := d.send(context.Background(), s.copyOf(id, "Copy"))
				broke <- err
			}()
			require.Eventually(t, func() bool { return len(s.Requests()) == 1 }, time.Minute, time.Millisecond)
			s.Close()
			require.ErrorIs(t, <-broke, io.EOF)
			s.Close()
			require.Empty(t, s.Copies())
			_, err := d.send(t.Context(), s.copyOf(id, "Copy"))
			require.ErrorContains(t, err, "refused")
			require.Len(t, s.Requests(), 1)
		})
	})
}

func TestAfterCloseNoLateCopyIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newZudu()
		s.Inject(agentcopytest.Fault{Delay: time.Minute}, agentcopytest.Fault{Delay: time.Minute, Truncate: 3, AfterCopy: true})
		for i := range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := memory(s.Server).send(ctx, s.copyOf(s.add(), "Copy "+strconv.Itoa(i)))
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		s.Close()
		time.Sleep(time.Hour)
		require.Len(t, s.Copies(), 1, "but one was made before")
	})
}

// To the SDK, a server that is gone is one that it could not reach.
func TestAfterCloseNothingIsSent(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		s := start()
		id := s.add()
		s.Close()
		_, err := s.copy(t.Context(), id, "Copy", agentcopy.WithHTTPClient(s.Client()), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}))
		require.ErrorContains(t, err, "not copied")
	})
}

func TestNoGoroutineIsLeft(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		requireNoGoroutines(t, func() {
			s := start()
			s.Inject(agentcopytest.Fault{Delay: time.Hour}, agentcopytest.Fault{Delay: time.Hour, Drop: true, AfterCopy: true})
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			for _, d := range []door{memory(s.Server), {client, s.URL()}} {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				_, err := d.send(ctx, s.copyOf(s.add(), "Copy"))
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			s.Close()
		})
	})
}

func TestOptionsPanicOnNonsense(t *testing.T) {
	requirePanic(t, func() { agentcopytest.NewZudu(nil) }, "NewZudu: option 1 is nil")
	requirePanic(t, func() { agentcopytest.NewKolena(agentcopytest.WithRateLimit(1, 1), nil) }, "NewKolena: option 2 is nil")
	requirePanic(t, func() { agentcopytest.NewCotool(agentcopytest.WithZuduFirstGeneration()) }, "WithZuduFirstGeneration", "Cotool")
	requirePanic(t, func() { agentcopytest.NewLangSmith(agentcopytest.WithKolenaZonelessTimes()) }, "WithKolenaZonelessTimes", "LangSmith")
}
