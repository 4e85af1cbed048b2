package redislimiter_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/redislimiter"
)

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

// The code of README.md.
func Example_manyMachines() {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
	limiter := redislimiter.New(rdb, "kolena/team-a", 60, 61*time.Second)
	client, err := kolena.NewFromEnv(agentcopy.WithLimiter(limiter))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = client
}
