package grammar

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// byteVocab is a vocabulary of single bytes and some longer tokens.
func byteVocab(extra ...string) *Vocab {
	return NewVocab(257+len(extra), func(id int32) []byte {
		switch {
		case id < 256:
			return []byte{byte(id)}
		case id == 256:
			return nil // the end token
		}
		return []byte(extra[id-257])
	})
}

// generate draws a random text that the grammar allows, token by token, and
// ends it as soon as it may after n tokens.
func generate(t *testing.T, g *Grammar, v *Vocab, r *rand.Rand, n int) string {
	t.Helper()
	m := NewMachine(g, v, []int32{256})
	mask := make([]uint64, (v.size+63)/64)
	var out []byte
	for step := range 5000 {
		if m.Done() {
			return string(out)
		}
		m.Mask(mask)
		var ids []int32
		for id := range int32(v.size) {
			if mask[id>>6]>>(id&63)&1 != 0 {
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			t.Fatalf("nothing may follow %q", out)
		}
		id := ids[r.IntN(len(ids))]
		if step > n { // hurry: prefer what closes
			for _, c := range []int32{256, '"', 'b', '}', ']', '1'} {
				if mask[c>>6]>>(c&63)&1 != 0 {
					id = c
					break
				}
			}
		}
		if id == 256 {
			return string(out)
		}
		if err := m.Accept(id); err != nil {
			t.Fatalf("after %q: %v", out, err)
		}
		out = append(out, v.bytes[id]...)
	}
	t.Fatalf("no end in sight after %q", out[:200])
	return ""
}

func TestRegexAgreesWithRegexp(t *testing.T) {
	v := byteVocab("ab", "abc", "서울", "00", "-1")
	for _, pattern := range []string{
		`abc`, `a*`, `(a|b)+c?`, `[a-f]{2,5}`, `\d{3}-\d{4}`, `(?i)yes|no`, `[가-힣]{1,4}`, `[^a-z"\\]{1,3}`, `(ab?)*c`, `((a*)*b)*`, `.?x`, `\p{Hangul}+`, `(a|aa)(a|aa)`, `[\x{10000}-\x{10FFFF}]`, `^start.*end$`,
	} {
		g, err := Regex(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		re := regexp.MustCompile(`^(?:` + pattern + `)$`)
		r := rand.New(rand.NewPCG(1, 2))
		for range 30 {
			if strings.Contains(pattern, ".*") {
				break // a random walk does not find its way out
			}
			if text := generate(t, g, v, r, 10); !re.MatchString(text) {
				t.Errorf("%s: generated %q", pattern, text)
			}
		}
		alphabet := []rune("abcxyz0123-서울가\n\"😀")
		for range 2000 {
			var b strings.Builder
			for range r.IntN(7) {
				b.WriteRune(alphabet[r.IntN(len(alphabet))])
			}
			if got, want := g.Match(b.String()), re.MatchString(b.String()); got != want {
				t.Fatalf("%s on %q: got %v, want %v", pattern, b.String(), got, want)
			}
		}
	}
}

func TestRuneRangesAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	edges := []rune{0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xBF, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x3FFFF, 0x40000, 0x10FFFF}
	for range 300 {
		lo, hi := edges[r.IntN(len(edges))]+rune(r.IntN(3)), edges[r.IntN(len(edges))]-rune(r.IntN(3))
		set := runes{{lo, hi}}
		b := &builder{}
		start := b.declare()
		b.define(start, either(set.expr(), literal("!")))
		g, err := b.finish(start)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range edges {
			for d := rune(-2); d <= 2; d++ {
				c := e + d
				if !utf8.ValidRune(c) || c == '!' {
					continue
				}
				if got, want := g.Match(string(c)), lo <= c && c <= hi; got != want {
					t.Fatalf("%U in %U-%U: got %v", c, lo, hi, got)
				}
			}
		}
	}
}

func TestJSONObjectAlwaysParses(t *testing.T) {
	g, err := JSONObject()
	if err != nil {
		t.Fatal(err)
	}
	v := byteVocab(`{"`, `":`, `", "`, `"}`, "서", "울", "true", "null}", "[[", `\u00`)
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		text := generate(t, g, v, r, 60)
		var o map[string]any
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
}

func TestSchemaMatches(t *testing.T) {
	f := func(schema string, yes, no []string) {
		t.Helper()
		g, err := JSONSchema([]byte(schema))
		if err != nil {
			t.Errorf("%s: %v", schema, err)
			return
		}
		for _, s := range yes {
			if !g.Match(s) {
				t.Errorf("%s refuses %s", schema, s)
			}
		}
		for _, s := range no {
			if g.Match(s) {
				t.Errorf("%s allows %s", schema, s)
			}
		}
		v := byteVocab(`{"`, `":`, `,"`, "12", "서울")
		r := rand.New(rand.NewPCG(7, 8))
		for range 20 {
			text := generate(t, g, v, r, 40)
			if !json.Valid([]byte(text)) {
				t.Errorf("%s: generated %q, which is no JSON", schema, text)
			}
		}
	}
	f(`{"type":"object","properties":{"city":{"type":"string"},"n":{"type":"integer"}},"required":["city"]}`,
		[]string{`{"city":"서울"}`, `{"city": "a", "n": 3}`, "{\n  \"city\": \"a\",\n  \"n\": -12\n}"},
		[]string{`{}`, `{"n":1}`, `{"city":1}`, `{"city":"a","x":1}`, `{"n":1,"city":"a"}`, `{"city":"a",}`})
	f(`{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"boolean"}}}`,
		[]string{`{}`, `{"a":null}`, `{"b":true}`, `{"a":null,"b":false}`}, []string{`{"a":null,}`, `{,"b":true}`})
	f(`{"type":"object","properties":{"ab":{"type":"integer"}},"additionalProperties":{"type":"string"}}`,
		[]string{`{"ab":1}`, `{"ab":1,"c":"x"}`, `{"a":"x"}`, `{"abc":"x"}`, `{"가":"x"}`}, []string{`{"ab":"x"}`, `{"c":1}`})
	f(`{"type":"integer","minimum":7,"maximum":123}`, []string{"7", "9", "10", "99", "100", "123"}, []string{"6", "0", "-7", "124", "200", "07", "1000"})
	f(`{"type":"integer","minimum":-5,"exclusiveMaximum":3}`, []string{"-5", "-1", "0", "2"}, []string{"-6", "3", "10"})
	f(`{"type":"integer","minimum":1000}`, []string{"1000", "9999", "123456"}, []string{"999", "0"})
	f(`{"type":"number","minimum":0,"maximum":1}`, []string{"0", "1", "0.5", "0.999"}, []string{"1.5", "-0.5", "2", "1.0001"})
	f(`{"type":"number","minimum":-2,"maximum":2}`, []string{"-2", "-1.5", "0", "-0.5", "1.9"}, []string{"2.1", "-2.5", "3"})
	f(`{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":3}`, []string{`["a"]`, `["a","b","c"]`, `["a", "b"]`}, []string{`[]`, `["a","b","c","d"]`, `[1]`})
	f(`{"type":"array","items":{"type":"string"},"maxItems":1}`, []string{`[]`, `["a"]`}, []string{`["a","b"]`})
	f(`{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false}`, []string{`[1,"a"]`}, []string{`[1]`, `[1,"a",2]`})
	f(`{"enum":["서울","부산",3,null,{"a":[1]}]}`, []string{`"서울"`, `3`, `null`, `{"a":[1]}`}, []string{`"대구"`, `4`})
	f(`{"const":"a\"b"}`, []string{`"a\"b"`}, []string{`"ab"`})
	f(`{"anyOf":[{"type":"string","maxLength":2},{"type":"boolean"}]}`, []string{`"ab"`, `"서울"`, `true`}, []string{`"abc"`, `1`})
	f(`{"type":["string","null"]}`, []string{`"a"`, `null`}, []string{`1`})
	f(`{"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"b":{"type":"integer"}},"required":["b"]}]}`, []string{`{"a":1,"b":2}`}, []string{`{"a":1}`, `{"b":2}`})
	f(`{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["v","next"]}}}`,
		[]string{`{"v":1,"next":null}`, `{"v":1,"next":{"v":2,"next":null}}`}, []string{`{"v":1}`, `{"v":1,"next":{"v":2}}`})
	f(`{"type":"string","pattern":"^[A-Z]{2}\\d+$"}`, []string{`"AB1"`}, []string{`"A1"`, `"xAB1"`})
	f(`{"type":"string","pattern":"b"}`, []string{`"abc"`, `"b"`}, []string{`"ac"`})
	f(`{"type":"string","format":"date"}`, []string{`"2026-11-24"`}, []string{`"2026-13-24"`, `"x"`})
	f(`{"type":"string","minLength":1}`, []string{`"a"`, `"\n"`}, []string{`""`})
	f(`{"type":"object"}`, []string{`{}`, `{"a":{"b":[1,2,{}]}}`}, []string{`[]`})
	f(`{}`, []string{`{}`, `1.5e3`, `"a"`, `[true]`}, []string{`x`, `01`})
}

func TestSchemaRefusesWhatItCannotPromise(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type":"object","minProperties":2}`:                        "minProperties",
		`{"not":{"type":"string"}}`:                                  "not",
		`{"type":"array","uniqueItems":true}`:                        "uniqueItems",
		`{"type":"integer","multipleOf":3}`:                          "multipleOf",
		`{"$ref":"https://example.com/x"}`:                           "$ref",
		`{"$ref":"#/$defs/none"}`:                                    "leads nowhere",
		`{"type":"string","pattern":"("}`:                            "pattern",
		`{"type":"integer","minimum":5,"maximum":4}`:                 "bounds",
		`{"type":"wibble"}`:                                          "wibble",
		`{"type":"string","minLength":3,"maxLength":2}`:              "minLength",
		`{"type":"array","minItems":99999999}`:                       "minItems",
		`{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}`:    "begins with itself",
		`{"type":"object","required":["a"],"properties":{"b":true}}`: "not in properties",
		`[]`: "schema", `{`: "EOF", `{} {}`: "more than one",
	} {
		_, err := JSONSchema([]byte(schema))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %q", schema, err, want)
		}
	}
}

