package grammar

import "unicode"

// object compiles properties in the schema's order; those that are not required
// may be left out. Further keys come last, where the schema allows them.
func (c *schemaCompiler) object(s *ordered, at string, depth int) expr {
	props, _ := s.get("properties").(*ordered)
	if s.has("properties") && props == nil {
		return c.fail(at, "properties is not an object")
	}
	required := map[string]bool{}
	list, _ := s.get("required").([]any)
	if s.has("required") && list == nil && s.get("required") != nil {
		return c.fail(at, "required is not a list")
	}
	for _, r := range list {
		name, ok := r.(string)
		if !ok {
			return c.fail(at, "required lists %v, not a name", r)
		}
		required[name] = true
	}
	extra := c.extra(s, props, at, depth)
	if props == nil && len(required) == 0 {
		if len(extra) == 0 {
			return c.b.seq(literal("{"), c.j.ws, literal("}"))
		}
		return c.j.objectOf(extra)
	}
	members := c.members(props, required, extra, at, depth)
	return c.b.seq(literal("{"), c.j.ws, members, literal("}"))
}

// extra is the form of values under keys that properties does not list, none
// if there are to be no others. Where a schema says nothing and lists
// properties, the answer keeps to the list.
func (c *schemaCompiler) extra(s, props *ordered, at string, depth int) expr {
	a := s.get("additionalProperties")
	switch {
	case !s.has("additionalProperties"):
		if props != nil && len(props.keys) > 0 {
			return none()
		}
		return c.j.value
	case a == false:
		return none()
	case a == true:
		return c.j.value
	}
	return c.named(c.compile(a, at+"/additionalProperties", depth+1))
}

// members builds, from the last key to the first, what may follow when no
// member was written yet (first) and when one was (later): the comma depends
// on it.
func (c *schemaCompiler) members(props *ordered, required map[string]bool, extra expr, at string, depth int) expr {
	b, j := c.b, c.j
	var keys []string
	values := map[string]any{}
	if props != nil {
		for _, k := range props.keys {
			keys = append(keys, k)
			values[k] = props.vals[k]
		}
	}
	for k := range required {
		if _, ok := values[k]; !ok {
			return c.fail(at, "required key %q is not in properties", k)
		}
	}
	later, first := j.ws, expr(empty())
	if len(extra) > 0 {
		member := b.named(b.seq(c.otherKey(keys), literal(":"), j.ws, extra))
		more := b.seq(b.star(b.seq(literal(","), j.ws, member)), j.ws)
		later = b.named(more)
		first = b.named(either(b.seq(member, later), empty()))
	}
	for i := len(keys) - 1; i >= 0; i-- {
		k := keys[i]
		value := b.named(c.compile(values[k], at+"/properties/"+k, depth+1))
		member := b.named(b.seq(literal(string(encode(k))), literal(":"), j.ws, value))
		withFirst := b.seq(member, later)
		withLater := b.seq(literal(","), j.ws, member, later)
		if required[k] {
			first, later = b.named(withFirst), b.named(withLater)
			continue
		}
		first, later = b.named(either(withFirst, first)), b.named(either(withLater, later))
	}
	return first
}

// otherKey is a key that is none of the given ones.
func (c *schemaCompiler) otherKey(keys []string) expr {
	if len(keys) == 0 {
		return c.j.str
	}
	var encoded [][]rune
	for _, k := range keys {
		e := string(encode(k))
		encoded = append(encoded, []rune(e[1:len(e)-1]))
	}
	return c.b.seq(literal(`"`), c.differs(encoded, 0), literal(`"`))
}

// differs is string content that equals none of the words, which share a
// beginning of the given length that has been read already.
func (c *schemaCompiler) differs(words [][]rune, depth int) expr {
	b := c.b
	next := map[rune][][]rune{}
	var order []rune
	var used runes
	ended := false
	for _, w := range words {
		if len(w) == depth {
			ended = true
			continue
		}
		r := w[depth]
		if next[r] == nil {
			order = append(order, r)
			used = append(used, runeRange{r, r})
		}
		next[r] = append(next[r], w)
	}
	var out expr
	if !ended {
		out = empty()
	}
	plain := runes{{0x20, '!'}, {'#', '['}, {']', unicode.MaxRune}}
	if others := plain.and(used.not()); len(others) > 0 {
		out = either(out, b.seq(others.expr(), b.star(c.j.char)))
	}
	for _, r := range order {
		if r == '\\' {
			continue // an escape in a known key: other keys do not begin so
		}
		out = either(out, b.seq(literal(string(r)), c.differs(next[r], depth+1)))
	}
	return b.named(out)
}
