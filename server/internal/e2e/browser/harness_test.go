package browser_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
	"github.com/matchq/matchq/server/internal/base/flags"
	"github.com/matchq/matchq/server/internal/base/redisconn"
)

// patience is the time-out of expected events. A test that passes does not wait that long.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	redisconn.LogTo(slog.New(slog.DiscardHandler)) // the driver's errors about a Redis that is away are expected
	waitTogether()
	code := m.Run()
	chromium.end()
	os.Exit(code)
}

// waitTogether runs more tests in parallel than there are processors, unless -parallel is set: they wait most of the
// time.
func waitTogether() {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	}
}

// onBoth runs a test on the embedded Redis and on a real one, which no test stops.
func onBoth(t *testing.T, test func(t *testing.T, env *matchqtest.Env)) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, matchqtest.Embedded(t))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, matchqtest.Shared(t))
	})
}

// server is a node that serves pages.
type server struct {
	t    *testing.T
	url  string // with the prefix, without a slash at the end
	args []string
	set  func(*app.Config)

	patient bool // Redis is never away

	stop func() // and wait for the end
}

// serve runs a server on a test's Redis. Rate limits are off unless args say otherwise.
func serve(t *testing.T, env *matchqtest.Env, args ...string) *server {
	t.Helper()
	return serveWith(t, env, func(*app.Config) {}, args...)
}

// serveWith is serve with settings that are no flags, such as the times of games.
func serveWith(t *testing.T, env *matchqtest.Env, set func(*app.Config), args ...string) *server {
	t.Helper()
	s := &server{t: t, set: set, patient: env.Server == nil, args: append([]string{
		"--addr", "127.0.0.1:0", "--redis", urlOf(env), "--namespace", env.Namespace, "--interval", "100ms", "--rate-limit", "off",
	}, args...)}
	s.start()
	return s
}

func urlOf(env *matchqtest.Env) string {
	if cluster, ok := env.Client.(*redis.ClusterClient); ok {
		return "redis+cluster://" + strings.Join(cluster.Options().Addrs, ",")
	}
	return env.URL
}

// restart starts the server again, after stop, at the same address.
func (s *server) restart() {
	s.t.Helper()
	before, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	s.args = append(s.args, "--addr", before.Host)
	s.start()
}

func (s *server) start() {
	s.t.Helper()
	f, err := flags.Parse(s.args, io.Discard, io.Discard, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.patient { // on a busy machine it may answer late
		f.CallTimeout = patience
	}
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("MATCHQ_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	// The test's context would end before the pages are closed, and they would lose their server.
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	c := app.NewConfig(f, log)
	s.set(&c)
	n, err := app.Start(ctx, c)
	if err != nil {
		cancel()
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	s.url = n.URL()
	s.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				s.t.Errorf("the server ended with: %v", err)
			}
		case <-time.After(patience):
			s.t.Error("the server does not stop")
		}
	})
	s.t.Cleanup(s.stop)
}

// chromium is the one browser of all tests. It starts with the first that needs it.
var chromium chrome

type chrome struct {
	sync.Once
	ctx   context.Context //nolint:containedctx // it is the browser
	close func()
	err   error
	found bool
}

// names are the names of the browser in different packages.
var names = []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// needBrowser starts the browser; it skips or fails a test if there is none.
func needBrowser(t *testing.T) context.Context {
	t.Helper()
	chromium.Do(chromium.start)
	switch {
	case !chromium.found && os.Getenv("MATCHQ_REQUIRE_BROWSER") == "1":
		t.Fatal("no Chromium is on the PATH, but MATCHQ_REQUIRE_BROWSER is 1: install it (apt-get install chromium)")
	case !chromium.found:
		t.Skip("no Chromium on the PATH: the pages are not tested")
	case chromium.err != nil:
		t.Fatalf("the browser does not start: %v", chromium.err)
	}
	return chromium.ctx
}

func (c *chrome) start() {
	c.close = func() {}
	var path string
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			path, c.found = found, true
			break
		}
	}
	if !c.found {
		return
	}
	dir, err := os.MkdirTemp("", "matchq-browser-")
	if err != nil {
		c.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(dir),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), // pages need no other host
		chromedp.Flag("lang", "en-US"), chromedp.WSURLReadTimeout(patience),
	)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	c.ctx, _ = chromedp.NewContext(allocator)
	c.close = func() {
		patience, cancelPatience := context.WithTimeout(c.ctx, 10*time.Second)
		defer cancelPatience()
		if err := chromedp.Cancel(patience); err != nil && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, "the browser:", err)
		}
		cancel()
		_ = os.RemoveAll(dir)
	}
	c.err = chromedp.Do(c.ctx)
}

// end closes the browser, if there is one.
func (c *chrome) end() {
	c.Do(func() { c.close = func() {} })
	c.close()
}
