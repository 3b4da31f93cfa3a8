package token

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"malmoi/internal/token/pretok"
	"malmoi/internal/token/textnorm"
)

// maxParts bounds how deep sequences nest.
const maxParts = 16

var errDeep = fmt.Errorf("parts nest deeper than %d", maxParts)

// normalizer builds a normalizer, nil for none.
func (c *component) normalizer(depth int) (textnorm.Normalizer, error) {
	if c == nil {
		return nil, nil
	}
	if depth > maxParts {
		return nil, errDeep
	}
	switch c.Type {
	case "Sequence":
		var q textnorm.Sequence
		for _, sub := range c.Normalizers {
			n, err := sub.normalizer(depth + 1)
			if err != nil {
				return nil, err
			}
			if n != nil {
				q = append(q, n)
			}
		}
		if len(q) == 0 {
			return nil, nil
		}
		return q, nil
	case "NFC":
		return textnorm.NFC(), nil
	case "NFD":
		return textnorm.NFD(), nil
	case "NFKC":
		return textnorm.NFKC(), nil
	case "NFKD":
		return textnorm.NFKD(), nil
	case "Lowercase":
		return textnorm.Lowercase{}, nil
	case "StripAccents":
		return textnorm.StripAccents{}, nil
	case "Nmt":
		return textnorm.Nmt{}, nil
	case "Prepend":
		return textnorm.Prepend{Text: c.Prepend}, nil
	case "Strip":
		return textnorm.Strip{Left: on(c.Left, true), Right: on(c.Right, true)}, nil
	case "Replace":
		return c.replace()
	case "Precompiled":
		return textnorm.NewCharsmap(c.Charsmap)
	case "BertNormalizer":
		lower := on(c.Lower, true)
		return textnorm.Bert{Clean: on(c.CleanText, true), CJK: on(c.Chinese, true),
			StripAccents: on(c.Accents, lower), Lower: lower}, nil
	}
	return nil, fmt.Errorf("normalizer type %q is not supported", c.Type)
}

func (c *component) replace() (textnorm.Normalizer, error) {
	p := c.Pattern
	switch {
	case p != nil && p.String != nil:
		return textnorm.ReplaceString(*p.String, c.Content), nil
	case p != nil && p.Regex != nil:
		re, err := pretok.Compile(*p.Regex)
		if err != nil {
			return nil, err
		}
		return textnorm.Replace{Pattern: re, With: c.Content}, nil
	}
	return nil, errors.New("Replace has no pattern")
}

// split is what pre-tokenizers come to.
type split struct {
	chain     pretok.Chain
	byteLevel bool // pieces are bytes to the model
}

// add appends the stages of a pre-tokenizer.
func (p *split) add(c *component, depth int) error {
	if c == nil {
		return nil
	}
	if depth > maxParts {
		return errDeep
	}
	switch c.Type {
	case "Sequence":
		for _, sub := range c.Pretokenizers {
			if err := p.add(sub, depth+1); err != nil {
				return err
			}
		}
		return nil
	case "ByteLevel":
		if on(c.PrefixSpace, true) {
			p.stage(pretok.PrefixSpace{})
		}
		if on(c.UseRegex, true) {
			re, err := pretok.Compile(pretok.GPT2)
			if err != nil {
				return err
			}
			p.stage(pretok.Split{Pattern: re})
		}
		p.byteLevel = true
		return nil
	}
	stage, err := c.stage()
	if err != nil {
		return err
	}
	p.stage(stage)
	return nil
}

// stage appends a stage; after ByteLevel it works on spelled bytes.
func (p *split) stage(s pretok.Stage) {
	if p.byteLevel {
		s = pretok.Mapped{Inner: s}
	}
	p.chain = append(p.chain, s)
}

func (c *component) stage() (pretok.Stage, error) {
	switch c.Type {
	case "Split":
		return c.splitStage()
	case "Digits":
		return pretok.Digits(c.Individual), nil
	case "Punctuation":
		b, err := pretok.ParseBehavior(c.Behavior)
		return pretok.Punctuation(b), err
	case "Whitespace":
		return pretok.Whitespace(), nil
	case "WhitespaceSplit":
		return pretok.WhitespaceSplit(), nil
	case "BertPreTokenizer":
		return pretok.Bert(), nil
	case "CharDelimiterSplit":
		return pretok.Split{Pattern: pretok.Literal(c.Delimiter), Behavior: pretok.Removed}, nil
	case "FixedLength":
		return pretok.Fixed{Length: max(c.Length, 1)}, nil
	case "Metaspace":
		mark, prefix, err := c.metaspace()
		return pretok.Metaspace{Mark: mark, Prefix: prefix, Whole: !on(c.SplitWords, true)}, err
	}
	return nil, fmt.Errorf("pre-tokenizer type %q is not supported", c.Type)
}

