package main

import (
	"os"
	"path/filepath"
	"testing"
)

const document = `
info: {description: "**One** <two> ` + "`three`" + `.\n\nFour."}
components:
  messages: {hello: {}}
  schemas:
    Name: {type: string, maxLength: 9}
    hello: {type: object}
    Party:
      type: object
      required: [names]
      properties:
        names: {type: array, items: {$ref: "#/components/schemas/Name"}}
        kind: {enum: [<a>, b]}
        of: {type: array, items: {type: object, required: [at], properties: {at: {type: [integer, "null"], minimum: 1}}}}
        said: {oneOf: [{$ref: "#/components/schemas/hello"}, {type: boolean}]}
`

func TestSpec(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "spec.yaml")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := readSpec(path, "type-")
	if err != nil {
		t.Fatal(err)
	}
	if got := prose(s.text(s.root, "info", "description")); got != "<p><strong>One</strong> &lt;two&gt; <code>three</code>.</p><p>Four.</p>" {
		t.Errorf("prose: %s", got)
	}
	party := s.at(s.root, "components", "schemas", "Party")
	want := []field{
		{Name: "names", Type: `list of <a href="#type-Name">Name</a>`, Required: true},
		{Name: "kind", Type: "<code>&#34;&lt;a&gt;&#34;</code> or <code>&#34;b&#34;</code>"},
		{Name: "of", Type: "list of object"},
		{Name: "of[].at", Type: "integer or null, at least 1", Required: true},
		{Name: "said", Type: `<a href="#event-hello">hello</a> or boolean`},
	}
	got := s.fields(party, "")
	if len(got) != len(want) {
		t.Fatalf("%d fields: %v", len(got), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
	if got := spread(s.sample(party), ""); got != `{"names": ["…"]}` {
		t.Errorf("a sample: %s", got)
	}
	if got := spread(s.root, ""); len(got) < len(document) || got[:2] != "{\n" {
		t.Errorf("a long value is on one line: %s", got)
	}
}
