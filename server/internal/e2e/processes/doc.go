// Package processes tests servers that run as processes of their own and are killed. There is nothing in it but tests.
package processes
