// Package clientjs has the JavaScript client as a file, for programs that serve it with their pages.
package clientjs

import _ "embed" // the file

// Source is client.js, an ES module without imports.
//
//go:embed client.js
var Source []byte
