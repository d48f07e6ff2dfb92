package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestEdits(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"return function() end", "return function() _step(1,1)  end"},
		{"while x do\n f() end", "while x do _step(1,1) \n f() end"},
		{"repeat local y = 1 until y", "repeat _step(1,1)  local y = 1 until y"},
		{"for i = 1, 2 do a[i] = b[i] end", "for i = 1, 2 do _step(1,1)  a[i] = b[i] end"},
		{"for i = 1, 2 do i = k local x = b[i] end", "for i = 1, 2 do _step(1,1)  i = k local x = _index(1,b,i) end"},
		{"for k in p do x = b[k] end", "for k in p do _step(1,1)  x = _index(1,b,k) end"},
		{"x[k] = y[#y + 1]", "x[k] = y[#y + 1]"},
		{"x[k][j] = y[f()].z", "_index(1,x,k)[j] = _index(1,y,f()).z"},
		{"x.find = y.find.z", "x.find = _index(1,y,\"find\").z"},
		{"f(string.find, s)", "f(string.find, s)"},
		{"string = s f(string.find)", "string = s f(_index(1,string,\"find\"))"},
		{"local string = s f(string.find)", "local string = s f(_index(1,string,\"find\"))"},
		{"x = string.rep(s, 2) + table.sort()", "x = _invoke(1,string.rep,s, 2) + _invoke(1,table.sort )"},
		{"x = {..., select('#', ...)}", "x = {_varargs(...), select('#', _varargs(...))}"},
		{"x:rep()", "_method(1,x,\"rep\" )"},
		{"x:rep(1):find'a'\n:b{1}", "_method(2,_method(1,_method(1,x,\"rep\",1),\"find\",'a')\n,\"b\",{1})"},
		{"x = a .. b", "x = _concat(1,a ,( b))"},
		{"x = a + 1 .. b\n.. -c == d", "x = _concat(1,a + 1 , b\n,( -c)) == d"},
		{"x = 'a' .. (b .. c)", "x = _concat(1,'a' ,( (_concat(1,b ,( c)))))"},
		{"x = a.b[k] .. a.c:d()", "x = _concat(1,_index(1,a.b,k) ,( _method(1,a.c,\"d\" )))"},
		{"a, b = b, a", "a, b = _pass(b, a)"},
		{"a, b = c, d", "a, b = c, d"},
		{"a = f(b) and c", "a = _pass(f(b) and c)"},
		{"a.x = b and c", "a.x = b and c"},
		{"a, t[1] = t[1] .. 'x', a", "a, t[1] = _pass(_concat(1,t[1] ,( 'x')), a)"},
		{"-- a .. b while do\nx = [[a .. b]] --[==[ do ]==]", "-- a .. b while do\nx = [[a .. b]] --[==[ do ]==]"},
	} {
		tokens, fault := scan(c.source)
		if fault != nil {
			t.Errorf("%s: %v", c.source, fault)
			continue
		}
		p := &parser{tokens: tokens, names: newHelpers(tokens)}
		if fault := p.parse(); fault != nil {
			t.Errorf("%s: %v", c.source, fault)
		} else if got := p.edits.apply(c.source, tokens); got != c.want {
			t.Errorf("%s\n became %s\n   want %s", c.source, got, c.want)
		}
	}
}

// A policy that knows the names of our helpers can't take them away.
func TestHelpersHaveNamesOfTheirOwn(t *testing.T) {
	got, fault := instrument("local _step, __index = 1, 2 return function() end")
	if fault != nil || !strings.HasPrefix(got.Source, "local ___step,___concat,___index,___method,___invoke,___varargs,___pass = ... ") {
		t.Errorf("%s, %v", got.Source, fault)
	}
}

func TestALongBodyCostsMore(t *testing.T) {
	for _, source := range []string{
		"return function() " + strings.Repeat("x = x ", 100) + "end",
		"while x" + strings.Repeat(" + 1", 147) + " do end return x",
		"repeat until x" + strings.Repeat(" + 1", 147) + " return x",
	} {
		if got, fault := instrument(source); fault != nil || !strings.Contains(got.Source, "_step(10,1)") {
			t.Errorf("%s, %v", got.Source, fault)
		}
	}
}

