package main

import (
	"fmt"
	"net/http"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// world is the fakes of the vendors, and what is to be copied there.
type world struct {
	servers []*agentcopytest.Server
	jobs    []once.Job
}

// newWorld makes an agent on each vendor, and two jobs for each, or one where a
// copy is a move.
func newWorld() (*world, error) {
	const key = "not-a-real-key"
	onZudu, onCotool, onLangSmith, onKolena := agentcopytest.NewZudu(), agentcopytest.NewCotool(), agentcopytest.NewLangSmith(), agentcopytest.NewKolena()
	w := &world{servers: []*agentcopytest.Server{onZudu.Server, onCotool.Server, onLangSmith.Server, onKolena.Server}}

	support := onZudu.AddAgent(zudu.Agent{AgentName: "Support"})
	zuduClient, err := zudu.New(key, key, agentcopy.WithHTTPClient(onZudu.Client()))
	if err != nil {
		return nil, err
	}
	triage := onCotool.AddAgent(cotool.Agent{Name: "Phishing triage"})
	cotoolClient, err := cotool.New(key, agentcopy.WithHTTPClient(onCotool.Client()))
	if err != nil {
		return nil, err
	}
	researcher := onLangSmith.AddAgent(langsmith.Agent{Name: "Researcher"})
	langsmithClient, err := langsmith.New(key, agentcopy.WithHTTPClient(onLangSmith.Client()))
	if err != nil {
		return nil, err
	}
	leases := onKolena.AddAgent(kolena.Agent{Name: "Lease reader"})
	kolenaClient, err := kolena.New(key, agentcopy.WithHTTPClient(onKolena.Client()))
	if err != nil {
		return nil, err
	}
	onKolena.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})

	onEach := []struct {
		vendor, source, name string
		copier               agentcopy.Copier
	}{
		{"kolena", fmt.Sprint(leases.ID), "Lease reader", kolenaClient.Copier(kolena.CopyAgentRequest{})},
		{"zudu", support.AgentID, "Support", zuduClient.Copier()},
		{"langsmith", researcher.ID, "Researcher", langsmithClient.Copier(langsmith.CloneAgentRequest{})},
	}
	for _, city := range []string{"Berlin", "Wien"} {
		for _, v := range onEach {
			w.jobs = append(w.jobs, once.Job{
				Key:     v.vendor + "/" + city, // yours to choose; it names this one copy for good
				Copier:  v.copier,
				Request: agentcopy.CopyRequest{SourceID: v.source, Name: v.name + ", " + city},
			})
		}
	}
	w.jobs = append(w.jobs, once.Job{Key: "cotool/phishing", Copier: cotoolClient.Copier(), Request: agentcopy.CopyRequest{SourceID: triage.ID}})
	return w, nil
}

func (w *world) close() {
	for _, server := range w.servers {
		server.Close()
	}
}

// copies is how many copies the servers have made.
func (w *world) copies() int {
	n := 0
	for _, server := range w.servers {
		n += len(server.Copies())
	}
	return n
}

// copyRequests is how many requests for a copy have reached the server.
func copyRequests(server *agentcopytest.Server) int {
	n := 0
	for _, r := range server.Requests() {
		action := r.Path[strings.LastIndexByte(r.Path, '/')+1:]
		if r.Method == http.MethodPost && (action == "copy" || action == "duplicate" || action == "clone") {
			n++
		}
	}
	return n
}
