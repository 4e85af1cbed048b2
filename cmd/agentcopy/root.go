package main

import "github.com/spf13/cobra"

const rootHelp = `Agentcopy copies AI agents by the hundred, on Zudu, Cotool, LangSmith and Kolena.
It can be stopped and started at will: what it has copied it does not copy again,
and a copy whose answer was lost it looks for before it sends the request again.

Credentials are taken from the environment alone:
  zudu       ZUDU_API_KEY, ZUDU_API_SECRET
  cotool     COTOOL_API_KEY
  langsmith  LANGSMITH_API_KEY, and LANGSMITH_WORKSPACE_ID for a key of an organization
  kolena     KOLENA_API_KEY

Exit codes:
  0    everything is copied
  1    some failed: no copy of them was made
  2    something has to be mended first: nothing was sent
  3    of some it is not known whether they were copied
  130  interrupted`

const rootExamples = `  See it work, on fakes of the four vendors and without keys:
    agentcopy demo

  Copy one agent:
    agentcopy copy --provider kolena --source 123 --name "Tenant 1"

  Copy many. First see what is wrong with the manifest, and how long it will take:
    printf 'provider,source_id,name\nkolena,123,Tenant 1\nkolena,123,Tenant 2\n' > tenants.csv
    agentcopy run tenants.csv --dry-run
    agentcopy run tenants.csv

  Stop it with Ctrl-C, and go on with the same command:
    agentcopy run tenants.csv

  See what is not settled, and settle it:
    agentcopy status tenants.csv
    agentcopy resolve "kolena/123/Tenant 1" tenants.csv`

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "agentcopy",
		Short:         "Copy AI agents by the hundred, each of them once",
		Long:          rootHelp,
		Example:       rootExamples,
		SilenceErrors: true, // main prints them
		SilenceUsage:  true,
	}
	root.AddCommand(newRun(), newCopy(), newStatus(), newResolve(), newDemo())
	return root
}
