package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// vendor is a vendor as -live sees it.
type vendor struct {
	name      string
	variables []string // of the environment, that hold the credentials
	nameless  bool     // no name can be chosen for a copy
	copyAgent func(ctx context.Context, source, name string) (id, newName string, err error)
}

var vendors = []vendor{
	{"zudu", []string{"ZUDU_API_KEY", "ZUDU_API_SECRET"}, false, func(ctx context.Context, source, name string) (string, string, error) {
		client, err := zudu.NewFromEnv()
		if err != nil {
			return "", "", err
		}
		agent, err := client.DuplicateAgent(ctx, source, zudu.DuplicateAgentRequest{AgentName: name})
		if err != nil {
			return "", "", err
		}
		return agent.AgentID, agent.AgentName, nil
	}},
	{"cotool", []string{"COTOOL_API_KEY"}, true, func(ctx context.Context, source, _ string) (string, string, error) {
		client, err := cotool.NewFromEnv()
		if err != nil {
			return "", "", err
		}
		moved, err := client.CopyAgent(ctx, source)
		if err != nil {
			return "", "", err
		}
		return moved.Agent.ID, moved.Agent.Name, nil
	}},
	{"langsmith", []string{"LANGSMITH_API_KEY"}, false, func(ctx context.Context, source, name string) (string, string, error) {
		client, err := langsmith.NewFromEnv()
		if err != nil {
			return "", "", err
		}
		agent, err := client.CloneAgent(ctx, source, langsmith.CloneAgentRequest{Name: name})
		if err != nil {
			return "", "", err
		}
		return agent.ID, agent.Name, nil
	}},
	{"kolena", []string{"KOLENA_API_KEY"}, false, func(ctx context.Context, source, name string) (string, string, error) {
		id, err := strconv.ParseInt(source, 10, 64)
		if err != nil {
			return "", "", fmt.Errorf("-source: Kolena's agent IDs are numbers, and %q is none", source)
		}
		client, err := kolena.NewFromEnv()
		if err != nil {
			return "", "", err
		}
		agent, err := client.CopyAgent(ctx, id, kolena.CopyAgentRequest{Name: name})
		if err != nil {
			return "", "", err
		}
		return strconv.FormatInt(agent.ID, 10), agent.Name, nil
	}},
}

// live makes one copy on a real vendor.
func live(ctx context.Context, out io.Writer, name, source, newName string) error {
	v, err := choose(name)
	switch {
	case err != nil:
		return err
	case source == "":
		return errors.New("-live needs -source, the ID of the agent to copy")
	case newName == "" && !v.nameless:
		return fmt.Errorf("-live on %s needs -name, the name of the copy", v.name)
	}
	fmt.Fprintf(out, "Copying agent %s on %s ...\n", source, v.name)
	id, gotName, err := v.copyAgent(ctx, source, newName)
	if err != nil {
		return explain(err)
	}
	fmt.Fprintf(out, "Done: %s %q\n", id, gotName)
	return nil
}

// explain adds what to do next to the error of a copy.
func explain(err error) error {
	switch {
	case errors.Is(err, agentcopy.ErrOutcomeUnknown):
		return fmt.Errorf("%w\nThe copy may have been made. Look for it before you try again", err)
	case errors.Is(err, agentcopy.ErrCopied):
		return fmt.Errorf("%w\nThe copy was made. Look for it in the vendor's list of agents", err)
	}
	return fmt.Errorf("%w\nNo copy was made", err)
}

// choose finds the vendor by its name or, without one, by the credentials in
// the environment.
func choose(name string) (vendor, error) {
	var set, names []string
	var found vendor
	for _, v := range vendors {
		if v.name == name {
			return v, nil
		}
		names = append(names, v.name+" ("+strings.Join(v.variables, ", ")+")")
		if os.Getenv(v.variables[0]) != "" {
			set = append(set, v.name)
			found = v
		}
	}
	switch {
	case name != "":
		return vendor{}, fmt.Errorf("-vendor: there is no %q, only %s", name, strings.Join(names, ", "))
	case len(set) == 0:
		return vendor{}, fmt.Errorf("-live needs the credentials of a vendor in the environment: %s", strings.Join(names, ", "))
	case len(set) > 1:
		return vendor{}, fmt.Errorf("the environment has the credentials of %s: say which with -vendor", strings.Join(set, " and "))
	}
	return found, nil
}
