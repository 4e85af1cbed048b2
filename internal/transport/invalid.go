package transport

import (
	"strconv"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// Invalid is the error for a fault that was found before anything was sent.
func Invalid(v *Vendor, operation, field, reason string) *agentcopy.Error {
	return &agentcopy.Error{
		Provider:  v.Name,
		Operation: operation,
		Outcome:   agentcopy.OutcomeNotCopied,
		Message:   field + ": " + reason,
		Fields:    []agentcopy.FieldError{{Field: field, Reason: reason}},
		Err:       agentcopy.ErrInvalid,
	}
}

// notMade is the error of a client that is nil or zero.
func notMade(v *Vendor, operation string) *agentcopy.Error {
	return Invalid(v, operation, "Client", "was not made by New")
}

// setupError is the error for an option that cannot be used. The option's own
// error begins with its name.
func setupError(v *Vendor, operation string, err error) *agentcopy.Error {
	field, reason, ok := strings.Cut(err.Error(), ": ")
	if !ok {
		field, reason = "opts", err.Error()
	}
	e := Invalid(v, operation, field, reason)
	e.Err = invalidCause{err}
	return e
}

// invalidCause is ErrInvalid and the error of an option at once.
type invalidCause struct{ option error }

func (c invalidCause) Error() string   { return agentcopy.ErrInvalid.Error() }
func (c invalidCause) Unwrap() []error { return []error{agentcopy.ErrInvalid, c.option} }

// CheckID refuses an ID that cannot be a segment of a path.
func CheckID(v *Vendor, op *Operation, field, id string) error {
	switch {
	case strings.TrimSpace(id) == "":
		return Invalid(v, op.Name, field, "is empty")
	case id == "." || id == "..":
		return Invalid(v, op.Name, field, `is "`+id+`", which would name another path`)
	}
	return nil
}

// isUUID reports whether id has the form that two vendors document for their IDs, of any version.
func isUUID(id string) bool {
	const form, digits = "00000000-0000-0000-0000-000000000000", "0123456789abcdefABCDEF"
	if len(id) != len(form) {
		return false
	}
	for i := range len(form) {
		if form[i] == '-' && id[i] != '-' || form[i] != '-' && strings.IndexByte(digits, id[i]) < 0 {
			return false
		}
	}
	return true
}

// CheckUUID refuses an ID that is not a UUID.
func CheckUUID(v *Vendor, op *Operation, field, id string) error {
	if err := CheckID(v, op, field, id); err != nil {
		return err
	}
	if !isUUID(id) {
		return Invalid(v, op.Name, field, "is "+shown(id)+", not a UUID like this vendor's agent IDs")
	}
	return nil
}

// shown is a refused ID as it can stand in a message. What does not look like a UUID
// may be a credential that was given by mistake: only its beginning is shown.
func shown(id string) string {
	const likeUUID, little = "0123456789abcdefABCDEF-{}", 8
	if len(id) <= little || len(id) <= 50 && strings.Trim(id, likeUUID) == "" {
		return strconv.Quote(id)
	}
	return strconv.Quote(strings.ToValidUTF8(id[:little], "")) + "..."
}

// CheckHeaderValue refuses a value that cannot stand in a header.
func CheckHeaderValue(v *Vendor, op *Operation, field, value string) error {
	if !check.HeaderValue(value) {
		return Invalid(v, op.Name, field, "holds a control character")
	}
	return nil
}
