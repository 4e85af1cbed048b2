package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/redisstore"
)

// A service with replicas: one limit and one ledger for all of them.
func Example() {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
	client, err := kolena.NewFromEnv(agentcopy.WithLimiter(
		redisstore.NewLimiter(rdb, "kolena/team-a", 60, 61*time.Second)))
	if err != nil {
		fmt.Println(err)
		return
	}
	runner := &once.Runner{Ledger: redisstore.NewLedger(rdb, "team-a")}

	made, err := runner.Copy(context.Background(), "tenants/hamburg", client.Copier(kolena.CopyAgentRequest{}),
		agentcopy.CopyRequest{SourceID: "17", Name: "Lease reader, Hamburg"})
	if errors.Is(err, redisstore.ErrUnavailable) {
		log.Fatal("Redis is away: ", err)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(made.ID)
}

// All replicas of a service together stay inside Kolena's 60 copies a minute.
func ExampleNewLimiter() {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
	defer rdb.Close()

	client, err := kolena.NewFromEnv(agentcopy.WithLimiter(
		redisstore.NewLimiter(rdb, "kolena/team-a", 60, 61*time.Second)))
	if err != nil {
		log.Fatal(err)
	}
	agent, err := client.CopyAgent(context.Background(), 17, kolena.CopyAgentRequest{Name: "Invoices, Berlin"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(agent.ID)
}

// Any number of workers may be given the same job: one of them makes the copy,
// and the others get it.
func ExampleNewLedger() {
	rdb := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}})
	defer rdb.Close()
	client, err := kolena.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}

	runner := &once.Runner{Ledger: redisstore.NewLedger(rdb, "team-a")}
	copied, err := runner.Copy(context.Background(), "import 17/agent 4", client.Copier(kolena.CopyAgentRequest{}),
		agentcopy.CopyRequest{SourceID: "17", Name: "Invoices, Berlin"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(copied.ID)
}

// A limit says what it allows.
func ExampleLimiter_String() {
	rdb := redis.NewClient(&redis.Options{})
	defer rdb.Close()
	fmt.Println(redisstore.NewLimiter(rdb, "kolena/team-a", 60, 61*time.Second))
	// Output: 60 per 1m1s, shared through Redis
}
