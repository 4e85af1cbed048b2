package transport

// Pacings is how many credentials the process remembers.
func Pacings() int {
	pacings.Lock()
	defer pacings.Unlock()
	return len(pacings.byKey)
}
