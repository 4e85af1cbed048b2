package redislimiter_test

import (
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/redislimiter"
)

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
