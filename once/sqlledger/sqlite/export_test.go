package sqlite

import "os"

// WithoutLinks makes as if the file system had no hard links, until what it returns
// is run.
func WithoutLinks() (restore func()) {
	link = func(string, string) error { return os.ErrPermission }
	return func() { link = os.Link }
}
