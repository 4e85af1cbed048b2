package once

// KeysAtWork is how many keys the process keeps a lock for.
func KeysAtWork() int {
	keyLocks.mu.Lock()
	defer keyLocks.mu.Unlock()
	return len(keyLocks.held)
}
