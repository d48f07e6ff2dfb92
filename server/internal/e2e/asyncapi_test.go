package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v2"

	httpdoor "github.com/matchq/matchq/server/internal/door/http"
	"github.com/matchq/matchq/server/internal/play/commands"
)

// events is the AsyncAPI document that the server serves.
var events = sync.OnceValues(func() (*asyncAPI, error) {
	var tree any
	if err := yaml.Unmarshal(httpdoor.AsyncAPI, &tree); err != nil {
		return nil, err
	}
	doc := &asyncAPI{tree: jsonOf(tree).(map[string]any), schemas: map[string]*jsonschema.Schema{}}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	if err := compiler.AddResource("asyncapi", doc.tree); err != nil {
		return nil, err
	}
	for name := range object(doc.tree).at("components.messages").(map[string]any) {
		schema, err := compiler.Compile("asyncapi#/components/messages/" + name + "/payload")
		if err != nil {
			return nil, err
		}
		doc.schemas[name] = schema
	}
	return doc, nil
})

type asyncAPI struct {
	tree    map[string]any
	schemas map[string]*jsonschema.Schema // of frames, by event
}

// jsonOf turns values of the YAML module into those of a JSON decoder.
func jsonOf(tree any) any {
	switch v := tree.(type) {
	case map[any]any:
		all := map[string]any{}
		for key, value := range v {
			all[fmt.Sprint(key)] = jsonOf(value)
		}
		return all
	case []any:
		for i := range v {
			v[i] = jsonOf(v[i])
		}
	}
	return tree
}

// misfit returns why a frame is not as the document says, "" if it is.
func misfit(t *testing.T, event string, frame map[string]any) string {
	t.Helper()
	doc, err := events()
	if err != nil {
		t.Fatal(err)
	}
	schema := doc.schemas[event]
	if schema == nil {
		return "there is no such event"
	}
	frame["event"] = event
	if err := schema.Validate(frame); err != nil {
		return err.Error()
	}
	return ""
}

// misshapen returns the error of a server's event, "" if it is correct.
func misshapen(t *testing.T, got sight) string {
	t.Helper()
	event, frame := strings.TrimPrefix(got.Event, "/ "), map[string]any{"data": got.Data} // of / it is the same
	if got.See == "ack" {
		answer, _ := got.Data.(map[string]any)
		if answer["error"] == nil {
			return "" // an acknowledgement is compared with its event
		}
		event, frame = "error", map[string]any{"data": answer["error"], "id": 1}
	} else if got.See != "event" {
		return ""
	}
	if got.Seq != "" {
		frame["seq"] = got.Seq
	}
	return misfit(t, event, frame)
}

// TestAsyncAPI checks that the document is one of AsyncAPI 3.0, that it has the events of the code, both ways, and that
// its schemas refuse wrong data.
func TestAsyncAPI(t *testing.T) {
	t.Parallel()
	doc, err := events()
	if err != nil {
		t.Fatal(err)
	}
	handled, sends := commands.Names()
	operations := object(doc.tree).at("operations").(map[string]any)
	for event := range doc.schemas {
		if object(doc.tree).at("channels.socket.messages."+event) == nil {
			t.Errorf("the channel lacks %s", event)
		}
		if (operations[event] != nil) != slices.Contains(handled, event) {
			t.Errorf("the operations differ from the code in %s", event)
		}
		if !slices.Contains(handled, event) && !slices.Contains(sends, event) {
			t.Errorf("the code has no event %s", event)
		}
	}
	for _, event := range slices.Concat(handled, sends) {
		if doc.schemas[event] == nil {
			t.Errorf("the document lacks %s", event)
		}
	}
	for _, c := range []struct{ event, data, misfit string }{
		{"game_over", `{"roomId":"r","results":[],"reason":"finished"}`, "^$"},
		{"game_over", `{"roomId":"r","results":[],"reason":"won"}`, "reason"},
		{"game_over", `{"roomId":"r","results":[],"reason":"forfeit"}`, "forfeitedBy"},
		{"game_over", `{"roomId":"r","results":[],"reason":"void","forfeitedBy":[]}`, "forfeitedBy"},
		{"match_status", `{"status":"EXPIRED","ticketId":"t","queue":7}`, "^$"},
		{"match_status", `{"status":"EXPIRED","ticketId":"t","queue":7,"secret":1}`, "secret"},
		{"match_status", `{"status":"CANCELLED","ticketId":"t","queue":7}`, "reason"},
		{"state", `{"ticket":{"status":"PUSHED_TO_QUEUE"}}`, "ticketId"},
		{"send_answer", `{"roomId":"r","questionItemId":1,"answer":true}`, "answer"},
		{"make_tea", `{}`, "no such event"},
	} {
		if problem := misfit(t, c.event, map[string]any{"data": decode(t, c.data)}); !regexp.MustCompile(c.misfit).MatchString(problem) {
			t.Errorf("%s %s: %q", c.event, c.data, problem)
		}
	}
}

// The document is valid by the schema of AsyncAPI itself.
func TestAsyncAPIIsValid(t *testing.T) {
	t.Parallel()
	needPackage(t, "@asyncapi/specs")
	text, err := os.ReadFile(clientsFolder + "/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json")
	if err != nil {
		t.Fatal(err)
	}
	of, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema", of); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := events()
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc.tree); err != nil {
		t.Error(err)
	}
	wrong := map[string]any{"asyncapi": "3.0.0", "info": map[string]any{"title": "no version"}}
	if schema.Validate(wrong) == nil {
		t.Error("the schema accepts a document without a version")
	}
}
