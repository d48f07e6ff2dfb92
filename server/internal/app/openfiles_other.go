//go:build !unix

package app

// openFiles is how many files this process may have open, connections included.
func openFiles() uint64 { return mostConnections + ownFiles }
