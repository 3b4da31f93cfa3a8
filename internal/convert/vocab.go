package convert

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"malmoi/internal/token"
	"malmoi/internal/weights/safetensors"
)

// tokenizerFile is what a conversion needs of a tokenizer.json.
type tokenizerFile struct {
	Added []struct {
		ID      int    `json:"id"`
		Content string `json:"content"`
		Special bool   `json:"special"`
	} `json:"added_tokens"`
	Normalizer   json.RawMessage `json:"normalizer"`
	PreTokenizer json.RawMessage `json:"pre_tokenizer"`
	Model        struct {
		Type         string            `json:"type"`
		Vocab        json.RawMessage   `json:"vocab"`
		Merges       []json.RawMessage `json:"merges"`
		Unk          string            `json:"unk_token"`
		ByteFallback bool              `json:"byte_fallback"`
		IgnoreMerges bool              `json:"ignore_merges"`
	} `json:"model"`
}

// Token types of GGUF.
const (
	typeNormal  = 1
	typeUnknown = 2
	typeControl = 3
	typeUser    = 4
	typeUnused  = 5
	typeByte    = 6
)

// tokenizer writes the tokenizer.ggml keys: those under which a reader of GGUF
// makes the same tokens of the probes as the checkpoint's own tokenizer.
func tokenizer(p *pairs, dir *safetensors.Dir, arch string, vocab int) error {
	data, err := dir.File("tokenizer.json")
	if err != nil {
		return fmt.Errorf("the folder needs its tokenizer.json: %w", err)
	}
	config, err := dir.Optional("tokenizer_config.json")
	if err != nil {
		return err
	}
	want, err := token.FromJSON(data, config)
	if err != nil {
		return err
	}
	var f tokenizerFile
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("tokenizer.json: %w", err)
	}
	if f.Model.Type != "BPE" {
		return fmt.Errorf("tokenizer of type %q has no form that decoders' GGUF files use; known is BPE", f.Model.Type)
	}
	if err := f.pieces(p, vocab); err != nil {
		return err
	}
	if err := ids(p, want, f, config); err != nil {
		return err
	}
	if err := f.kind(p, want, arch); err != nil {
		return err
	}
	if err := ends(p, dir); err != nil {
		return err
	}
	return template(p, dir, config)
}

// ends writes the ids that end a reply beyond those that the file's reader
// finds by itself: checkpoints list them in their configurations.
func ends(p *pairs, dir *safetensors.Dir) error {
	t, err := token.FromGGUF(p)
	if err != nil {
		return err
	}
	known := t.EOGs()
	free := []string{"eot_token_id", "eom_token_id"}
	for _, name := range []string{"generation_config.json", "config.json"} {
		data, err := dir.Optional(name)
		if err != nil {
			return err
		}
		if data == nil {
			continue
		}
		var c struct {
			EOS any `json:"eos_token_id"`
		}
		if err := json.Unmarshal(data, &c); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		list, ok := c.EOS.([]any)
		if !ok {
			list = []any{c.EOS}
		}
		for _, v := range list {
			id, ok := v.(float64)
			if !ok || id < 0 || int(id) >= t.Size() || slices.Contains(known, int32(id)) {
				continue
			}
			if len(free) == 0 {
				return fmt.Errorf("%s names more ends of a reply than GGUF has keys for", name)
			}
			p.set("tokenizer.ggml."+free[0], uint32(id))
			free, known = free[1:], append(known, int32(id))
		}
	}
	return nil
}

