package sandbox

import (
	"regexp"
	"slices"
	"strings"
)

// kind is the kind of a token.
type kind int

const (
	end    kind = iota // of the source
	word               // a name
	symbol             // a keyword or an operator
	number
	text // a string
)

// token is a piece of Lua source: source[from:to].
type token struct {
	kind     kind
	text     string
	line     int
	from, to int
}

var keywords = []string{
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or",
	"repeat", "return", "then", "true", "until", "while",
}

// operators, the longest first.
var operators = []string{
	"...", "..", "==", "~=", "<=", ">=", "+", "-", "*", "/", "%", "^", "#", "<", ">", "=", "(", ")", `{`, "}", "[", "]",
	";", ":", ",", ".",
}

var numeral = regexp.MustCompile(`^(0[xX][0-9a-fA-F]+|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)$`)

// scanner splits Lua 5.1 into tokens.
type scanner struct {
	source string
	at     int
	line   int
}

// scan returns the tokens of a source; the last one is its end.
func scan(source string) ([]token, *Error) {
	s := &scanner{source: source, line: 1}
	var tokens []token
	for {
		t, err := s.next()
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		if t.kind == end {
			return tokens, nil
		}
	}
}

func (s *scanner) fail(problem string) *Error { return &Error{Line: s.line, Problem: problem} }

// peek is the byte some places ahead; 0 beyond the end.
func (s *scanner) peek(ahead int) byte {
	if s.at+ahead >= len(s.source) {
		return 0
	}
	return s.source[s.at+ahead]
}

func (s *scanner) next() (token, *Error) {
	if err := s.skip(); err != nil {
		return token{}, err
	}
	t := token{line: s.line, from: s.at}
	var err *Error
	switch c := s.peek(0); {
	case s.at >= len(s.source):
		t.kind = end
	case isLetter(c):
		for isLetter(s.peek(0)) || isDigit(s.peek(0)) {
			s.at++
		}
		t.kind = word
		if slices.Contains(keywords, s.source[t.from:s.at]) {
			t.kind = symbol
		}
	case isDigit(c) || c == '.' && isDigit(s.peek(1)):
		t.kind, err = number, s.number()
	case c == '"' || c == '\'':
		t.kind, err = text, s.quoted(c)
	case c == '[' && s.bracket() >= 0:
		t.kind, err = text, s.long("unfinished long string")
	default:
		t.kind, err = symbol, s.operator()
	}
	t.to, t.text = s.at, s.source[t.from:s.at]
	return t, err
}

// skip skips spaces and comments.
func (s *scanner) skip() *Error {
	for s.at < len(s.source) {
		switch c := s.source[s.at]; {
		case c == '\n' || c == '\r':
			s.newline()
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			s.at++
		case strings.HasPrefix(s.source[s.at:], "--"):
			s.at += 2
			if s.peek(0) == '[' && s.bracket() >= 0 {
				if err := s.long("unfinished long comment"); err != nil {
					return err
				}
				continue
			}
			for s.at < len(s.source) && s.source[s.at] != '\n' && s.source[s.at] != '\r' {
				s.at++
			}
		default:
			return nil
		}
	}
	return nil
}

// newline skips the end of a line, in any system's form.
func (s *scanner) newline() {
	first := s.source[s.at]
	s.at++
	if next := s.peek(0); (next == '\n' || next == '\r') && next != first {
		s.at++
	}
	s.line++
}

func (s *scanner) number() *Error {
	from := s.at
	for isDigit(s.peek(0)) || s.peek(0) == '.' {
		s.at++
	}
	if c := s.peek(0); (c == 'e' || c == 'E') && (s.peek(1) == '+' || s.peek(1) == '-') {
		s.at += 2
	}
	for isLetter(s.peek(0)) || isDigit(s.peek(0)) {
		s.at++
	}
	if found := s.source[from:s.at]; !numeral.MatchString(found) {
		return s.fail("malformed number near '" + found + "'")
	}
	return nil
}

func (s *scanner) quoted(quote byte) *Error {
	s.at++
	for s.at < len(s.source) {
		switch c := s.source[s.at]; c {
		case quote:
			s.at++
			return nil
		case '\n', '\r':
			return s.fail("unfinished string")
		case '\\':
			s.at++
			if err := s.escape(); err != nil {
				return err
			}
		default:
			s.at++
		}
	}
	return s.fail("unfinished string")
}

// escape skips the escape behind a backslash.
func (s *scanner) escape() *Error {
	switch c := s.peek(0); {
	case c == '\n' || c == '\r':
		s.newline()
	case isDigit(c):
		code := 0
		for i := 0; i < 3 && isDigit(s.peek(0)); i++ {
			code = 10*code + int(s.peek(0)-'0')
			s.at++
		}
		if code > 255 {
			return s.fail("escape sequence too large")
		}
	case s.at < len(s.source):
		s.at++
	}
	return nil
}

// bracket is the level of the long bracket that opens here; -1 if none does.
func (s *scanner) bracket() int {
	level := 0
	for s.peek(1+level) == '=' {
		level++
	}
	if s.peek(1+level) != '[' {
		return -1
	}
	return level
}

// long skips a long string, or the part of a long comment behind its dashes.
func (s *scanner) long(unfinished string) *Error {
	level := s.bracket()
	s.at += level + 2
	closing := "]" + strings.Repeat("=", level) + "]"
	for s.at < len(s.source) {
		switch c := s.source[s.at]; {
		case strings.HasPrefix(s.source[s.at:], closing):
			s.at += len(closing)
			return nil
		case level == 0 && strings.HasPrefix(s.source[s.at:], "[["):
			return s.fail("nesting of [[...]] is deprecated") // as Lua 5.1 says
		case c == '\n' || c == '\r':
			s.newline()
		default:
			s.at++
		}
	}
	return s.fail(unfinished)
}

func (s *scanner) operator() *Error {
	for _, operator := range operators {
		if strings.HasPrefix(s.source[s.at:], operator) {
			s.at += len(operator)
			return nil
		}
	}
	return s.fail("unexpected symbol near '" + strings.ToValidUTF8(s.source[s.at:s.at+1], "?") + "'")
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
