package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

// serveCommand is the argument that makes this program a server.
const serveCommand = "serve"

// server is a process of this program that answers over loopback. In one process
// with the contenders, it would share their processors and garbage collector.
type server struct {
	origin  string
	process *exec.Cmd
	stdin   io.Closer
}

// startServer starts a server that answers every request with a.
func startServer(a answer) (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	process := exec.Command(program, serveCommand)
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	s := &server{process: process, stdin: stdin}
	if err := json.NewEncoder(stdin).Encode(wireAnswer{a.status, a.body, a.chunked}); err != nil {
		s.stop()
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	s.origin = strings.TrimSpace(line)
	return s, nil
}

// stop ends the process, which ends when its standard input does.
func (s *server) stop() {
	_ = s.stdin.Close()
	_ = s.process.Wait()
}

// wireAnswer is an answer on its way to the process that will give it.
type wireAnswer struct {
	Status  int
	Body    []byte
	Chunked bool
}

// serve is the server's process. It reads its answer from standard input, prints
// its origin, and ends with standard input, so that none outlives the program
// that started it.
func serve() {
	var w wireAnswer
	input := json.NewDecoder(os.Stdin)
	if err := input.Decode(&w); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(listener, handler(answer{w.Status, w.Body, w.Chunked}))) }()
	fmt.Printf("http://%s\n", listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func handler(a answer) http.Handler {
	header := a.header()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(a.status)
		if a.chunked {
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = w.Write(a.body)
	})
}
