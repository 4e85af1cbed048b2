package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/vendor"
)

const demoHelp = `Demo copies 200 agents on fakes of the four vendors, which this program runs on the
loopback interface. Now and then they lose an answer after the copy was made, cut
it off, break down, or ask to wait. At the end, the fakes are asked what they have.

It needs no keys, leaves nothing behind, and takes well under a minute.`

func newDemo() *cobra.Command {
	s := settings{settleTime: 3 * time.Second, concurrency: 8}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Copy 200 agents on fakes with faults, without keys",
		Long:  demoHelp,
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return demo(&s) },
	}
	cmd.Flags().BoolVar(&s.json, "json", false, "write JSON objects, one a line, for machines")
	cmd.Flags().BoolVar(&s.plain, "plain", false, "write lines also on a terminal, and draw no bars")
	return cmd
}

func demo(s *settings) error {
	dir, err := os.MkdirTemp("", "agentcopy-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s.ledger = filepath.Join(dir, "demo.ledger.db")
	fakes := startFakes()
	defer fakes.close()
	m, faults, err := manifest.Read(strings.NewReader(fakes.manifest()))
	if err != nil {
		return err
	}
	if !s.json {
		fmt.Print("200 agents on fakes of the four vendors, which lose answers, break down and ask to wait.\n\n")
	}
	run := batch{file: "demo", manifest: m, faults: faults, settings: s, opener: fakes.open, fleeting: true}.run()
	if !s.json {
		fmt.Println(fakes.account())
	}
	return run
}

// open is the engine.Opener for the fakes.
func (f *fakes) open(v *vendor.Vendor, opts ...agentcopy.Option) (*vendor.Client, error) {
	return v.OpenKeyless(append(opts, agentcopy.WithBaseURL(f.of[v.Name].URL()))...)
}

var _ engine.Opener = (*fakes)(nil).open

// account says what the fakes have, from what they were asked.
func (f *fakes) account() string {
	var b strings.Builder
	copies, twice, faults := 0, 0, 0
	for _, v := range vendor.All() {
		server := f.of[v.Name]
		seen := make(map[string]bool)
		for _, c := range server.Copies() {
			name := c.SourceID + "/" + c.Name
			if seen[name] {
				twice++
			}
			seen[name] = true
			copies++
		}
		faults += f.injected[v.Name]
	}
	fmt.Fprintf(&b, "On the servers: %d copies, none of them twice", copies)
	if twice > 0 {
		fmt.Fprintf(&b, " but for %d", twice)
	}
	fmt.Fprintf(&b, "; %d answers were spoiled on purpose.", faults)
	return b.String()
}
