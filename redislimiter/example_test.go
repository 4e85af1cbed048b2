package redislimiter_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/redislimiter"
)

// A service with replicas: one limit for all of them.
func Example() {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
	client, err := kolena.NewFromEnv(agentcopy.WithLimiter(
		redislimiter.New(rdb, "kolena/team-a", 60, 61*time.Second)))
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.CopyAgent(context.Background(), 17, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
	if errors.Is(err, redislimiter.ErrUnavailable) {
		log.Fatal("Redis is unreachable: ", err)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(agent.ID)
}

// All replicas of a service together stay inside Kolena's 60 copies a minute.
func ExampleNew() {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
	defer rdb.Close()

	client, err := kolena.NewFromEnv(agentcopy.WithLimiter(
		redislimiter.New(rdb, "kolena/team-a", 60, 61*time.Second)))
	if err != nil {
		log.Fatal(err)
	}
	agent, err := client.CopyAgent(context.Background(), 17, kolena.CopyAgentRequest{Name: "Invoices, Berlin"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(agent.ID)
}

// A limit says what it allows.
func ExampleLimiter_String() {
	rdb := redis.NewClient(&redis.Options{})
	defer rdb.Close()
	fmt.Println(redislimiter.New(rdb, "kolena/team-a", 60, 61*time.Second))
	// Output: 60 per 1m1s, shared through Redis
}