func TestGBNF(t *testing.T) {
	g, err := GBNF(`
# a list of moves
root  ::= (move " ")+ end?   # trailing
move  ::= [a-h] [1-8] | "O-O" ( "-O" )?
end   ::= "\x23" | [^a-zA-Z0-9 ]{2,3}
`)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"e4 ": true, "e4 O-O-O #": true, "e9 ": false, "": false, "e4 !!": true, "e4 !": false, "e4 !!!!": false, "a1 가나": true} {
		if got := g.Match(text); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
	for src, want := range map[string]string{
		`root ::= root "a" | "b"`: "left recursion", `a ::= "x"`: "root", `root ::= b`: "not defined", `root ::= "x`: "not closed",
		`root ::= [a`: "not closed", `root ::= ("a"`: "not closed", "root ::= \"a\"\nroot ::= \"b\"": "twice", `root = "a"`: "::=", `root ::= "\q"`: "escape", `root ::= "a" root`: "no text",
		`root ::= "a"{5,2}`: "cannot both hold", `root ::= "a"{99999}`: "more than",
	} {
		if _, err := GBNF(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %q", src, err, want)
		}
	}
}

// TestMaskAgreesWithAccept checks every bit of masks along random walks.
func TestMaskAgreesWithAccept(t *testing.T) {
	g, err := JSONSchema([]byte(`{"type":"object","properties":{"이름":{"type":"string","maxLength":5},"n":{"type":"array","items":{"type":"integer"},"maxItems":3}},"required":["이름","n"]}`))
	if err != nil {
		t.Fatal(err)
	}
	v := byteVocab(`{"`, `"이`, `름":`, `"이름"`, `":[`, `,1`, "]}", "}}", `{"이름":"`, "서울", "서")
	r := rand.New(rand.NewPCG(9, 10))
	mask := make([]uint64, (v.size+63)/64)
	for range 20 {
		m := NewMachine(g, v, []int32{256})
		for range 60 {
			if m.Done() {
				break
			}
			m.Mask(mask)
			now := m.now
			var ids []int32
			for id := range int32(v.size) {
				if id == 256 {
					continue
				}
				err := m.Accept(id)
				m.now = now
				allowed := mask[id>>6]>>(id&63)&1 != 0
				if allowed != (err == nil) {
					t.Fatalf("token %q: mask %v, accept %v", v.bytes[id], allowed, err)
				}
				if allowed {
					ids = append(ids, id)
				}
			}
			if err := m.Accept(ids[r.IntN(len(ids))]); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTablesAreBounded drives a machine over its limits; the language must not
// change when the tables are dropped.
func TestTablesAreBounded(t *testing.T) {
	g, err := JSONObject()
	if err != nil {
		t.Fatal(err)
	}
	v := byteVocab()
	m := NewMachine(g, v, []int32{256})
	mask := make([]uint64, (v.size+63)/64)
	text := strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000)
	for i := range len(text) {
		m.Mask(mask)
		id := int32(text[i])
		if mask[id>>6]>>(id&63)&1 == 0 {
			t.Fatalf("byte %d %q is masked", i, text[i])
		}
		if err := m.Accept(id); err != nil {
			t.Fatal(err)
		}
		if len(m.t.states) > maxStates+300 {
			t.Fatalf("%d states", len(m.t.states))
		}
	}
	if !m.Done() {
		t.Error("the text is complete")
	}
}

func FuzzJSONSchema(f *testing.F) {
	for _, s := range []string{`{"type":"object","properties":{"a":{"$ref":"#"}}}`, `{"enum":[1,"a"]}`, `{"type":"integer","minimum":-99,"maximum":1e3}`, `{"pattern":"a{2,}"}`, `true`, `{"allOf":[{},{"type":"string"}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, schema []byte) {
		g, err := JSONSchema(schema)
		if err != nil {
			return
		}
		m := NewMachine(g, byteVocab(), []int32{256})
		mask := make([]uint64, 5)
		for range 40 {
			m.Mask(mask)
			ahead := m.Extend(nil, 3)
			if len(ahead) == 0 {
				break
			}
			id := ahead[0]
			if mask[id>>6]>>(id&63)&1 == 0 {
				t.Fatalf("schema %s: token %d must follow and may not", schema, id)
			}
			if err := m.Accept(id); err != nil {
				t.Fatal(err)
			}
		}
		g.Match(`{"a":1}`)
	})
}

func FuzzGBNF(f *testing.F) {
	for _, s := range []string{`root ::= "a"* b` + "\n" + `b ::= [x-z]+`, `root ::= ("a" | "b"){2,3}`, `root ::= [^"\\]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if g, err := GBNF(src); err == nil {
			g.Match("ab")
		}
	})
}

func FuzzRegex(f *testing.F) {
	f.Add(`(a|b)*c{2}`, "abcc")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		g, err := Regex(pattern)
		if err != nil || !utf8.ValidString(text) || strings.ContainsAny(pattern, "^$\\") || len(pattern) > 30 || len(text) > 30 {
			return
		}
		re, err := regexp.Compile(`^(?:` + pattern + `)$`)
		if err != nil || strings.Contains(pattern, "(?") {
			return
		}
		if got, want := g.Match(text), re.MatchString(text); got != want {
			t.Fatalf("%q on %q: got %v, want %v", pattern, text, got, want)
		}
	})
}

func BenchmarkMaskInString(b *testing.B) {
	g, err := JSONObject()
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	v := NewVocab(150_000, func(id int32) []byte {
		t := make([]byte, 1+r.IntN(9))
		for i := range t {
			t[i] = byte('a' + r.IntN(26))
		}
		return t
	})
	mask := make([]uint64, (v.size+63)/64)
	for b.Loop() {
		m := NewMachine(g, v, nil)
		for _, c := range `{"` {
			m.now = m.t.step(m.now, byte(c))
		}
		m.Mask(mask)
	}
}
