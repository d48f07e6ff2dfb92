// Package flags has the command line.
package flags

import (
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/limits"
)

// Flags are the flags of the command line. Each has an environment variable too.
type Flags struct {
	Addr             string         `help:"Address to listen on. Beyond loopback it needs --jwt-secret and --admin-token, or --insecure." default:"127.0.0.1:4000" placeholder:"HOST:PORT"`
	Redis            string         `help:"Redis to use: redis://, rediss://, unix://, redis+cluster://h1:p,h2:p or redis+sentinel://h1:p,h2:p/<master>/<db>, the last two also with rediss. Default: an embedded Redis, whose data is lost on exit." placeholder:"URL"`
	Namespace        string         `help:"Prefix and hash tag of all keys." default:"matchq" placeholder:"NAME"`
	Rules            string         `help:"File of rules: a JSON object of patterns of queues and their rules, stored when the server starts." placeholder:"FILE"`
	Interval         *time.Duration `placeholder:"5s" help:"Time for which a queue gathers players; 0 matches at once. This and the next three are rules: stored in Redis when given, else the stored value holds, else 5s."`
	MatchSize        *int           `placeholder:"2" help:"Players in a match."`
	TicketTTL        *time.Duration `name:"ticket-ttl" placeholder:"60s" help:"Time after which a ticket expires; 0 for never."`
	ReadyTimeout     *time.Duration `placeholder:"0" help:"Time for all players to accept a match (ready check); 0 turns the check off."`
	Grace            time.Duration  `help:"Time to reconnect before a player's ticket, invitation and game are given up." default:"5s"`
	RoomTTL          time.Duration  `name:"room-ttl" help:"Longest duration of a game." default:"30m"`
	Questions        string         `help:"Source of quiz questions: a folder of JSON sets, or the base URL of a REST API. Default: the built-in sets." placeholder:"FOLDER|URL"`
	JWTSecret        string         `name:"jwt-secret" help:"HS256 key of players' tokens, at least 32 bytes. Default: the server believes every client." placeholder:"SECRET"`
	APIKey           string         `name:"api-key" help:"Key of trusted backends, which act for any player; at least 16 bytes. Like all secrets it is better set by the environment." placeholder:"SECRET"`
	AdminToken       string         `help:"Token of operators, at least 16 bytes. Default: only requests from this machine are an operator's." placeholder:"SECRET"`
	MaxQueues        int            `help:"Queues that may live at once. A ticket for a new one is refused above that, except by the API key." default:"10000" placeholder:"10000"`
	Demo             *bool          `help:"Serve a quiz at /demo. With --jwt-secret every visitor gets a guest's token for half an hour. Default: on without --jwt-secret, else off." negatable:""`
	AllowedOrigin    []string       `help:"Further origin of web pages that may use this server, e.g. https://play.example. Repeatable." placeholder:"ORIGIN" sep:","`
	TrustedProxy     []string       `help:"Address or network (CIDR) of proxies whose X-Forwarded-For is believed. Repeatable." placeholder:"CIDR" sep:","`
	PathPrefix       string         `help:"Path below which all routes live, e.g. /matchq." placeholder:"PATH"`
	RateLimit        limits.Rate    `help:"Limit of a player's tickets, e.g. 10/s, 600/m; off turns --rate-limit-address off too." default:"10/s" placeholder:"RATE"`
	RateLimitAddress limits.Rate    `help:"Limit of an address's tickets, or off." default:"500/s" placeholder:"RATE"`
	Webhook          []string       `help:"URL that gets a signed POST for each match. Repeatable; all nodes must name the same. Needs --webhook-secret." placeholder:"URL" sep:","`
	WebhookEvents    []string       `help:"Events that webhooks get: matched, proposed, restored, cancelled, expired, assigned, released. Repeatable." default:"matched" placeholder:"EVENT" sep:","`
	WebhookSecret    string         `help:"Key of the signatures of webhooks, at least 16 bytes; better set by the environment." placeholder:"SECRET"`
	Insecure         bool           `help:"Listen beyond loopback without --jwt-secret or --admin-token. Every client can then act for any player."`
	LogFormat        string         `help:"auto, text or json; auto is text on a terminal, else JSON." enum:"auto,text,json" default:"auto" placeholder:"FORMAT"`
	LogLevel         string         `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL"`
	Version          bool           `help:"Print the version and exit."`
	Healthcheck      bool           `help:"Ask the server that runs at --addr whether it is ready, and exit with 0 or 1."`

	stored map[string]matchq.Rules // of the file --rules

	WebhookBackoff []time.Duration `kong:"-"` // between deliveries; nil for the default
	WebhookTimeout time.Duration   `kong:"-"` // of an answer; 0 for the default
	CallTimeout    time.Duration   `kong:"-"` // of a call to Redis; 0 for the default

	Keep  Keep     `kong:"-"`
	Blank []string `kong:"-"` // variables that are set and blank
}

// Keep has retention times. Zeros mean the defaults.
type Keep struct {
	Retention time.Duration // of events and ended tickets
	Mailbox   time.Duration // of messages to a player
}

const about = `A matchmaking server. Players wait in queues inside Redis and are matched every few seconds.`

// Parse reads the command line and the environment. The error names the flag. For --help it prints the help and calls
// exit.
func Parse(args []string, stdout, stderr io.Writer, exit func(int)) (*Flags, error) {
	var f Flags
	parser, err := kong.New(&f,
		kong.Name("server"), kong.Description(about), kong.Resolvers(environment(&f)),
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
	if env := variableOf(value.Name); env != "" {
		notes = append(notes, "$"+env)
	}
	if len(notes) == 0 {
		return value.Help
	}
	return value.Help + " (" + strings.Join(notes, ", ") + ")"
}
