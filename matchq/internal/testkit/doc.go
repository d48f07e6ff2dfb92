// Package testkit spoils connections, repeats calls and makes replies, for the tests of matchq and its packages.
package testkit
