package ws

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/server/internal/door/ws/packet"
)

// Pushes wait until /sunapp is joined, whatever was joined before.
func TestPushesWaitForTheAppNamespace(t *testing.T) {
	t.Parallel()
	s, url, _ := serve(t, Options{Times: Times{App: time.Hour}})
	for _, c := range []struct{ version, hello, welcome string }{{"3", "", "40"}, {"4", "40", `40{"sid":…`}} {
		conn := dial(t, url, "EIO="+c.version)
		if c.hello != "" {
			write(t, conn, c.hello)
		}
		wants(t, conn, c.welcome)
		s.pushAll("early", "5-0")
		write(t, conn, `42["check_socket_id"]`)
		wants(t, conn, `42["notify_socket_id",…`) // an answer does not wait
		write(t, conn, `40/sunapp,`)
		wants(t, conn, `40/sunapp,…`, `42/sunapp,["early",{}]`)
		s.pushAll("late", "6-0")
		wants(t, conn, `42/sunapp,["late",{}]`)
		_ = conn.Close()
	}
}

// If /sunapp is not joined in time pushes go to /, and again to /sunapp if it is joined later.
func TestPushesGoToTheRootNamespace(t *testing.T) {
	t.Parallel()
	s, url, _ := serve(t, Options{Times: Times{App: 20 * time.Millisecond}})
	for _, version := range []string{"3", "4"} {
		conn := dial(t, url, "EIO="+version)
		if version == "4" {
			write(t, conn, "40")
		}
		wants(t, conn, "40…")
		s.pushAll("waiting", "5-0")
		wants(t, conn, `42["waiting",{}]`)
		s.pushAll("at once", "6-0")
		wants(t, conn, `42["at once",{}]`)
		write(t, conn, `40/sunapp,`)
		wants(t, conn, `40/sunapp,…`, `42/sunapp,["waiting",{}]`, `42/sunapp,["at once",{}]`)
		write(t, conn, `41/sunapp,`)
		write(t, conn, `42["check_socket_id"]`)
		wants(t, conn, `42["notify_socket_id",…`)
		s.pushAll("left", "7-0")
		wants(t, conn, `42["left",{}]`)
		_ = conn.Close()
	}
}

// The messages repeated to /sunapp are bounded, and a client that left all namespaces begins anew.
func TestOutletBounds(t *testing.T) {
	var sent []string
	o := &outlet{send: func(p *packet.Packet) { sent = append(sent, string(p.Append(nil))) }, wait: time.Hour}
	joins := func(name string) {
		if !o.join(name, false) {
			t.Fatalf("%s can't be joined", name)
		}
		o.welcome(&packet.Packet{Type: packet.Connect, Namespace: name})
	}
	joins(packet.Root)
	o.settle()
	for i := range 2 * maxRepeated {
		o.push(outPush{event: fmt.Sprint("e", i)})
	}
	o.push(outPush{event: "old"})
	o.rooted[len(o.rooted)-1].at = time.Now().Add(-repeatFor)
	sent = nil
	joins(appNamespace)
	if len(sent) != maxRepeated || sent[1] != `2/sunapp,["e33",{}]` || slices.ContainsFunc(sent, func(p string) bool { return strings.Contains(p, "old") }) {
		t.Errorf("%d packets are repeated: %q", len(sent), sent)
	}
	o.leave(appNamespace)
	large := strings.Repeat("1", maxRepeatedBytes/2)
	for i := range 3 {
		o.push(outPush{event: fmt.Sprint("large", i), data: []byte(large)})
	}
	if len(o.rooted) != 2 {
		t.Errorf("%d large pushes are kept", len(o.rooted))
	}
	if o.leave(appNamespace) || !o.leave(packet.Root) || o.leave(packet.Root) {
		t.Error("the last namespace is not known")
	}
	sent = nil
	o.push(outPush{event: "to nobody"})
	joins(packet.Root)
	o.push(outPush{event: "waits"})
	joins(appNamespace)
	if want := []string{"0", "0/sunapp,", `2/sunapp,["waits",{}]`}; !slices.Equal(sent, want) {
		t.Errorf("got %q, want %q", sent, want)
	}
	if main, all := o.close(); main != appNamespace || !slices.Equal(all, []string{packet.Root, appNamespace}) || o.join(packet.Root, false) {
		t.Errorf("closed in %s of %q", main, all)
	}
}

// A client that violates the protocol is told how, and its connection ends.
func TestMalformedPackets(t *testing.T) {
	t.Parallel()
	_, url, _ := serve(t, Options{})
	for _, c := range []struct{ name, packet, problem string }{
		{"empty", "", "an empty frame"},
		{"engine type", "7", "Engine.IO"},
		{"no packet", "4", "without a type"},
		{"packet type", "4abc", "packet type"},
		{"a refusal", `44/sunapp,{}`, "only the server"},
		{"not JSON", `42/sunapp,["check_socket_id"`, "not JSON"},
		{"not UTF-8", "42/sunapp,[\"\xff\"]", "UTF-8"},
		{"no data", `42/sunapp,`, "array"},
		{"no array", `42/sunapp,{}`, "array"},
		{"no name", `42/sunapp,[]`, "array"},
		{"a name that is none", `42/sunapp,[{}]`, "name"},
		{"an id that is none", `42/sunapp,abc["check_socket_id"]`, "not JSON"},
		{"a long id", `42/sunapp,12345678901234567["check_socket_id"]`, "too large"},
		{"attachments not counted", `45/sunapp,["check_socket_id"]`, "attachments"},
		{"an attachment of nothing", "bAA==", "belongs to no packet"},
		{"credentials that are none", `40/sunapp,[]`, "object"},
		{"a farewell with data", `41/sunapp,{}`, "no data"},
		{"an acknowledgement that is none", `43/sunapp,0{}`, "array"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, url, "EIO=4")
			write(t, conn, `40/sunapp,`)
			wants(t, conn, `40/sunapp,…`)
			write(t, conn, c.packet)
			if got := next(t, conn); !strings.HasPrefix(got, `42/sunapp,["error",{"code":"bad_message",`) || !strings.Contains(got, c.problem) {
				t.Errorf("got %s", got)
			}
			_, _, err := conn.ReadMessage()
			if !websocket.IsCloseError(err, closeProtocol) || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("closed with %v", err)
			}
		})
	}
	t.Run("before a namespace", func(t *testing.T) {
		t.Parallel()
		for _, frame := range []string{`42["check_socket_id"]`, `4x`} {
			conn := dial(t, url, "EIO=4")
			write(t, conn, frame)
			_, _, err := conn.ReadMessage()
			if !websocket.IsCloseError(err, closeProtocol) {
				t.Errorf("%s: closed with %v", frame, err)
			}
		}
	})
	t.Run("between attachments", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, url, "EIO=4")
		write(t, conn, `40/sunapp,`)
		write(t, conn, `451-/sunapp,["x",{"_placeholder":true,"num":0}]`)
		wants(t, conn, `40/sunapp,…`, `42/sunapp,["error",…`)
		write(t, conn, `42/sunapp,["check_socket_id"]`)
		wants(t, conn, `42/sunapp,["error",{"code":"bad_message","message":"a packet before the attachments of the last one"}]`)
		_, _, err := conn.ReadMessage()
		if !websocket.IsCloseError(err, closeProtocol) {
			t.Errorf("closed with %v", err)
		}
	})
}
