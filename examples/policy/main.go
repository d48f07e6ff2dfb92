// Policy stores a policy of its own, which makes parties of three roles, and shows the matches it makes.
// It has an embedded Redis, so nothing has to be installed.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
)

//go:embed party.lua
var party string

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	embedded := miniredis.NewMiniRedis()
	if err := embedded.Start(); err != nil {
		return err
	}
	defer embedded.Close()
	rdb := redis.NewClient(&redis.Options{Addr: embedded.Addr(), ContextTimeoutEnabled: true})
	defer rdb.Close()
	m, err := matchq.New(rdb, matchq.Config{})
	if err != nil {
		return err
	}

	// The rules live in Redis: all nodes match the queues dungeon… by the policy from the next call on.
	rules := matchq.Rules{Size: 3, Policy: "party", Source: party}
	if _, err := m.SetRules(ctx, "dungeon*", rules, matchq.Edit{By: "ann"}); err != nil {
		return err
	}
	results, err := m.EnqueueAll(ctx, []matchq.Request{
		request("alice", 1500, `{"roles": ["tank"], "ms": {"eu": 30, "us": 110}}`),
		request("bob", 1600, `{"roles": ["tank", "scout"], "ms": {"eu": 40}}`),
		request("carol", 1550, `{"roles": "healer", "ms": {"eu": 70, "us": 20}}`),
		request("dave", 1450, `{"roles": ["healer"], "ms": {"us": 25}}`),
	})
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil {
			return r.Err
		}
	}
	if _, err := m.Tick(ctx, "dungeon-1"); err != nil { // Run does it every interval
		return err
	}
	for _, r := range results {
		if err := show(ctx, out, m, r.Ticket.ID); err != nil {
			return err
		}
	}
	return nil
}

func request(player string, rating float64, attributes string) matchq.Request {
	return matchq.Request{Queue: "dungeon-1", Player: player, Rating: &rating, Attributes: json.RawMessage(attributes)}
}

// show prints the outcome of a ticket. The data of its match come from the policy.
func show(ctx context.Context, out io.Writer, m *matchq.Matcher, id string) error {
	ticket, err := m.Ticket(ctx, id)
	if err != nil {
		return err
	}
	if ticket.Match == nil {
		fmt.Fprintf(out, "%s waits\n", ticket.Player)
		return nil
	}
	var data struct {
		Region string            `json:"region"`
		Roles  map[string]string `json:"roles"` // role → player
	}
	if err := json.Unmarshal(ticket.Match.Data, &data); err != nil {
		return err
	}
	for role, player := range data.Roles {
		if player == ticket.Player {
			fmt.Fprintf(out, "%s plays %s in %s, with %s\n", player, role, data.Region, strings.Join(ticket.Match.Players(), ", "))
		}
	}
	return nil
}
