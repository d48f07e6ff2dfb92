// Package flags has the command line.
package flags

import (
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/matchq/matchq/server/internal/base/limits"
)

// Flags are the flags of the command line. Each has an environment variable too.
type Flags struct {
	Addr             string        `help:"Where to listen. Anything but loopback needs --jwt-secret and --admin-token, or --insecure." default:"127.0.0.1:4000" placeholder:"HOST:PORT"`
	Redis            string        `help:"Redis to use: redis://, rediss://, unix://, redis+cluster://h1:p,h2:p or redis+sentinel://h1:p,h2:p/<master>/<db>. Default: an embedded one, whose data is lost on exit." placeholder:"URL"`
	Namespace        string        `help:"Prefix and hash tag of all keys." default:"matchq" placeholder:"NAME"`
	Interval         time.Duration `placeholder:"5s" help:"How long a queue gathers players before they are matched; 0 matches at once." default:"5s"`
	MatchSize        int           `help:"Players a match." default:"2"`
	TicketTTL        time.Duration `name:"ticket-ttl" help:"How long a ticket waits before it expires; 0 for ever." default:"60s"`
	ReadyTimeout     time.Duration `help:"How long all players of a match have to accept it; 0 matches them without asking." default:"0"`
	Grace            time.Duration `help:"How long a broken connection may be away before its ticket, invitation or game is given up." default:"5s"`
	RoomTTL          time.Duration `name:"room-ttl" help:"The longest a game lasts." default:"30m"`
	Questions        string        `help:"Where quiz questions come from: a folder of JSON sets, or the base URL of a REST API. Default: sets that come along." placeholder:"FOLDER|URL"`
	JWTSecret        string        `name:"jwt-secret" help:"HS256 key of the tokens that players prove themselves with, at least 32 bytes. Default: everybody is who they say they are." placeholder:"SECRET"`
	APIKey           string        `name:"api-key" help:"Key of trusted backends, which act for any player, at least 16 bytes. Better given by the environment, as all secrets." placeholder:"SECRET"`
	AdminToken       string        `help:"Token of operators, at least 16 bytes. Default: whoever is on this machine is one, nobody else." placeholder:"SECRET"`
	Demo             *bool         `help:"Serve a quiz to play at /demo. With --jwt-secret whoever asks gets a guest's token for it, which lasts half an hour. Default: on without --jwt-secret, else off." negatable:""`
	AllowedOrigin    []string      `help:"Origin of web pages that may use this server besides its own, e.g. https://play.example. Repeatable." placeholder:"ORIGIN" sep:","`
	TrustedProxy     []string      `help:"Address or network (CIDR) of proxies whose X-Forwarded-For is believed. Repeatable." placeholder:"CIDR" sep:","`
	PathPrefix       string        `help:"Path below which everything lives, e.g. /matchq." placeholder:"PATH"`
	RateLimit        limits.Rate   `help:"Tickets a player may ask for, e.g. 10/s, 600/m; off turns --rate-limit-address off too." default:"10/s" placeholder:"RATE"`
	RateLimitAddress limits.Rate   `help:"Tickets an address may ask for, or off." default:"500/s" placeholder:"RATE"`
	Insecure         bool          `help:"Listen beyond loopback without --jwt-secret or --admin-token, although whoever reaches the server can then act for any player."`
	LogFormat        string        `help:"auto, text or json; auto is text on a terminal, else JSON." enum:"auto,text,json" default:"auto" placeholder:"FORMAT"`
	LogLevel         string        `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL"`
	Version          bool          `help:"Print the version and exit."`
	Healthcheck      bool          `help:"Ask the server that runs at --addr whether it is ready, and exit with 0 or 1."`

	Keep Keep `kong:"-"`
}

// Keep has retention times. Zeros mean the defaults.
type Keep struct {
	Retention time.Duration // of events and ended tickets
	Outbox    time.Duration // of messages to a player
}

const about = `A matchmaking server: players wait in queues inside Redis and are matched every few seconds.`

// Parse reads the command line and the environment. The error names the flag. For --help it prints the help and calls
// exit.
func Parse(args []string, stdout, stderr io.Writer, exit func(int)) (*Flags, error) {
	var f Flags
	parser, err := kong.New(&f,
		kong.Name("server"), kong.Description(about), kong.DefaultEnvars("MATCHQ"),
		kong.Writers(stdout, stderr), kong.Exit(exit),
		kong.ValueFormatter(flagHelp),
	)
	if err != nil {
		return nil, err
	}
	if _, err := parser.Parse(args); err != nil {
		return nil, err
	}
	return &f, f.check()
}

// flagHelp is a flag's help with its default and its environment variable.
func flagHelp(value *kong.Value) string {
	var notes []string
	if value.HasDefault {
		notes = append(notes, "default "+value.Default)
	}
	for _, env := range value.Tag.Envs {
		notes = append(notes, "$"+env)
	}
	if len(notes) == 0 {
		return value.Help
	}
	return value.Help + " (" + strings.Join(notes, ", ") + ")"
}
