package redislimiter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/redislimiter"
)

// task is what a child, this test binary run again, is told on its standard input.
type task struct {
	Redis      string // address
	Kolena     string // URL
	Process    int
	Goroutines int
	Copies     int // of all processes together
	Agent      int64

	N            int
	Per, Timeout time.Duration
}

const tokenOfKolena = "token-of-the-test"

// child is a process that a test started.
type child struct {
	cmd   *exec.Cmd
	begin io.WriteCloser
	said  bytes.Buffer
}

// startChild starts a process and waits until it is ready to begin.
func startChild(t *testing.T, job task) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childEnv+"=1")
	c.cmd.Stderr = &c.said
	stdin, err := c.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.cmd.Start())
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	require.NoError(t, json.NewEncoder(stdin).Encode(job))
	_, err = io.ReadFull(stdout, make([]byte, 1))
	require.NoError(t, err, "the process is not ready: %s", &c.said)
	c.begin = stdin
	return c
}

// wait waits until the process ends.
func (c *child) wait(t *testing.T) {
	t.Helper()
	require.NoError(t, c.cmd.Wait(), "a process failed: %s", &c.said)
}

// ready tells the test that the process could begin, and waits until it may.
func ready(rdb *redis.Client) {
	_ = rdb.Ping(context.Background()).Err()
	fmt.Print(".")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// makeCopies makes copies until all processes together have made enough.
func makeCopies() error {
	redis.SetLogger(silent{})
	var job task
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		return err
	}
	rdb := redis.NewClient(&redis.Options{Addr: job.Redis})
	limiter := redislimiter.New(rdb, "kolena", job.N, job.Per, redislimiter.WithAttemptTimeout(job.Timeout))
	client, err := kolena.New(tokenOfKolena, agentcopy.WithBaseURL(job.Kolena),
		agentcopy.WithLimiter(limiter), agentcopy.WithAttemptTimeout(job.Timeout))
	if err != nil {
		return err
	}
	ready(rdb)
	failures := make(chan error, job.Goroutines)
	for range job.Goroutines {
		go func() {
			for {
				made, err := rdb.Incr(context.Background(), "copies").Result()
				if err != nil || made > int64(job.Copies) {
					failures <- err
					return
				}
				name := fmt.Sprintf("%d %d", job.Process, made)
				if _, err := client.CopyAgent(context.Background(), job.Agent, kolena.CopyAgentRequest{Name: name}); err != nil {
					failures <- err
					return
				}
			}
		}()
	}
	for range job.Goroutines {
		err = errors.Join(err, <-failures)
	}
	return err
}
