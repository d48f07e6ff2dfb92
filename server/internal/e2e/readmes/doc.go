// Package readmes has the test of all commands that READMEs tell their readers to type.
package readmes
