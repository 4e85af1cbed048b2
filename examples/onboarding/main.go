// Onboarding is a web service: a tenant signs up and gets its own copy of an agent on
// Kolena. Start as many replicas as you like, and stop them at any time: they share the
// ledger in PostgreSQL, and each tenant gets one copy.
//
//	export DATABASE_URL=postgres://... KOLENA_API_KEY=...
//	go run ./examples/onboarding 123
//	curl -X PUT localhost:8080/tenants/hamburg
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: onboarding AGENT_ID")
	}
	client, err := kolena.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	service, err := newService(context.Background(), db, client, os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", service))
}

func newService(ctx context.Context, db *sql.DB, client *kolena.Client, sourceID string) (http.Handler, error) {
	ledger, err := sqlledger.Open(ctx, db, sqlledger.Postgres) // makes its table
	if err != nil {
		return nil, err
	}
	runner := &once.Runner{Ledger: ledger}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /tenants/{tenant}", func(w http.ResponseWriter, r *http.Request) {
		tenant := r.PathValue("tenant")
		ctx, cancel := context.WithTimeout(r.Context(), 25*time.Second)
		defer cancel()
		agent, err := runner.Copy(ctx, "tenants/"+tenant, client.Copier(kolena.CopyAgentRequest{}),
			agentcopy.CopyRequest{SourceID: sourceID, Name: "Lease reader, " + tenant})
		switch {
		case err == nil:
			_ = json.NewEncoder(w).Encode(agent)
		case errors.Is(err, once.ErrAmbiguous):
			log.Printf("a person has to decide: %v", err) // with Assign or Dismiss
			http.Error(w, "we are looking into it", http.StatusConflict)
		default: // the next call with the same key goes on where this one ended
			log.Print(err)
			w.Header().Set("Retry-After", "5")
			http.Error(w, "not yet: please try again", http.StatusServiceUnavailable)
		}
	})
	return mux, nil
}