// pieces writes tokens and their types, filled up to the embedding's rows.
func (f *tokenizerFile) pieces(p *pairs, vocab int) error {
	var ids map[string]int
	if err := json.Unmarshal(f.Model.Vocab, &ids); err != nil {
		return fmt.Errorf("tokenizer.json: vocab: %w", err)
	}
	tokens, types := make([]string, vocab), make([]int32, vocab)
	for i := range tokens {
		tokens[i], types[i] = fmt.Sprintf("[PAD%d]", i), typeUnused
	}
	place := func(piece string, id int, kind int32) error {
		if id < 0 || id >= vocab {
			return fmt.Errorf("token %q has id %d, the embedding has %d rows", piece, id, vocab)
		}
		tokens[id], types[id] = piece, kind
		return nil
	}
	for piece, id := range ids {
		kind := int32(typeNormal)
		switch {
		case piece == f.Model.Unk && piece != "":
			kind = typeUnknown
		case f.Model.ByteFallback && len(piece) == 6 && strings.HasPrefix(piece, "<0x") && piece[5] == '>':
			kind = typeByte
		}
		if err := place(piece, id, kind); err != nil {
			return err
		}
	}
	for _, a := range f.Added {
		kind := int32(typeUser)
		switch {
		case a.Content == f.Model.Unk:
			kind = typeUnknown
		case a.Special:
			kind = typeControl
		}
		if err := place(a.Content, a.ID, kind); err != nil {
			return err
		}
	}
	p.set("tokenizer.ggml.tokens", tokens)
	p.set("tokenizer.ggml.token_type", types)
	return nil
}

// ids writes the ids that have a meaning and what is added around a text.
func ids(p *pairs, t *token.Tokenizer, f tokenizerFile, config []byte) error {
	set := func(key string, id int32, ok bool) {
		if ok {
			p.set("tokenizer.ggml."+key, uint32(id))
		}
	}
	bos, hasBOS := t.BOS()
	eos, hasEOS := t.EOS()
	set("bos_token_id", bos, hasBOS)
	set("eos_token_id", eos, hasEOS)
	unk, ok := t.ID(f.Model.Unk)
	set("unknown_token_id", unk, ok && f.Model.Unk != "")
	var c struct {
		Pad any `json:"pad_token"`
	}
	if len(config) > 0 {
		if err := json.Unmarshal(config, &c); err != nil {
			return fmt.Errorf("tokenizer_config.json: %w", err)
		}
	}
	if m, ok := c.Pad.(map[string]any); ok {
		c.Pad = m["content"]
	}
	if s, ok := c.Pad.(string); ok {
		pad, known := t.ID(s)
		set("padding_token_id", pad, known)
	}
	around := t.WithSpecials(nil)
	addBOS := hasBOS && len(around) > 0 && around[0] == bos
	if addBOS {
		around = around[1:]
	}
	addEOS := hasEOS && len(around) > 0 && around[0] == eos
	if addEOS {
		around = around[1:]
	}
	if len(around) > 0 {
		return errors.New("the tokenizer adds other tokens than one BOS and one EOS, which GGUF cannot say")
	}
	p.set("tokenizer.ggml.add_bos_token", addBOS)
	p.set("tokenizer.ggml.add_eos_token", addEOS)
	return nil
}

// template writes the chat template, if there is one.
func template(p *pairs, dir *safetensors.Dir, config []byte) error {
	text, err := dir.Optional("chat_template.jinja")
	if err != nil {
		return err
	}
	if text == nil && len(config) > 0 {
		var c struct {
			Template json.RawMessage `json:"chat_template"`
		}
		if err := json.Unmarshal(config, &c); err != nil {
			return fmt.Errorf("tokenizer_config.json: %w", err)
		}
		text = plainTemplate(c.Template)
	}
	if len(text) > 0 {
		p.set("tokenizer.chat_template", string(text))
	}
	return nil
}

// plainTemplate is the text of a template that stands alone or as "default" in
// a list of named ones.
func plainTemplate(raw json.RawMessage) []byte {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []byte(text)
	}
	var named []struct{ Name, Template string }
	if json.Unmarshal(raw, &named) == nil {
		for _, n := range named {
			if n.Name == "default" {
				return []byte(n.Template)
			}
		}
	}
	return nil
}
