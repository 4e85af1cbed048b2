//go:build unix

package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/testserver"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// TestReplicas has tenants sign up on all replicas at the same time, while answers are
// lost and replicas are restarted.
func TestReplicas(t *testing.T) {
	const tenants, replicas, restarts = 20, 3, 10
	if !testserver.HavePostgres() {
		t.Skip("left out: PostgreSQL is not installed (no initdb)")
	}
	database := testserver.StartPostgres(t).URL()
	vendor := agentcopytest.NewKolena()
	defer vendor.Close()
	vendor.AddAgent(kolena.Agent{ID: 123, Name: "Lease reader"})
	for i := range tenants { // every other answer is lost
		vendor.Inject(agentcopytest.Fault{Drop: i%2 == 0, AfterCopy: i%2 == 0})
	}
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(vendor.Client()))
	require.NoError(t, err)

	var mu sync.RWMutex
	servers, databases := make([]*httptest.Server, replicas), make([]*sql.DB, replicas)
	stop := func(i int, crash bool) {
		if crash { // the requests that it works on end unanswered
			servers[i].CloseClientConnections()
		}
		servers[i].Close()
		require.NoError(t, databases[i].Close())
	}
	start := func(i int) {
		db, err := sql.Open("pgx", database)
		require.NoError(t, err)
		service, err := newService(t.Context(), db, client, "123")
		require.NoError(t, err)
		mu.Lock()
		defer mu.Unlock()
		servers[i], databases[i] = httptest.NewServer(service), db
	}
	for i := range replicas {
		start(i)
		defer func() { stop(i, false) }()
	}

	var signUps sync.WaitGroup
	for i := range tenants * replicas {
		signUps.Go(func() {
			for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
				mu.RLock()
				url := servers[i%replicas].URL
				mu.RUnlock()
				req, err := http.NewRequest(http.MethodPut, fmt.Sprintf("%s/tenants/%d", url, i/replicas), nil)
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					continue // the replica was stopped
				}
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					return
				}
			}
			t.Errorf("tenant %d has no agent", i/replicas)
		})
	}
	for i := range restarts {
		stop(i%replicas, i == 0)
		start(i % replicas)
	}
	signUps.Wait()

	copies := map[string]int{}
	for _, made := range vendor.Copies() {
		copies[made.Name]++
	}
	require.Len(t, copies, tenants)
	require.Len(t, vendor.Copies(), tenants, "each tenant has one copy")
}
