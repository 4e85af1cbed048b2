// Package vendor describes the four vendors to the rest of the tool: what a row of a
// manifest may say about each, how its clients are made, and its pace.
package vendor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // names of time zones, for machines that have none

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// Vendor is one of the four.
type Vendor struct {
	Name      string
	Variables []string // of the environment, that hold the credentials
	Extras    []string // the columns that only this vendor has
	Nameless  bool     // no name can be chosen for a copy
	Limit     Limit

	clients
}

// clients opens the clients of a vendor.
type clients struct {
	Open    func(opts ...agentcopy.Option) (Copiers, error) // with the credentials in the environment
	checker func() (Copiers, error)                         // without any, and a transport that leads nowhere
}

// Copiers makes the Copier of a row from the non-empty cells of the vendor's own
// columns.
type Copiers func(extras map[string]string) (agentcopy.Copier, []Fault)

// Fault is what is wrong with a column of a row.
type Fault struct{ Column, Text string }

// All are the vendors, by name.
var All = map[string]*Vendor{
	"zudu": {
		Name: "zudu", Variables: []string{"ZUDU_API_KEY", "ZUDU_API_SECRET"}, Limit: Limit{10, time.Second, true},
		clients: clientsOf(zudu.NewFromEnv,
			func(key string, opts ...agentcopy.Option) (*zudu.Client, error) { return zudu.New(key, key, opts...) },
			func(c *zudu.Client, _ map[string]string) (agentcopy.Copier, []Fault) { return c.Copier(), nil }),
	},
	"cotool": {
		Name: "cotool", Variables: []string{"COTOOL_API_KEY"}, Limit: Limit{10, time.Second, true}, Nameless: true,
		clients: clientsOf(cotool.NewFromEnv, cotool.New,
			func(c *cotool.Client, _ map[string]string) (agentcopy.Copier, []Fault) { return c.Copier(), nil }),
	},
	"langsmith": {
		Name: "langsmith", Variables: []string{"LANGSMITH_API_KEY"}, Limit: Limit{32, time.Second, true},
		Extras:  append(slices.Clone(permissionColumns), userTimezone),
		clients: clientsOf(langsmith.NewFromEnv, langsmith.New, langsmithCopier),
	},
	"kolena": {
		Name: "kolena", Variables: []string{"KOLENA_API_KEY"}, Limit: Limit{60, 61 * time.Second, false},
		Extras:  []string{targetWorkspace, targetFolder},
		clients: clientsOf(kolena.NewFromEnv, kolena.New, kolenaCopier),
	},
}

var Names = slices.Sorted(maps.Keys(All))

// Columns are the columns that only some vendors have.
var Columns = slices.Concat(All["langsmith"].Extras, All["kolena"].Extras)

// Missing returns the variables of the environment that hold no credential yet.
func (v *Vendor) Missing() []string {
	return slices.DeleteFunc(slices.Clone(v.Variables), func(name string) bool { return os.Getenv(name) != "" })
}

// Credential is what the environment holds. It tells accounts apart.
func (v *Vendor) Credential() string {
	var parts []string
	for _, name := range v.Variables {
		parts = append(parts, strings.TrimSpace(os.Getenv(name)))
	}
	return strings.Join(parts, "\x00")
}

func clientsOf[C any](
	fromEnv func(...agentcopy.Option) (C, error), from func(key string, opts ...agentcopy.Option) (C, error),
	copier func(C, map[string]string) (agentcopy.Copier, []Fault),
) clients {
	copiers := func(client C, err error) (Copiers, error) {
		return func(extras map[string]string) (agentcopy.Copier, []Fault) { return copier(client, extras) }, err
	}
	return clients{
		Open: func(opts ...agentcopy.Option) (Copiers, error) { return copiers(fromEnv(opts...)) },
		checker: sync.OnceValues(func() (Copiers, error) {
			return copiers(from("not-a-real-key",
				agentcopy.WithHTTPClient(&http.Client{Transport: nowhere{}}),
				agentcopy.WithLimiter(agentcopy.Unlimited),
				agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever})))
		}),
	}
}

const (
	targetWorkspace = "target_workspace_id"
	targetFolder    = "target_folder_id"
)

func kolenaCopier(client *kolena.Client, extras map[string]string) (copier agentcopy.Copier, faults []Fault) {
	number := func(column string) int64 {
		n, err := strconv.ParseInt(extras[column], 10, 64)
		if err != nil && extras[column] != "" {
			faults = append(faults, Fault{column, "is not a number"})
		}
		return n
	}
	template := kolena.CopyAgentRequest{TargetWorkspaceID: number(targetWorkspace), TargetFolderID: number(targetFolder)}
	return client.Copier(template), faults
}

