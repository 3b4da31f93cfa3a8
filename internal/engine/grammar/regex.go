package grammar

import (
	"regexp/syntax"
	"unicode"
)

// Regex compiles a regular expression in RE2 syntax that the whole text must
// match.
func Regex(pattern string) (*Grammar, error) {
	b := &builder{}
	start := b.declare()
	b.define(start, b.regex(pattern, plainText, true))
	return b.finish(start)
}

// textForm says how code points are written in the output.
type textForm func(b *builder, set runes) expr

func plainText(_ *builder, set runes) expr { return set.expr() }

// regex compiles a pattern. whole: it covers the text; otherwise it may match
// anywhere in it unless it is anchored.
func (b *builder) regex(pattern string, form textForm, whole bool) expr {
	if len(pattern) > maxSource {
		return b.fail("grammar: a pattern of %d bytes is longer than %d", len(pattern), maxSource)
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return b.fail("grammar: pattern %q: %w", pattern, err)
	}
	r := &regexCompiler{b: b, form: form}
	left, right := whole, whole
	re = stripAnchors(re, &left, &right)
	e := r.compile(re, 0)
	anything := func() expr { return b.star(form(b, runes{{0, unicode.MaxRune}})) }
	if !left {
		e = b.seq(anything(), e)
	}
	if !right {
		e = b.seq(e, anything())
	}
	return e
}

// stripAnchors takes ^ and $ off the ends of an expression, and reports them.
func stripAnchors(re *syntax.Regexp, left, right *bool) *syntax.Regexp {
	switch re.Op {
	case syntax.OpCapture:
		if inner := stripAnchors(re.Sub[0], left, right); inner != re.Sub[0] {
			return inner
		}
	case syntax.OpBeginText, syntax.OpBeginLine:
		*left = true
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	case syntax.OpEndText, syntax.OpEndLine:
		*right = true
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	case syntax.OpConcat:
		sub := append([]*syntax.Regexp(nil), re.Sub...)
		for len(sub) > 0 && (sub[0].Op == syntax.OpBeginText || sub[0].Op == syntax.OpBeginLine) {
			*left, sub = true, sub[1:]
		}
		for n := len(sub); n > 0 && (sub[n-1].Op == syntax.OpEndText || sub[n-1].Op == syntax.OpEndLine); n = len(sub) {
			*right, sub = true, sub[:n-1]
		}
		return &syntax.Regexp{Op: syntax.OpConcat, Sub: sub}
	}
	return re
}

type regexCompiler struct {
	b    *builder
	form textForm
}

func (r *regexCompiler) compile(re *syntax.Regexp, depth int) expr {
	if depth > maxDepth || r.b.err != nil {
		return r.b.fail("grammar: pattern nested deeper than %d", maxDepth)
	}
	sub := func(i int) expr { return r.compile(re.Sub[i], depth+1) }
	switch re.Op {
	case syntax.OpNoMatch:
		return none()
	case syntax.OpEmptyMatch:
		return empty()
	case syntax.OpLiteral:
		parts := make([]expr, len(re.Rune))
		for i, c := range re.Rune {
			parts[i] = r.form(r.b, literalRunes(c, re.Flags&syntax.FoldCase != 0))
		}
		return r.b.seq(parts...)
	case syntax.OpCharClass:
		var set runes
		for i := 0; i < len(re.Rune); i += 2 {
			set = append(set, runeRange{re.Rune[i], re.Rune[i+1]})
		}
		return r.form(r.b, set)
	case syntax.OpAnyChar:
		return r.form(r.b, runes{{0, unicode.MaxRune}})
	case syntax.OpAnyCharNotNL:
		return r.form(r.b, runes{{'\n', '\n'}}.not())
	case syntax.OpCapture:
		return sub(0)
	case syntax.OpStar:
		return r.repeat(sub(0), 0, -1)
	case syntax.OpPlus:
		return r.repeat(sub(0), 1, -1)
	case syntax.OpQuest:
		return r.repeat(sub(0), 0, 1)
	case syntax.OpRepeat:
		return r.repeat(sub(0), re.Min, re.Max)
	case syntax.OpConcat:
		parts := make([]expr, len(re.Sub))
		for i := range re.Sub {
			parts[i] = sub(i)
		}
		return r.b.seq(parts...)
	case syntax.OpAlternate:
		var out expr
		for i := range re.Sub {
			out = either(out, sub(i))
		}
		return out
	}
	return r.b.fail("grammar: pattern element %q cannot be used inside a constraint", re.String())
}

// repeat takes the empty text out of what is repeated: repeating it would
// never end and means nothing.
func (r *regexCompiler) repeat(e expr, lo, hi int) expr {
	if r.b.matchesEmpty(e, 0) {
		e, lo = r.b.withoutEmpty(e), 0
	}
	if len(e) == 0 {
		return empty()
	}
	return r.b.repeat(e, lo, hi)
}

func literalRunes(c rune, fold bool) runes {
	set := runes{{c, c}}
	if fold {
		for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
			set = append(set, runeRange{f, f})
		}
	}
	return set
}

// matchesEmpty reports whether e matches the empty text. Rules it refers to are
// all defined but for loops, which do.
func (b *builder) matchesEmpty(e expr, depth int) bool {
	for _, seq := range e {
		all := true
		for _, s := range seq {
			if s.rule < 0 || depth > maxDepth || !b.matchesEmpty(expr(b.g.rules[s.rule]), depth+1) {
				all = false
				break
			}
		}
		if all {
			return true
		}
	}
	return false
}

// withoutEmpty is e without the empty text: of each sequence, the ways in which
// its first part that is not empty is the i-th.
func (b *builder) withoutEmpty(e expr) expr {
	var out expr
	for _, seq := range e {
		for i, s := range seq {
			head := expr{{s}}
			if s.rule >= 0 && b.matchesEmpty(head, 0) {
				head = b.named(b.withoutEmpty(expr(b.g.rules[s.rule])))
				if len(head) == 0 {
					continue
				}
			}
			out = either(out, b.seq(head, expr{seq[i+1:]}))
			if !b.matchesEmpty(expr{{s}}, 0) {
				break
			}
		}
	}
	return out
}