func (c *component) splitStage() (pretok.Stage, error) {
	b, err := pretok.ParseBehavior(c.Behavior)
	if err != nil {
		return nil, err
	}
	s := pretok.Split{Behavior: b, Invert: c.Invert}
	switch p := c.Pattern; {
	case p != nil && p.String != nil:
		s.Pattern = pretok.Literal(*p.String)
	case p != nil && p.Regex != nil:
		s.Pattern, err = pretok.Compile(*p.Regex)
	default:
		err = errors.New("Split has no pattern")
	}
	return s, err
}

// metaspace reads the mark and when it goes in front; old files have a flag only.
func (c *component) metaspace() (rune, pretok.Prefix, error) {
	mark, n := utf8.DecodeRuneInString(c.Replacement)
	if n == 0 || n != len(c.Replacement) {
		return 0, 0, fmt.Errorf("Metaspace replacement %q is not one character", c.Replacement)
	}
	switch c.Scheme {
	case "first":
		return mark, pretok.PrefixFirst, nil
	case "never":
		return mark, pretok.PrefixNever, nil
	case "always":
		return mark, pretok.PrefixAlways, nil
	case "":
		if !on(c.PrefixSpace, true) {
			return mark, pretok.PrefixNever, nil
		}
		return mark, pretok.PrefixAlways, nil
	}
	return 0, 0, fmt.Errorf("Metaspace prepend_scheme %q is unknown", c.Scheme)
}

// around returns what a post-processor puts before and after a text.
func (c *component) around(depth int) (pre, post []int32, err error) {
	if c == nil {
		return nil, nil, nil
	}
	if depth > maxParts {
		return nil, nil, errDeep
	}
	switch c.Type {
	case "ByteLevel":
		return nil, nil, nil
	case "BertProcessing", "RobertaProcessing":
		if !c.Cls.Set || !c.Sep.Set {
			return nil, nil, fmt.Errorf("%s has no cls or sep", c.Type)
		}
		return []int32{c.Cls.ID}, []int32{c.Sep.ID}, nil
	case "TemplateProcessing":
		into := &pre
		for _, item := range c.Single {
			if item.SpecialToken == nil {
				into = &post
				continue
			}
			tok, ok := c.SpecialTokens[item.SpecialToken.ID]
			if !ok {
				return nil, nil, fmt.Errorf("template names unknown token %q", clip(item.SpecialToken.ID))
			}
			*into = append(*into, tok.IDs...)
		}
		return pre, post, nil
	case "Sequence":
		for _, sub := range c.Processors {
			a, b, err := sub.around(depth + 1)
			if err != nil {
				return nil, nil, err
			}
			pre, post = append(a, pre...), append(post, b...)
		}
		return pre, post, nil
	}
	return nil, nil, fmt.Errorf("post-processor type %q is not supported", c.Type)
}

// addTo appends the steps of a decoder and what they come to for one token.
func (c *component) addTo(d *decoder, depth int) error {
	if c == nil {
		return nil
	}
	if depth > maxParts {
		return errDeep
	}
	d.plain = true
	switch c.Type {
	case "Sequence":
		for _, sub := range c.Decoders {
			if err := sub.addTo(d, depth+1); err != nil {
				return err
			}
		}
	case "ByteLevel":
		d.steps = append(d.steps, byteLevelStep)
	case "ByteFallback":
		d.steps, d.fallback = append(d.steps, byteFallbackStep), true
	case "Fuse":
		d.steps = append(d.steps, fuseStep)
	case "Replace":
		n, err := c.replace()
		if err != nil {
			return err
		}
		d.steps, d.replace = append(d.steps, replaceStep(n)), append(d.replace, n)
	case "Strip":
		if utf8.RuneCountInString(c.Content) != 1 || c.Start < 0 || c.Stop < 0 {
			return errors.New("Strip wants one character and counts that are not negative")
		}
		d.steps = append(d.steps, stripStep(c.Content, c.Start, c.Stop))
		if len(c.Content) == 1 {
			d.strip, d.stripMax = c.Content[0], c.Start
		}
	case "Metaspace":
		mark, prefix, err := c.metaspace()
		if err != nil {
			return err
		}
		d.steps = append(d.steps, metaspaceStep(string(mark), prefix != pretok.PrefixNever))
		d.replace = append(d.replace, textnorm.ReplaceString(string(mark), " "))
		if prefix != pretok.PrefixNever {
			d.mark = string(mark)
		}
	case "WordPiece":
		d.steps = append(d.steps, wordPieceStep(c.Prefix, on(c.Cleanup, true)))
		d.wordPiece, d.join, d.cleanup = true, c.Prefix, on(c.Cleanup, true)
	case "BPEDecoder":
		d.steps = append(d.steps, suffixStep(c.Suffix))
		d.replace, d.ending = append(d.replace, textnorm.ReplaceString(c.Suffix, " ")), true
	default:
		return fmt.Errorf("decoder type %q is not supported", c.Type)
	}
	return nil
}
