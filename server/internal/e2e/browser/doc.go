// Package browser tests the server's pages in a real browser. There is nothing in it but tests.
//
// They need Chromium or Chrome on the PATH. Without it they are skipped, or fail if MATCHQ_REQUIRE_BROWSER is 1. With
// MATCHQ_SCREENSHOTS=FOLDER they leave pictures of the pages there.
package browser
