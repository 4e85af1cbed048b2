package langsmith

// The enumerations below are open: a value newer than this SDK is kept as it
// came. The constants are the values that LangSmith documents.

// Identity is whose credentials an [Agent] acts under.
type Identity string

// The identities of an agent.
const (
	IdentityPersonal Identity = "personal"
	IdentityShared   Identity = "shared"
)

// Visibility is who sees an [Agent].
type Visibility string

// The visibilities of an agent: to the whole workspace, or to its owner.
const (
	VisibilityTenant Visibility = "tenant"
	VisibilityUser   Visibility = "user"
)

// TenantAccessLevel is what the members of the workspace may do with an
// [Agent].
type TenantAccessLevel string

// The access levels of a workspace.
const (
	TenantAccessRead  TenantAccessLevel = "read"
	TenantAccessRun   TenantAccessLevel = "run"
	TenantAccessWrite TenantAccessLevel = "write"
)

// AccessLevel is what the caller may do with an [Agent].
type AccessLevel string

// The access levels of a caller.
const (
	AccessRead  AccessLevel = "READ"
	AccessRun   AccessLevel = "RUN"
	AccessWrite AccessLevel = "WRITE"
)

// BackendType is where an [Agent] works.
type BackendType string

// The types of a backend: only the agent's state, or a sandbox.
const (
	BackendState   BackendType = "state"
	BackendSandbox BackendType = "sandbox"
)

// SandboxScope is what a sandbox is made for.
type SandboxScope string

// The scopes of a sandbox: one for each thread, or one for the agent.
const (
	SandboxScopeThread SandboxScope = "thread"
	SandboxScopeAgent  SandboxScope = "agent"
)

// SkillType is how a [SkillSpec] is given.
type SkillType string

// SkillInline is a skill that is given in full.
const SkillInline SkillType = "inline"

// FileType is what a [FileEntry] stands for.
type FileType string

// The types of a file entry: a file with its content, or a skill of the
// workspace.
const (
	FileTypeFile  FileType = "file"
	FileTypeSkill FileType = "skill"
)
