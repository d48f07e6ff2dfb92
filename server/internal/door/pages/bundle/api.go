package main

import (
	"bytes"
	_ "embed" // the template
	"html/template"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed api.html
var apiTemplate string

// The page of the API: the data of its template.
type (
	apiPage struct {
		Calls, Events           template.HTML // introductions
		Proofs                  []field
		CallGroups, EventGroups []group
		TypeGroups              []group
	}

	group struct {
		ID, Name, Key string // Key is that of a translated name
		Text          template.HTML
		Items         []item
	}

	// item is a call, an event or a type.
	item struct {
		ID, Kind, Name, Summary string
		Text                    template.HTML
		Type                    template.HTML // of a type that is no object
		Proof                   string
		Parameters              []field
		Bodies                  []body
		Answers                 []answer
		Fields                  []field
		Example                 string
		Replies                 []string
	}

	// body is the body of a request or an answer.
	body struct {
		Media   string
		Type    template.HTML
		Fields  []field
		Example string
	}

	answer struct {
		Status  string
		Text    template.HTML
		Headers []field
		Bodies  []body
	}
)

// lineBreaks are for readers of the template alone.
var lineBreaks = regexp.MustCompile(`\n\s*`)

// apiHTML makes the page of the API out of its two documents.
func apiHTML(dir string) ([]byte, error) {
	calls, err := readSpec(filepath.Join(dir, "../http/openapi.yaml"), "type-")
	if err != nil {
		return nil, err
	}
	events, err := readSpec(filepath.Join(dir, "../http/asyncapi.yaml"), "data-")
	if err != nil {
		return nil, err
	}
	page := apiPage{
		Calls: prose(calls.text(calls.root, "info", "description")), CallGroups: calls.callGroups(), Proofs: calls.proofs(),
		Events: prose(events.text(events.root, "info", "description")), EventGroups: events.eventGroups(),
		TypeGroups: []group{
			{ID: "types-calls", Key: "ofCalls", Name: "Of calls", Items: calls.typeItems()},
			{ID: "types-events", Key: "ofEvents", Name: "Of events", Items: events.typeItems()},
		},
	}
	parsed, err := template.New("api").Parse(lineBreaks.ReplaceAllString(apiTemplate, ""))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, page)
	return out.Bytes(), err
}

// proofs are the ways to prove a caller's identity.
func (s *spec) proofs() []field {
	var all []field
	s.each(s.at(s.root, "components", "securitySchemes"), func(name string, scheme any) {
		place := "header Authorization: Bearer"
		if where := s.text(scheme, "in"); where != "" {
			place = where + " " + s.text(scheme, "name")
		}
		all = append(all, field{Name: name, Type: code(place), Text: prose(s.text(scheme, "description"))})
	})
	return all
}

var methods = []string{"get", "post", "put", "patch", "delete"}

// callGroups are the calls by their tags.
func (s *spec) callGroups() []group {
	var groups []group
	for _, tag := range s.list(s.root, "tags") {
		g := group{ID: "calls-" + s.text(tag, "name"), Name: s.text(tag, "name"), Text: prose(s.text(tag, "description"))}
		s.each(own(s.root, "paths"), func(path string, calls any) {
			for _, method := range methods {
				if call := own(calls, method); call != nil && s.list(call, "tags")[0] == g.Name {
					g.Items = append(g.Items, s.call(path, method, calls, call))
				}
			}
		})
		groups = append(groups, g)
	}
	return groups
}