const userTimezone = "user_timezone"

// permissionColumns and permissions: the SDK leaves enumerations open for what
// LangSmith may add. Here an unknown value is more likely a typo, in every row.
var (
	permissionColumns = []string{"permissions_identity", "permissions_visibility", "permissions_tenant_access_level"}
	permissions       = [][]string{{"personal", "shared"}, {"tenant", "user"}, {"read", "run", "write"}}
)

func langsmithCopier(client *langsmith.Client, extras map[string]string) (copier agentcopy.Copier, faults []Fault) {
	template := langsmith.CloneAgentRequest{UserTimezone: extras[userTimezone]}
	asked := langsmith.Permissions{
		Identity:          langsmith.Identity(extras[permissionColumns[0]]),
		Visibility:        langsmith.Visibility(extras[permissionColumns[1]]),
		TenantAccessLevel: langsmith.TenantAccessLevel(extras[permissionColumns[2]]),
	}
	for i, column := range permissionColumns {
		value := extras[column]
		if value != "" {
			template.Permissions = &asked
		}
		if value != "" && !slices.Contains(permissions[i], value) {
			faults = append(faults, Fault{column, "is not one of " + strings.Join(permissions[i], ", ")})
		}
	}
	// LangSmith silently takes a name that it does not know for UTC.
	if _, err := time.LoadLocation(template.UserTimezone); err != nil {
		faults = append(faults, Fault{userTimezone, "is not the name of a time zone, such as Europe/Berlin"})
	}
	return client.Copier(template), faults
}

// Check returns what is wrong with a request, by the rules that the SDK applies
// before it sends one: a client whose transport leads nowhere gets it. So the tool
// has no rules of its own that could differ. It makes the source ID canonical.
func (v *Vendor) Check(req *agentcopy.CopyRequest, extras map[string]string) []Fault {
	copiers, err := v.checker()
	if err != nil {
		return []Fault{{"provider", err.Error()}}
	}
	copier, faults := copiers(extras)
	_, err = copier.Copy(context.Background(), *req)
	if e, ok := errors.AsType[*agentcopy.Error](err); ok && errors.Is(err, agentcopy.ErrInvalid) {
		for _, f := range e.Fields {
			faults = append(faults, Fault{cmp.Or(columnOf[f.Field], f.Field), f.Reason})
		}
		if len(e.Fields) == 0 {
			faults = append(faults, Fault{"", e.Error()})
		}
	}
	if len(faults) == 0 {
		req.SourceID = copier.Identify(*req).SourceID
	}
	return faults
}

type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nothing is sent")
}

// columnOf is the column of a manifest that fills a field of a request.
var columnOf = map[string]string{
	"agentID": "source_id", "SourceID": "source_id", "AgentName": "name", "Name": "name",
	"TargetWorkspaceID": targetWorkspace, "TargetFolderID": targetFolder,
}

// Limit is how many copies a vendor takes in a time.
type Limit struct {
	N   int
	Per time.Duration
	// Refills makes it a token bucket: N at once, then one each Per/N. Without it,
	// it is a window: N at once, and the next N after Per.
	Refills bool
}

// String is "60 in any 1m1s", or "10 per 1s".
func (l Limit) String() string {
	if l.Refills {
		return fmt.Sprintf("%d per %v", l.N, l.Per)
	}
	return fmt.Sprintf("%d in any %v", l.N, l.Per)
}

// Duration is how long the limiter will take to admit n more copies.
// sent is when the latest copies were sent, oldest first.
func (l Limit) Duration(n int, sent []time.Time, now time.Time) time.Duration {
	switch {
	case n <= 0:
		return 0
	case l.Refills && len(sent) > 0:
		return time.Duration(n) * l.Per / time.Duration(l.N)
	case l.Refills:
		return time.Duration(max(0, n-l.N)) * l.Per / time.Duration(l.N)
	}
	// A copy can be sent Per after the one that was sent N before it.
	base, i := now.Add(-l.Per), n-1
	if k := i%l.N - (l.N - min(len(sent), l.N)); k >= 0 && sent[max(0, len(sent)-l.N)+k].After(base) {
		base = sent[max(0, len(sent)-l.N)+k]
	}
	return base.Add(l.Per * time.Duration(1+i/l.N)).Sub(now)
}

// ParseLimit reads "60/1m": sixty in any minute.
func ParseLimit(text string) (Limit, error) {
	count, per, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(count)
	d, perErr := time.ParseDuration(per)
	if err != nil || perErr != nil || n <= 0 || d <= 0 {
		return Limit{}, fmt.Errorf("%q is not a limit such as 60/1m", text)
	}
	return Limit{N: n, Per: d}, nil
}
