package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Tickets made in a second over 64 HTTP connections, with the default rate limits and without, over the requests that a
// bare Echo handler answers with one RPUSH. Clients and server share the process, and the processors with Redis: the
// clients send bytes that were made before, and read no more of an answer than its length.
//
//	go test -run '^$' -bench HTTPEnqueue -benchtime 1x ./server/internal/e2e
func BenchmarkHTTPEnqueue(b *testing.B) {
	const rounds, each = 5, 30_000
	ways := []string{"bare", "limits", "off"}
	redises := map[string]*redis.Client{}
	for _, way := range ways {
		redises[way] = matchqtest.Start(b).Client(b)
	}
	crowds := map[string]*crowd{
		"bare":   newCrowd(b, startBare(b, redises["bare"])),
		"limits": newCrowd(b, startServer(b, redises["limits"])),
		"off":    newCrowd(b, startServer(b, redises["off"], "--rate-limit", "off")),
	}
	for b.Loop() {
		rates, work := map[string][]float64{}, map[string][]float64{}
		for range rounds {
			for _, way := range ways {
				began, own, redis := time.Now(), cpuTime(b), cpuOf(b, redises[way])
				crowds[way].enqueue(each)
				rates[way] = append(rates[way], each/time.Since(began).Seconds())
				work[way] = append(work[way], float64((cpuTime(b)-own+cpuOf(b, redises[way])-redis).Microseconds())/each)
			}
		}
		for _, way := range ways {
			b.ReportMetric(middle(rates[way]), way+"/s")
			b.ReportMetric(middle(work[way]), way+"-processor-µs")
		}
		b.ReportMetric(middle(over(rates["limits"], rates["bare"])), "limits-ratio(goal≥0.6)")
		b.ReportMetric(middle(over(rates["off"], rates["bare"])), "off-ratio(goal≥0.75)")
		b.ReportMetric(0, "ns/op") // left out: one operation is a whole experiment
	}
}

func middle(values []float64) float64 { return slices.Sorted(slices.Values(values))[len(values)/2] }

func over(values, by []float64) []float64 {
	ratios := make([]float64, len(values))
	for i := range values {
		ratios[i] = values[i] / by[i]
	}
	return ratios
}

// startServer runs a server without windows on a redis-server.
func startServer(b testing.TB, rdb *redis.Client, args ...string) (url string) {
	b.Helper()
	url, _ = startBenchOn(b, "redis://"+rdb.Options().Addr, append(args, "--interval", "1h", "--ticket-ttl", "0")...)
	return url
}

// startBare serves a bare handler on a redis-server.
func startBare(b *testing.B, rdb *redis.Client) (url string) {
	b.Helper()
	e := echo.New()
	e.POST("/v1/queues/:queue/tickets", func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		if err := rdb.RPush(c.Request().Context(), "queue:"+c.Param("queue"), body).Err(); err != nil {
			return err
		}
		return c.NoContent(http.StatusCreated)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: e, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

// cpuOf returns the processor time of a redis-server.
func cpuOf(b *testing.B, rdb *redis.Client) time.Duration {
	b.Helper()
	text, err := rdb.Info(b.Context(), "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	var seconds float64
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_user" || name == "used_cpu_sys" {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			seconds += n
		}
	}
	return time.Duration(seconds * float64(time.Second))
}

// crowd is clients that ask a server for tickets, each on a connection from an address of its own.
type crowd struct {
	testing.TB
	clients []*client
	players atomic.Int64
}

type client struct {
	net.Conn
	answers *bufio.Reader
	request []byte
	player  []byte // the digits in request that name the player
}

const crowdSize, crowdQueues = 64, 100

func newCrowd(tb testing.TB, address string) *crowd {
	tb.Helper()
	u, err := url.Parse(address)
	if err != nil {
		tb.Fatal(err)
	}
	c := &crowd{TB: tb}
	for i := range crowdSize {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i))}}
		conn, err := dialer.DialContext(context.Background(), "tcp", u.Host)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = conn.Close() })
		const body = `{"player":"player-00000000","attributes":{"country":"kr","level":9}}`
		request := fmt.Appendf(nil, "POST /v1/queues/quiz-%d/tickets HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			i%crowdQueues, u.Host, len(body), body)
		at := bytes.Index(request, []byte("00000000"))
		c.clients = append(c.clients, &client{Conn: conn, answers: bufio.NewReader(conn), request: request, player: request[at : at+8]})
	}
	c.enqueue(crowdSize) // a connection without a request is closed soon
	return c
}

// enqueue asks for n tickets, each for a new player.
func (c *crowd) enqueue(n int64) {
	c.Helper()
	var asking sync.WaitGroup
	last := c.players.Load() + n
	for _, client := range c.clients {
		asking.Go(func() {
			for {
				player := c.players.Add(1)
				if player > last {
					return
				}
				if err := client.enqueue(player); err != nil {
					c.Error(err)
					return
				}
			}
		})
	}
	asking.Wait()
	c.players.Store(last)
	if c.Failed() {
		c.FailNow()
	}
}

func (c *client) enqueue(player int64) error {
	for i := len(c.player) - 1; i >= 0; i, player = i-1, player/10 {
		c.player[i] = byte('0' + player%10)
	}
	if _, err := c.Write(c.request); err != nil {
		return err
	}
	status, err := c.answers.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 201 ")) {
		rest, _ := c.answers.Peek(c.answers.Buffered())
		return fmt.Errorf("the answer is %s %s", status, rest)
	}
	length := 0
	for {
		line, err := c.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
		if len(line) == len("\r\n") {
			break
		}
	}
	_, err = c.answers.Discard(length)
	return err
}
