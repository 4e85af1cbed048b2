package transport

// Pacings is how many credentials the process remembers.
func Pacings() int {
	pacings.Lock()
	defer pacings.Unlock()
	return len(pacings.byKey)
}

// ForgetPacing is what the garbage collector does once the pacing of c is gone,
// or thinks it does: a new one may have come in its place.
func ForgetPacing(c *Client, scope string) { forgetPacing(keyFor(c.vendor.Name, scope, c.secrets())) }
