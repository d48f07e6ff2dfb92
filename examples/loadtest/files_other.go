//go:build !linux

package main

// needFiles does nothing: Go has raised the soft limit of open files to the hard one.
func needFiles(int) error { return nil }
