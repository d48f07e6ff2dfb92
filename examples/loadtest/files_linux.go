package main

import (
	"fmt"
	"syscall"
)

// needFiles raises the limit of open files to n, if it is lower. Go has raised the soft limit to the hard one already;
// only root can raise that.
func needFiles(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	if limit.Cur >= uint64(n) {
		return nil
	}
	raised := syscall.Rlimit{Cur: uint64(n), Max: max(limit.Max, uint64(n))}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised); err != nil {
		return fmt.Errorf("this needs %d open files, the limit is %d: run it after `ulimit -n %d`, as root if need be", n, limit.Cur, n)
	}
	return nil
}