// snippets are programs that the parser must judge as Lua does.
var snippets = []string{
	"", ";", "return", "return 1,", "return 1;", "return 1 x = 2", "x", "x = 1", "x, y = 1", "x = ", "x() = 1", "(x) = 1",
	"(x).y = 1", "x.y.z = 1", "x:y = 1", "x:y() z = 1", "f{} 'a' [[b]]", "f\n(x)", "f 'x'\n(y)", "a.b:c(1).d = 2",
	"if x then elseif y then else end", "if x then", "if x end", "while true do end", "while true do", "do end", "do",
	"for i = 1 do end", "for i = 1, 2 do end", "for i = 1, 2, 3 do break end", "for i, j = 1, 2 do end", "for i in x do end",
	"for i, j in pairs(x) do end", "for in x do end", "repeat until x", "repeat", "repeat local x until x",
	"function f() end", "function f.a.b:c(x, ...) end", "function f.a:b.c() end", "function f(x,) end", "function f(..., x) end",
	"local function f() end", "local function f.a() end", "local x", "local x, y = 1, 2, 3", "local x.y = 1", "local 1",
	"break", "while x do break x() end", "while x do return x() end", "while x do f(function() break end) end", "return ...",
	"f(function() return ... end)", "f(function(...) return ... end)", "x = {1, 2; 3, a = 1, ['b'] = 2, c}", "x = {,}", "x = {1,,2}",
	"x = {1;}", "x = {[1] 2}", "x = not -#y ^ 2 .. 'a' .. 3 and 1 or 2 == 3 ~= 4 <= 5", "x = 1 + ", "x = + 1", "x = - - 1", "x = a .. ",
	"x = 0x1F + 1e5 + 1E-5 + .5 + 5. + 3.14e+2", "x = 0x", "x = 1e", "x = 1..2", "x = 1 ..2", "x = 3x", "x = 0xG", "x = 1.2.3", "x = 1e+",
	`x = "a\n\"b\065\10c\
d"`, `x = "a`, "x = 'a\nb'", `x = "\300"`, `x = '\'`, "x = [[a\nb]]", "x = [==[a]]b]=]c]==]", "x = [==[a]]", "x = [=a", "x = a[[[b]]]",
	"x = [[a[[b]]", "--[[ a", "--[==[ a ]] ]==] x = 1", "-- only a comment", "--[ a\nx = 1", "x = @", "x = a ? b", "goto a", "::a::",
	"x = y // 2", "x = 1 & 2", "x = ~1", "x = a!=b", "and = 1", "x.end = 1", "x = function() end", "x = function f() end", "x = nil + true",
	"x = f(1,)", "x = f(", "x = (1", "x = ((((1))))", "x = {{{{}}}}", "\xffx = 1", "x = '\xff'", "x\r\n=\r1", "return function(b, n) return {} end end",
	"local a <const> = 1", "x = a.1", "x = a.b.", "x = 'a'.b", "x = ('a').b", "x = 'a':b()", "x = ('a'):b()", "x = {}.a", "x = 5 'a'",
}

// TestParserAgreesWithLua holds the parser against Lua 5.1: on programs that are Lua, and on the line of a fault. The edited
// source must be Lua too.
func TestParserAgreesWithLua(t *testing.T) {
	for _, source := range snippets {
		tokens, fault := scan(source)
		if fault == nil {
			p := &parser{tokens: tokens, names: newHelpers(tokens)}
			if fault = p.parse(); fault == nil {
				if edited := p.edits.apply(source, tokens); strings.Count(edited, "\n") != strings.Count(source, "\n") {
					t.Errorf("%q has other lines: %q", source, edited)
				} else if problem := luac(t, edited); problem != "" {
					t.Errorf("%q became %q: %s", source, edited, problem)
				}
			}
		}
		problem := luac(t, source)
		if (problem == "") != (fault == nil) {
			t.Errorf("%q: Lua says %q, we say %v", source, problem, fault)
		}
	}
}

// luac is Lua 5.1's complaint about a source. Where it is missing gopher-lua, which is nearly as strict, is asked.
func luac(t *testing.T, source string) string {
	t.Helper()
	if _, err := exec.LookPath("luac5.1"); err != nil {
		if os.Getenv("MATCHQ_REQUIRE_TOOLS") == "1" {
			t.Fatal("luac5.1 is missing: apt-get install lua5.1")
		}
		return ""
	}
	path := filepath.Join(t.TempDir(), "chunk.lua")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command("luac5.1", "-p", path).CombinedOutput()
	if err == nil {
		return ""
	}
	return string(output)
}

func TestInstrumentRefuses(t *testing.T) {
	for source, want := range map[string]string{
		"":                               "must return a function",
		"x = 1":                          "must return a function",
		"return":                         "must return a function",
		"return 1":                       "must return a function",
		"return {}":                      "must return a function",
		"\n\nthis is not lua":            "syntax error near 'is'",
		"return function(\n":             "expected near '<eof>'",
		"return function() end\nx":       "'<eof>' expected near 'x'",
		"\x1bLua":                        "unexpected symbol",
		strings.Repeat("-", maxSource+1): "bytes, more than",
		"return " + strings.Repeat("(", 300) + "x" + strings.Repeat(")", 300): "too many syntax levels",
	} {
		if _, fault := instrument(source); fault == nil || !strings.Contains(fault.Problem, want) {
			t.Errorf("%.40q: %v, want %q", source, fault, want)
		}
	}
	if _, fault := instrument("\n\nthis is not lua"); fault == nil || fault.Line != 3 {
		t.Errorf("line: %v", fault)
	}
}

func FuzzInstrument(f *testing.F) {
	for _, source := range snippets {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		compiled, fault := instrument(source)
		if fault != nil {
			return
		}
		state := lua.NewState(lua.Options{SkipOpenLibs: true})
		defer state.Close()
		if _, err := state.LoadString(source); err != nil {
			return // gopher-lua and Lua differ on some sources
		}
		if _, err := state.LoadString(compiled.Source); err != nil {
			t.Errorf("%q became %q: %v", source, compiled.Source, err)
		}
	})
}

func TestWarnings(t *testing.T) {
	for source, lines := range map[string][]int{
		"return function(t)\n for k in pairs(t) do end\n return math.random(2) end": {2, 3},
		"return function(t)\n return next(t) end":                                   {2},
		"local pairs = ipairs return function(t) for k in pairs(t) do end end":      nil,
		"next = 1 math = {random = 1} return function() return math.random end":     nil,
		"return function(t) return t.next, t.math.random end":                       nil,
	} {
		c, fault := instrument(source)
		if fault != nil || len(c.Warnings) != len(lines) {
			t.Errorf("%s: %v, %v", source, c.Warnings, fault)
			continue
		}
		for i, w := range c.Warnings {
			if w.Line != lines[i] {
				t.Errorf("%s: %v", source, c.Warnings)
			}
		}
	}
}
