package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	url, token   string
	guests       bool
	http, events bool
	connections  int

	players, queues int
	queue           string
	zipf            float64
	seed            uint64

	burst          bool
	rate           float64
	ramp, duration time.Duration
	hold           time.Duration

	answerWithin, outcomeWithin, settle time.Duration
	reconnect, online                   bool
	sources                             int
	allow                               map[string]bool

	json, svg string
}

// parse reads the flags and checks them.
func parse(args []string, log io.Writer) (*options, error) {
	o := &options{}
	var allow string
	f := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	f.SetOutput(log)
	f.StringVar(&o.url, "url", "http://127.0.0.1:4000", "`URL` of the server")
	f.StringVar(&o.token, "token", "", "`SECRET` sent as Authorization: Bearer. The server's API key acts for all players")
	f.BoolVar(&o.guests, "guests", false, "take a guest token for each player, from a server with --jwt-secret and --demo")
	f.BoolVar(&o.http, "http", false, "use HTTP instead of WebSockets")
	f.BoolVar(&o.events, "events", false, "with --http: follow tickets by event streams instead of long polls")
	f.IntVar(&o.connections, "connections", 64, "with --http: connections that ask for tickets")
	f.IntVar(&o.players, "players", 1000, "number of players, each with a connection of its own")
	f.IntVar(&o.queues, "queues", 1, "number of queues")
	f.StringVar(&o.queue, "queue", "load", "`NAME` that queues begin with")
	f.Float64Var(&o.zipf, "zipf", 0, "skew of the queues: exponent of a Zipf distribution, above 1, e.g. 1.2; 0 spreads players evenly")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the choice of queues")
	f.BoolVar(&o.burst, "burst", false, "all players connect first, then ask in the same moment")
	f.Float64Var(&o.rate, "rate", 100, "players that ask, a second")
	f.DurationVar(&o.ramp, "ramp", 0, "time in which the rate rises from 0")
	f.DurationVar(&o.duration, "duration", 0, "ask for so long; players whose match is made ask again. 0: each player asks once")
	f.DurationVar(&o.hold, "hold", 0, "time between the last connection and the first request, e.g. to measure idle connections")
	f.DurationVar(&o.answerWithin, "answer-within", 10*time.Second, "bound for an answer of the server")
	f.DurationVar(&o.outcomeWithin, "outcome-within", 70*time.Second, "bound for a player's outcome; above the server's --ticket-ttl")
	f.DurationVar(&o.settle, "settle", 12*time.Second, "after the last match, cancel those left over; above two of the server's intervals")
	f.BoolVar(&o.reconnect, "reconnect", false, "connect again if a WebSocket breaks, e.g. to restart the server meanwhile")
	f.BoolVar(&o.online, "online", false, "WebSockets name their player before they ask")
	f.IntVar(&o.sources, "sources", 0, "loopback addresses to connect from, for a server on loopback. 0: one for every 20,000 players")
	f.StringVar(&allow, "allow", "", "error `CODES` that are no failure, e.g. overloaded,rate_limited")
	f.StringVar(&o.json, "json", "", "`FILE` for the results as JSON")
	f.StringVar(&o.svg, "svg", "", "`FILE` for a chart of the percentiles")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	o.allow = map[string]bool{}
	for code := range strings.SplitSeq(allow, ",") {
		o.allow[code] = code != ""
	}
	o.url = strings.TrimSuffix(o.url, "/")
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q: options begin with --", f.Arg(0))
	}
	return o, o.check()
}

func (o *options) check() error {
	address, err := url.Parse(o.url)
	switch {
	case err != nil || address.Scheme != "http" && address.Scheme != "https":
		return fmt.Errorf("--url must be like http://127.0.0.1:4000, not %q", o.url)
	case o.players < 2:
		return errors.New("--players must be at least 2")
	case o.queues < 1 || o.connections < 1:
		return errors.New("--queues and --connections must be at least 1")
	case o.zipf != 0 && o.zipf <= 1:
		return errors.New("--zipf must be above 1, or 0 for no skew")
	case o.burst && (o.duration != 0 || o.ramp != 0):
		return errors.New("--burst asks once: leave --duration and --ramp out")
	case !o.burst && o.rate <= 0:
		return errors.New("--rate must be above 0")
	case o.duration < 0 || o.ramp < 0 || o.hold < 0 || o.answerWithin <= 0 || o.outcomeWithin <= 0 || o.settle <= 0:
		return errors.New("durations must not be negative, bounds must be above 0")
	case o.http && (o.reconnect || o.online):
		return errors.New("--reconnect and --online are for WebSockets: leave --http out")
	case o.events && !o.http:
		return errors.New("--events needs --http")
	case o.guests && o.token != "":
		return errors.New("--guests gives each player a token: leave --token out")
	}
	return o.chooseSources(address.Hostname())
}

// chooseSources sets how many addresses to connect from.
func (o *options) chooseSources(host string) error {
	const each = 20_000 // connections; an address has about 28,000 ports for a server
	loopback := host == "localhost" || net.ParseIP(host).IsLoopback()
	switch {
	case o.sources < 0 || o.sources > 200:
		return errors.New("--sources must be from 0 to 200")
	case o.sources > 1 && !loopback:
		return errors.New("--sources is for a server on loopback: run loadtest on several machines instead")
	case o.sources == 0 && loopback:
		o.sources = 1 + o.players/each
	}
	return nil
}
