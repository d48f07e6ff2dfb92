// Package e2e tests whole servers, by what clients see of them. There is nothing in it but tests.
package e2e
