package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// page is a tab of a browser of its own: it shares neither storage nor cookies with other pages.
type page struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // it is the tab
	base string          // the base of paths

	features map[string]string // of the media, as the page sees them

	mu       sync.Mutex
	mistakes []string
	expected []*regexp.Regexp
}

// newPage opens an empty page. The test fails on any error of the page that expect has not announced, and on any
// request to another host.
func (s *server) newPage() *page {
	s.t.Helper()
	p := &page{t: s.t, base: s.url, features: map[string]string{}}
	ctx, cancel := chromedp.NewContext(needBrowser(s.t), chromedp.WithNewBrowserContext(), chromedp.WithListener(p.hear))
	p.ctx = ctx
	s.t.Cleanup(func() {
		p.check()
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil { // without a deadline: the tab would end with it
		s.t.Fatalf("open a tab: %v", err)
	}
	// A page in the background draws nothing and has slow timers.
	call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	p.viewport(1280, 800, false)
	return p
}

// open opens a path below the server's address, such as "/demo", on a new page.
func (s *server) open(path string) *page {
	s.t.Helper()
	p := s.newPage()
	p.open(path)
	return p
}

// open goes to a path below the server's address.
func (p *page) open(path string) {
	p.t.Helper()
	p.do("open "+path, chromedp.Navigate(p.base+path))
}

// reload reloads the page, like F5.
func (p *page) reload() {
	p.t.Helper()
	p.do("reload", chromedp.Reload())
}

// leave goes to an empty page, which closes the previous one.
func (p *page) leave() {
	p.t.Helper()
	p.do("leave", chromedp.Navigate("about:blank"))
}

// hear collects the page's errors.
func (p *page) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.mistakef("exception: %s", text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			var texts []string
			for _, arg := range e.Args {
				texts = append(texts, string(arg.Value)+arg.Description)
			}
			p.mistakef("console %s: %s", e.Type, strings.Join(texts, " "))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.mistakef("browser %s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventLoadingFailed:
		if !e.Canceled {
			p.mistakef("request failed: %s (%s)", e.ErrorText, e.Type)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			p.mistakef("request failed: %d %s", e.Response.Status, e.Response.URL)
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "data:") && !strings.HasPrefix(e.Request.URL, "about:") && !sameHost(e.Request.URL, p.base) {
			p.mistakef("request to another host: %s", e.Request.URL)
		}
	}
}

func sameHost(a, b string) bool {
	one, err1 := url.Parse(a)
	other, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && one.Host == other.Host
}

func (p *page) mistakef(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mistakes = append(p.mistakes, fmt.Sprintf(format, args...))
}

// expect announces expected errors, as a regular expression.
func (p *page) expect(pattern string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, regexp.MustCompile(pattern))
}

// check fails the test for errors that were not announced.
func (p *page) check() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, mistake := range p.mistakes {
		announced := false
		for _, pattern := range p.expected {
			announced = announced || pattern.MatchString(mistake)
		}
		if !announced {
			p.t.Errorf("%s: %s", p.base, mistake)
		}
	}
}

// do runs an action with a time-out.
func (p *page) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// eval runs a JavaScript expression, which may be a promise.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	value, err := tryEval[T](p, expression)
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

func tryEval[T any](p *page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// viewport sets the size of the page; a mobile one has touch and no scroll bars.
func (p *page) viewport(width, height int64, mobile bool) {
	p.t.Helper()
	var options []chromedp.EmulateViewportOption
	if mobile {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	p.do("resize", chromedp.EmulateViewport(width, height, options...))
}

// scheme shows the page "light" or "dark".
func (p *page) scheme(name string) { p.media("prefers-color-scheme", name) }

// media sets a media feature, such as prefers-reduced-motion.
func (p *page) media(name, value string) {
	p.t.Helper()
	p.features[name] = value
	params := emulation.SetEmulatedMediaParams{}
	for name, value := range p.features {
		params.Features = append(params.Features, &emulation.MediaFeature{Name: name, Value: value})
	}
	call(p, emulation.SetEmulatedMedia, params)
}

// language sets the user's language in this page's browser. It applies from the next open on.
func (p *page) language(tag string) {
	p.t.Helper()
	call(p, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: eval[string](p, "navigator.userAgent"), AcceptLanguage: tag,
	})
}

// before runs a script in every page opened from now on, before the page's own scripts.
func (p *page) before(script string) {
	p.t.Helper()
	call(p, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// noSidewaysScroll checks that the page is not wider than the window.
func (p *page) noSidewaysScroll() {
	p.t.Helper()
	const wider = `(() => { const s = document.scrollingElement; if (s.scrollWidth <= s.clientWidth) return "";
		const out = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > s.clientWidth);
		return s.scrollWidth + " > " + s.clientWidth + ": " + out.slice(0, 5).map((e) => e.tagName + "." + e.className).join(" "); })()`
	if problem := eval[string](p, wider); problem != "" {
		p.t.Errorf("the page scrolls sideways: %s", problem)
	}
}

// screenshot writes a picture NAME.png to the folder MATCHQ_SCREENSHOTS.
func (p *page) screenshot(name string) {
	p.t.Helper()
	if os.Getenv("MATCHQ_SCREENSHOTS") != "" {
		keepPicture(p.t, name, p.capture())
	}
}

// capture returns a picture of the page, as PNG.
func (p *page) capture() []byte {
	p.t.Helper()
	// Transitions are finished; countdowns and spinners continue.
	eval[int](p, `document.getAnimations().filter((a) => (a instanceof CSSAnimation || a instanceof CSSTransition) &&
		a.effect.getComputedTiming().iterations < 9).map((a) => a.finish()).length`)
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatalf("a picture: %v", err)
	}
	return picture
}

// keepPicture writes a picture NAME.png to the folder MATCHQ_SCREENSHOTS.
func keepPicture(t *testing.T, name string, picture []byte) {
	t.Helper()
	folder := os.Getenv("MATCHQ_SCREENSHOTS")
	if folder == "" {
		return
	}
	if err := errors.Join(os.MkdirAll(folder, 0o750), os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600)); err != nil {
		t.Errorf("picture %s: %v", name, err)
	}
}

// call sends the browser a command about the page.
func call[P, R any](p *page, command cdp.Command[P, R], params P) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if _, err := chromedp.Call(ctx, command, params); err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
}

// element returns the JavaScript for the first element of a selector.
func element(selector string) string { return "document.querySelector(" + quoted(selector) + ")" }

func quoted(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(data)
}
