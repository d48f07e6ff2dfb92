//go:build unix

package app

import "syscall"

// openFiles is how many files this process may have open, connections included. Go has raised it as far as it can.
func openFiles() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return minOpenFiles
	}
	return uint64(limit.Cur) //nolint:unconvert // some systems have another type
}
