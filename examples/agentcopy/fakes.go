package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// fakes are the four vendors as command demo has them.
type fakes struct {
	of       map[string]*agentcopytest.Server
	injected map[string]int
	rows     []string
}

// startFakes starts them, with something to copy on each.
func startFakes() *fakes {
	f := &fakes{of: make(map[string]*agentcopytest.Server), injected: make(map[string]int)}
	f.addZudu(60)
	f.addCotool(40)
	f.addLangSmith(50)
	f.addKolena(50)
	return f
}

// What the fakes do to answers, one after the other.
var (
	lostAnswer  = agentcopytest.Fault{Drop: true, AfterCopy: true}
	lostRequest = agentcopytest.Fault{Drop: true}
	cutAnswer   = agentcopytest.Fault{Truncate: 12}
	brokenAfter = agentcopytest.Fault{Status: 502, Body: "<html><title>Bad Gateway</title></html>", AfterCopy: true}
	broken      = agentcopytest.Fault{Status: 500, Body: `{"detail":"internal error"}`}
	askedToWait = agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"1"}}}
)

func (f *fakes) add(name string, server *agentcopytest.Server, faults ...agentcopytest.Fault) {
	f.of[name] = server
	f.injected[name] = len(faults)
	server.Inject(faults...)
}

func (f *fakes) row(provider, source, name string) {
	f.rows = append(f.rows, provider+","+source+","+name)
}

func (f *fakes) addZudu(n int) {
	server := agentcopytest.NewZudu()
	f.add("zudu", server.Server, lostAnswer, askedToWait, broken)
	source := server.AddAgent(zudu.Agent{AgentName: "Support"})
	for i := range n {
		f.row("zudu", source.AgentID, fmt.Sprintf("Branch %02d", i+1))
	}
}

func (f *fakes) addCotool(n int) {
	server := agentcopytest.NewCotool()
	f.add("cotool", server.Server, askedToWait, lostAnswer)
	for i := range n {
		key := fmt.Sprintf("rule-%02d", i+1)
		source := server.AddAgent(cotool.Agent{Name: "Rule " + strconv.Itoa(i+1), SyncKey: key})
		f.row("cotool", source.ID, "")
	}
}

func (f *fakes) addLangSmith(n int) {
	server := agentcopytest.NewLangSmith()
	f.add("langsmith", server.Server, brokenAfter, lostRequest, cutAnswer)
	source := server.AddAgent(langsmith.Agent{Name: "Researcher"})
	for i := range n {
		f.row("langsmith", source.ID, fmt.Sprintf("Desk %02d", i+1))
	}
}

func (f *fakes) addKolena(n int) {
	server := agentcopytest.NewKolena()
	f.add("kolena", server.Server, lostAnswer, askedToWait, cutAnswer)
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	for i := range n {
		f.row("kolena", strconv.FormatInt(source.ID, 10), fmt.Sprintf("Tenant %02d", i+1))
	}
}

// manifest lists the copies to make.
func (f *fakes) manifest() string {
	return "provider,source_id,name\n" + strings.Join(f.rows, "\n") + "\n"
}

func (f *fakes) close() {
	for _, server := range f.of {
		server.Close()
	}
}
