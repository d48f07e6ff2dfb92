package ws

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/door/ws/packet"
	"github.com/matchq/matchq/server/internal/play/commands"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// suites serves what the official test suites of the protocols need, instead of running tests. They are in the folder docs
// of github.com/socketio/socket.io, and connect to port 3000:
//
//	go test ./server/internal/door/ws -args -suites localhost:3000
//	cd engine.io-protocol/v4-test-suite && npm ci && npm test
var suites = flag.String("suites", "", "address to serve for the official test suites")

func TestMain(m *testing.M) {
	flag.Parse()
	if *suites == "" {
		os.Exit(m.Run())
	}
	log.Fatal(http.ListenAndServe(*suites, echoes(context.Background())))
}

// echoes serves the two echoes of the suites, by the paths, the times and the limit that they expect.
func echoes(ctx context.Context) http.Handler {
	times := Times{PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond, Join: time.Second}
	mux := http.NewServeMux()
	for path, layer := range map[string]layer{"/engine.io/": rawEcho, "/socket.io/": eventEcho} {
		s := newEcho(ctx, layer, times)
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { s.SocketIO(w, r, "127.0.0.1") })
	}
	return mux
}

// newEcho makes a Sockets that sends all messages back.
func newEcho(ctx context.Context, layer layer, times Times) *Sockets {
	s := New(ctx, Options{
		Commands: &commands.Handlers{}, Sessions: &sessions.Registry{}, Guard: &identity.Guard{}, Log: slog.New(slog.DiscardHandler), Times: times,
		Refuse: func(w http.ResponseWriter, _ *http.Request, f *wire.Error) { w.WriteHeader(f.Status()) },
	})
	s.layer, s.maxPayload = layer, 1e6
	return s
}

// rawEcho sends Engine.IO messages back.
var rawEcho = layer{
	begin:   func(c *socketIO) { c.joining.Stop() },
	message: func(c *socketIO, data []byte) { c.write(append([]byte{engineMessage}, data...)) },
}

// eventEcho has the namespaces and the events of the Socket.IO suite.
var eventEcho = layer{
	begin: (*socketIO).enterRoot, message: (*socketIO).message,
	isNamespace: func(name string) bool { return name == packet.Root || name == "/custom" },
	joined: func(c *socketIO, p *packet.Packet) {
		auth := p.Data
		if len(auth) == 0 {
			auth = json.RawMessage("{}")
		}
		c.send(packet.NewEvent(p.Namespace, "auth", auth))
	},
	event: func(c *socketIO, p *packet.Packet) {
		var args []json.RawMessage
		if !c.outlet.has(p.Namespace) || json.Unmarshal(p.Data, &args) != nil {
			c.malformed("no such namespace")
			return
		}
		switch string(args[0]) {
		case `"message"`:
			c.send(packet.NewEvent(p.Namespace, "message-back", args[1:]...))
		case `"message-with-ack"`:
			c.send(&packet.Packet{Type: packet.Ack, Namespace: p.Namespace, ID: p.ID, Data: wire.Encode(args[1:])})
		}
	},
}