func (s *spec) call(path, method string, calls, call any) item {
	i := item{
		ID: "call-" + s.text(call, "operationId"), Kind: strings.ToUpper(method), Name: path,
		Summary: s.text(call, "summary"), Text: prose(s.text(call, "description")), Proof: s.proof(call),
		Bodies: s.bodies(own(s.at(call, "requestBody"), "content")),
	}
	for _, parameter := range append(s.list(calls, "parameters"), s.list(call, "parameters")...) {
		i.Parameters = append(i.Parameters, field{
			Name: s.text(parameter, "name"), In: s.text(parameter, "in"), Type: s.typeOf(own(s.at(parameter), "schema")),
			Required: s.at(parameter, "required") == true, Text: prose(s.text(parameter, "description")),
		})
	}
	s.each(own(call, "responses"), func(status string, given any) {
		a := answer{Status: status, Text: prose(s.text(given, "description"))}
		if status[0] < '4' { // the errors' bodies are all alike
			a.Bodies = s.bodies(s.at(given, "content"))
		}
		s.each(s.at(given, "headers"), func(name string, header any) {
			a.Headers = append(a.Headers, field{Name: name, Type: s.typeOf(own(s.at(header), "schema")), Text: prose(s.text(header, "description"))})
		})
		i.Answers = append(i.Answers, a)
	})
	return i
}

// proof names the proofs of a call, one of which is needed.
func (s *spec) proof(call any) string {
	wanted := s.list(call, "security")
	if own(call, "security") == nil {
		wanted = s.list(s.root, "security")
	}
	var names []string
	for _, one := range wanted {
		s.each(one, func(name string, _ any) { names = append(names, name) })
	}
	return strings.Join(names, ", ")
}

func (s *spec) bodies(content any) []body {
	var all []body
	s.each(content, func(media string, given any) {
		schema := own(given, "schema")
		b := body{Media: media}
		if schema != nil {
			b.Type = s.typeOf(schema)
		}
		if own(schema, "$ref") == nil {
			b.Fields = s.fields(schema, "")
		}
		if example := own(given, "example"); example != nil {
			b.Example = spread(example, "")
		}
		all = append(all, b)
	})
	return all
}

// eventGroups are the events of the WebSocket: those of clients with their answers, and those of the server.
func (s *spec) eventGroups() []group {
	clients, server := group{ID: "events-client", Key: "client", Name: "The client sends"}, group{ID: "events-server", Key: "server", Name: "The server sends"}
	replies := map[string][]string{}
	s.each(own(s.root, "operations"), func(_ string, operation any) {
		if s.text(operation, "action") != "receive" {
			return
		}
		name := nameOf(s.list(operation, "messages")[0])
		replies[name] = []string{}
		for _, reply := range s.list(operation, "reply", "messages") {
			if event := nameOf(reply); event != "ack" && event != "error" {
				replies[name] = append(replies[name], event)
			}
		}
	})
	s.each(s.at(s.root, "components", "messages"), func(name string, message any) {
		payload := s.at(message, "payload")
		data := own(own(payload, "properties"), "data")
		i := item{
			ID: "event-" + name, Name: name, Summary: s.text(message, "summary"),
			Text: prose(s.text(data, "description")), Fields: s.fields(s.at(data), ""), Example: spread(s.sample(payload), ""),
		}
		if i.Fields == nil {
			i.Type = s.typeOf(s.at(data))
		}
		if answers, ofClient := replies[name]; ofClient {
			i.Replies = answers
			i.Example = `{"event": "` + name + `", "data": ` + spread(s.sample(data), "") + `, "id": 1}`
			clients.Items = append(clients.Items, i)
			return
		}
		server.Items = append(server.Items, i)
	})
	return []group{clients, server}
}

// nameOf is the last part of a reference.
func nameOf(value any) string {
	ref, _ := own(value, "$ref").(string)
	return ref[strings.LastIndex(ref, "/")+1:]
}

// typeItems are the schemas of a document but for those of its events, which stand there.
func (s *spec) typeItems() []item {
	var all []item
	s.each(s.at(s.root, "components", "schemas"), func(name string, schema any) {
		i := item{ID: s.idOf(name), Name: name, Text: prose(s.text(schema, "description")), Fields: s.fields(schema, "")}
		if i.Fields == nil {
			i.Type = s.typeOf(schema)
		}
		if !s.ofEvent(name) {
			all = append(all, i)
		}
	})
	return all
}
