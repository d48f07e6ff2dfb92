package processes_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

var pollerCount = flag.Int("pollers", 300, "sessions that poll, of the test of them")

// cpu is the time that a server has worked.
func (p *process) cpu() time.Duration {
	p.t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		p.t.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // of the kernel's ticks
}

// pollingPlayer is a client of Engine.IO 4 that only polls.
type pollingPlayer struct {
	client  *http.Client
	address string
	packets []string
}

func (p *pollingPlayer) do(method, body string) (string, error) {
	r, err := http.NewRequest(method, p.address, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", method, answer.StatusCode, data)
	}
	return string(data), err
}

// await polls until a packet contains a text.
func (p *pollingPlayer) await(text string) error {
	return p.poll(func(packet string) bool { return packet != "2" && strings.Contains(packet, text) })
}

// awaitPing polls until a ping has come.
func (p *pollingPlayer) awaitPing() error {
	return p.poll(func(packet string) bool { return packet == "2" })
}

// poll polls until a packet is the one that is meant. It answers pings.
func (p *pollingPlayer) poll(is func(packet string) bool) error {
	for {
		if len(p.packets) == 0 {
			body, err := p.do(http.MethodGet, "")
			if err != nil {
				return err
			}
			p.packets = strings.Split(body, "\x1e")
		}
		packet := p.packets[0]
		p.packets = p.packets[1:]
		if packet == "2" {
			if _, err := p.do(http.MethodPost, "3"); err != nil {
				return err
			}
		}
		if is(packet) {
			return nil
		}
	}
}

// queue connects and queues the player.
func (p *pollingPlayer) queue(url, name string) error {
	p.address = url + "/socket.io/?EIO=4&transport=polling"
	body, err := p.do(http.MethodGet, "")
	if err != nil {
		return err
	}
	var open struct{ SID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, "0")), &open); err != nil {
		return err
	}
	p.address += "&sid=" + open.SID
	_, err = p.do(http.MethodPost, "40/sunapp,")
	if err == nil {
		err = p.await(`40/sunapp,`)
	}
	if err == nil {
		err = p.queueAgain(name)
	}
	return err
}

// queueAgain queues the player, who is connected.
func (p *pollingPlayer) queueAgain(name string) error {
	_, err := p.do(http.MethodPost, `42/sunapp,["create_general_game_match",{"userId":"`+name+`","questionaireId":"q"}]`)
	if err == nil {
		err = p.await("PUSHED_TO_QUEUE")
	}
	return err
}

// Many sessions poll on one node. Each costs little while it waits, and all are told of their match within a second.
func TestManyPollers(t *testing.T) {
	env := matchqtest.Real(t)
	p := startProgram(t, build(t), env, "--interval", "1h", "--log-level", "info", "--rate-limit", "off", "--rate-limit-address", "off", "--ticket-ttl", "0")
	m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Interval: time.Hour, TTL: matchq.Never, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	p.probe(from("127.0.0.2"), 40)
	before := p.memory()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * *pollerCount}}
	t.Cleanup(client.CloseIdleConnections)

	players := make([]*pollingPlayer, *pollerCount)
	for i := range players {
		players[i] = &pollingPlayer{client: client}
	}
	// each has all players do something, some of them at once, and returns how to wait until they have.
	each := func(atOnce int, do func(i int, player *pollingPlayer) error) (wait func()) {
		var all sync.WaitGroup
		turns := make(chan bool, atOnce)
		for i, player := range players {
			all.Go(func() {
				turns <- true
				defer func() { <-turns }()
				if err := do(i, player); err != nil {
					t.Error(err)
				}
			})
		}
		return all.Wait
	}
	each(64, func(i int, player *pollingPlayer) error { return player.queue(p.url, fmt.Sprint("player-", i)) })()
	t.Logf("%d sessions: %d KiB each", *pollerCount, (p.memory()-before)<<10 / *pollerCount)
	if *pollerCount > 1000 { // else it would take as long as a heartbeat does
		began, worked := time.Now(), p.cpu()
		each(*pollerCount, func(_ int, player *pollingPlayer) error { return player.awaitPing() })()
		t.Logf("waiting: %.0f %% of a processor, %d KiB each", 100*float64(p.cpu()-worked)/float64(time.Since(began)), (p.memory()-before)<<10 / *pollerCount)
	}
	var took time.Duration
	for range 3 { // other work on the machine may disturb a measurement, but not all of them
		told := each(*pollerCount, func(_ int, player *pollingPlayer) error { return player.await(`"MATCHED"`) })
		began := time.Now()
		if _, err := m.Tick(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}
		told()
		took = time.Since(began)
		t.Logf("all are told after %v", took)
		if took <= time.Second || t.Failed() {
			return
		}
		each(64, func(i int, player *pollingPlayer) error { return player.queueAgain(fmt.Sprint("player-", i)) })()
	}
	t.Errorf("the last is told after %v", took)
}
