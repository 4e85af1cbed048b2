package vendor

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the names of the time zones, on machines that have none

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

const (
	permissionsIdentity   = "permissions_identity"
	permissionsVisibility = "permissions_visibility"
	permissionsAccess     = "permissions_tenant_access_level"
	userTimezone          = "user_timezone"
)

var langsmithVendor = &Vendor{
	Name:      "langsmith",
	Variables: []string{"LANGSMITH_API_KEY"},
	Extras:    []string{permissionsIdentity, permissionsVisibility, permissionsAccess, userTimezone},
	Limit:     Limit{N: 32, Per: time.Second, Refills: true},
	goodID:    "00000000-0000-4000-8000-000000000000",
	fromEnv: func(opts ...agentcopy.Option) (copiers, error) {
		return langsmithCopiers(langsmith.NewFromEnv(opts...))
	},
	keyless: func(opts ...agentcopy.Option) (copiers, error) {
		return langsmithCopiers(langsmith.New(anyKey, opts...))
	},
}

func langsmithCopiers(client *langsmith.Client, err error) (copiers, error) {
	if err != nil {
		return nil, err
	}
	return func(extras map[string]string) (agentcopy.Copier, []Fault) {
		template, faults := cloneTemplate(extras)
		return client.Copier(template), faults
	}, nil
}

// cloneTemplate is what every clone with these extras is made with.
func cloneTemplate(extras map[string]string) (langsmith.CloneAgentRequest, []Fault) {
	template := langsmith.CloneAgentRequest{UserTimezone: extras[userTimezone]}
	permissions := langsmith.Permissions{
		Identity:          langsmith.Identity(extras[permissionsIdentity]),
		Visibility:        langsmith.Visibility(extras[permissionsVisibility]),
		TenantAccessLevel: langsmith.TenantAccessLevel(extras[permissionsAccess]),
	}
	if permissions.Identity != "" || permissions.Visibility != "" || permissions.TenantAccessLevel != "" {
		template.Permissions = &permissions
	}
	faults := oneOf(nil, permissionsIdentity, permissions.Identity, langsmith.IdentityPersonal, langsmith.IdentityShared)
	faults = oneOf(faults, permissionsVisibility, permissions.Visibility, langsmith.VisibilityTenant, langsmith.VisibilityUser)
	faults = oneOf(faults, permissionsAccess, permissions.TenantAccessLevel,
		langsmith.TenantAccessRead, langsmith.TenantAccessRun, langsmith.TenantAccessWrite)
	// LangSmith takes a name that it does not know for UTC and says nothing.
	if _, err := time.LoadLocation(template.UserTimezone); err != nil {
		faults = append(faults, Fault{userTimezone, fmt.Sprintf("%q is not the name of a time zone, such as Europe/Berlin", template.UserTimezone)})
	}
	return template, faults
}

// oneOf adds a fault if value is neither empty nor among the known ones. The SDK
// leaves enumerations open for what LangSmith may add; here, what is not known
// is more likely a slip, and would be made two hundred times.
func oneOf[T ~string](faults []Fault, column string, value T, known ...T) []Fault {
	if value == "" || slices.Contains(known, value) {
		return faults
	}
	var names []string
	for _, k := range known {
		names = append(names, string(k))
	}
	return append(faults, Fault{column, fmt.Sprintf("%q is not one of %s", value, strings.Join(names, ", "))})
}
