package browser_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// leaves lists the texts of a table by their path. Texts with gaps are called with samples.
const leaves = `(table) => { const found = {};
	const walk = (value, path) => {
		if (typeof value === "function") value = value.length === 1 && path.startsWith("notices.") ? value({name: "바다", message: "…"}) : value(...["3", "4", ["5"], "6"].slice(0, Math.max(value.length, 1)));
		if (typeof value === "object" && value !== null) { for (const [key, inner] of Object.entries(value)) walk(inner, path === "" ? key : path + "." + key); }
		else found[path] = String(value);
	};
	walk(table, "");
	return found; }`

// Both languages of each page have the same texts, and the Korean is polite in one way: 해요체.
func TestKoreanIsComplete(t *testing.T) {
	t.Parallel()
	s, p := serve(t, matchqtest.Embedded(t)), sources(t)
	english := map[string]string{"start-words.js": "/", "api-words.js": "/api"} // pages that hold their English
	for _, file := range []string{"start-words.js", "api-words.js", "demo-words.js", "dashboard-words.js"} {
		eval[bool](p, `import("./assets/`+file+`").then(({words}) => { window.tables = words; return true; })`)
		en, ko := eval[map[string]string](p, `(`+leaves+`)(tables.en)`), eval[map[string]string](p, `(`+leaves+`)(tables.ko)`)
		if path, ok := english[file]; ok {
			maps.Copy(en, eval[map[string]string](s.open(path), `Object.fromEntries([...document.querySelectorAll("[data-words]")].map((e) => [e.dataset.words, e.textContent]))`))
		}
		for key := range en {
			if ko[key] == "" && en[key] != "" {
				t.Errorf("%s: %s has no Korean", file, key)
			}
		}
		for key, text := range ko {
			if en[key] == "" && text != "" {
				t.Errorf("%s: %s has no English", file, key)
			}
			if wrong := otherRegister(text); wrong != "" {
				t.Errorf("%s: %s is not 해요체 (%s): %s", file, key, wrong, text)
			}
		}
	}
	texts := eval[map[string]string](p, `import("./assets/dashboard-ko-page.js").then(({koPage}) => koPage)`)
	for english, text := range texts {
		if wrong := otherRegister(text); wrong != "" {
			t.Errorf("%s: %s", wrong, text)
		}
		if english == "" || text == "" {
			t.Errorf("%q is %q", english, text)
		}
	}
}

// otherRegister finds an ending of another register than 해요체, or a particle that was left open, such as 을(를).
func otherRegister(text string) string {
	for _, wrong := range []string{"니다", "십시오", "십니까", "합니까", "(를)", "(을)", "(가)", "(이)", "(와)", "(과)", "하라.", "한다.", "된다."} {
		if strings.Contains(text, wrong) {
			return wrong
		}
	}
	return ""
}

// untranslated lists the visible texts of a page, and those for screen readers, that have Latin words but no Hangul. Names,
// commands and units are as they are.
const untranslated = `(() => { const found = [];
	const known = /\b(matchq|Redis|API|OpenAPI|AsyncAPI|JSON|Lua|SQL|HTTP|WebSocket|Prometheus|QR|vs|id|KiB|MiB|GiB|p50|p95|p99|GMT|UTC|AM|PM|dev|Ctrl|Robo)\b|[0-9.,]+ ?[µm]s\b|v?[0-9a-f]{6,}\S*|[\w-]{14,}/g;
	const judge = (text, where) => { if (/[A-Za-z]{2,}/.test(text.replaceAll(known, "")) && !/\p{Script=Hangul}/u.test(text)) found.push(where + ": " + text.trim()); };
	const skip = (e) => e.closest("code, pre, [lang=en], [translate=no], bdi, noscript, script, style, .name, .icon, #node-table [title], #version") !== null;
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let node = walk.nextNode(); node; node = walk.nextNode()) if (!skip(node.parentElement)) judge(node.data, node.parentElement.tagName);
	for (const e of document.body.querySelectorAll("[aria-label], [placeholder], [title], [data-label]")) if (!skip(e)) for (const name of ["aria-label", "placeholder", "title", "data-label"]) judge(e.getAttribute(name) ?? "", name);
	judge(document.title, "title");
	return found; })()`

// No page shows English to somebody who reads Korean, and each is accessible.
func TestKoreanPagesAreKorean(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h")
	s.setRules("역*", "은지", `{"size":2,"interval":"100ms"}`)
	s.queue("역사", "지훈", "서연", "민준")
	s.queue("음악", "하은")
	s.must("/v1/admin/queues/음악/pause", "")
	p := s.newPage()
	p.language("ko-KR,ko;q=0.9,en;q=0.8")
	p.expect("404")
	for i, path := range []string{"/", "/demo", "/nowhere", "/api", "/dashboard", "/dashboard#queue/역사", "/dashboard#ticket/하은", "/dashboard#rules/역*"} {
		p.open(path)
		p.until(`document.documentElement.lang === "ko"`)
		if strings.HasPrefix(path, "/dashboard") {
			p.reload()
			p.until(`document.querySelector("#link-text")?.textContent === "실시간"`)
			p.until(`document.querySelector("#operator-state").textContent !== ""`)
			p.until(`!document.querySelector("#page").checkVisibility() || document.querySelectorAll("#page tbody tr").length > 1`)
			p.until(`!location.hash.startsWith("#rules") || document.querySelector("#rules-edit").checkVisibility()`)
			p.until(`location.hash !== "" || document.querySelector("#queue-table tbody tr") && document.querySelector("#admin-log-list li")`)
		}
		p.until(`!location.hash.startsWith("#ticket") || document.querySelector("#search-why-text").textContent === "대기열이 중지됐어요"`)
		p.until(`document.querySelector("h1").textContent !== ""`)
		p.looksKorean(i, path)
		switch path { // pages that these link to
		case "/dashboard":
			p.click("#node-table a")
			p.sees("#page-title", "노드")
			p.sees("#page-body", "가동 시간")
			p.looksKorean(i, path+"#node")
		case "/dashboard#queue/역사":
			p.click("#queue-matches a")
			p.sees("#page-title", "매칭")
			p.sees("#player-table", "서연")
			p.looksKorean(i, path+"#match")
		}
	}
}

// looksKorean checks that a page shows no English, is accessible in both themes, and fits. Pages alternate which theme is
// checked on a phone.
func (p *page) looksKorean(i int, path string) {
	p.t.Helper()
	if found := eval[[]string](p, untranslated); len(found) > 0 {
		p.t.Errorf("%s shows:\n%s", path, strings.Join(found, "\n"))
	}
	for j, scheme := range []string{"light", "dark"} {
		p.viewport([]int64{360, 1920}[(i+j)%2], 900, (i+j)%2 == 0)
		p.scheme(scheme)
		p.accessible("body")
	}
	for _, width := range []int64{360, 768, 1920} {
		p.viewport(width, 900, width == 360)
		p.noSidewaysScroll()
		if left := eval[float64](p, `Math.min(...[...document.querySelectorAll("h1, h2, main p")].map((e) => e.getBoundingClientRect()).filter((r) => r.width > 1).map((r) => r.left))`); left < 8 {
			p.t.Errorf("%s, %d wide: texts begin at %v, at the edge of the window", path, width, left)
		}
		p.screenshot(fmt.Sprintf("ko-%d%s", width, strings.NewReplacer("/", "-", "#", "-", "*", "").Replace(path)))
	}
	p.viewport(1280, 800, false)
}
