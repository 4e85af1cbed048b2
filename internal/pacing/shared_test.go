package pacing

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

func unlimited() Limits {
	return Limits{agentcopy.Unlimited, agentcopy.Unlimited, agentcopy.Unlimited}
}

var credentials atomic.Int64

func newCredential() string { return "test-credential-" + strconv.FormatInt(credentials.Add(1), 10) }

func share(credential string) *Shared {
	return Share("acme", "https://api.acme.example:443", []string{credential}, unlimited)
}

// remembered is how many credentials the process remembers.
func remembered() int {
	byKeyMu.Lock()
	defer byKeyMu.Unlock()
	return len(byKey)
}

// awaitForgotten collects garbage until the process remembers no more credentials
// than want, and returns how many it remembers in the end.
func awaitForgotten(want int) int {
	for range 1000 {
		if remembered() <= want {
			break
		}
		runtime.GC()
		time.Sleep(time.Millisecond) // lets the runtime's clean-ups run
	}
	return remembered()
}

func TestSharedByVendorScopeAndCredentials(t *testing.T) {
	s := Share("acme", "scope", []string{"a", "b"}, unlimited)
	require.Same(t, s, Share("acme", "scope", []string{"a", "b"}, unlimited))
	for _, other := range []*Shared{
		Share("other", "scope", []string{"a", "b"}, unlimited),
		Share("acme", "scop", []string{"ea", "b"}, unlimited),
		Share("acme", "scope", []string{"ab"}, unlimited),
		Share("acme", "scope", []string{"b", "a"}, unlimited),
	} {
		require.NotSame(t, s, other)
	}
}

func TestSharedIsFreed(t *testing.T) {
	const keys = 2000
	before := remembered()
	for range keys { // that send nothing
		share(newCredential())
	}
	require.LessOrEqual(t, awaitForgotten(before), before, "credentials remembered after %d that were never used", keys)

	synctest.Test(t, func(t *testing.T) {
		for range keys {
			share(newCredential()).Used()
		}
		runtime.GC()
		require.GreaterOrEqual(t, remembered(), keys, "credentials remembered just after their use")
		time.Sleep(10 * time.Minute)
	})
	require.LessOrEqual(t, awaitForgotten(before), before, "credentials remembered long after the use of %d", keys)
}

// The clean-up of a Shared that is gone comes late, when there may be another.
func TestLateCleanUpForgetsNobody(t *testing.T) {
	credential := newCredential()
	s := share(credential)
	forget(keyFor("acme", "https://api.acme.example:443", []string{credential}))
	require.Same(t, s, share(credential))
}

// Clients are built and dropped while the garbage collector works. Each must find
// the limits of its credential, or make them, and never lose them.
func TestShareUnderConcurrentUse(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				credential := fmt.Sprint("credential-", i%3)
				s := share(credential)
				s.Used()
				assert.Same(t, s, share(credential))
				if i%50 == 0 {
					runtime.GC()
				}
				runtime.KeepAlive(s)
			}
		})
	}
	wg.Wait()
}
