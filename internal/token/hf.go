package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"malmoi/internal/token/jsonscan"
)

// FromJSON reads a tokenizer.json of the Hugging Face format and, if not nil, the
// tokenizer_config.json beside it, which names BOS and EOS.
func FromJSON(tokenizerJSON, tokenizerConfigJSON []byte) (*Tokenizer, error) {
	if len(tokenizerJSON) > maxFileBytes {
		return nil, fmt.Errorf("token: tokenizer.json has %d bytes; the limit is %d", len(tokenizerJSON), maxFileBytes)
	}
	var cfg hfConfig
	if len(tokenizerConfigJSON) > 0 {
		if err := json.Unmarshal(tokenizerConfigJSON, &cfg); err != nil {
			return nil, fmt.Errorf("token: tokenizer_config.json: %w", err)
		}
	}
	t, err := fromJSON(string(tokenizerJSON), cfg)
	if err != nil {
		return nil, fmt.Errorf("token: tokenizer.json: %w", err)
	}
	return t, nil
}

// hfFile is a tokenizer.json: small parts decoded, large ones as text.
type hfFile struct {
	Added         []hfAdded
	Normalizer    *component
	PreTokenizer  *component
	PostProcessor *component
	Decoder       *component
	Model         hfModel
}

type hfAdded struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// hfModel is the "model" member; Vocab and Merges are JSON text.
type hfModel struct {
	Type         string
	Vocab        string
	Merges       string
	UnkToken     string
	UnkID        *int32
	Prefix       string
	HasPrefix    bool
	Suffix       string
	FuseUnk      bool
	ByteFallback bool
	IgnoreMerges bool
	MaxWord      int
}

// component is a normalizer, pre-tokenizer, post-processor or decoder: the union of
// their fields.
type component struct {
	Type          string       `json:"type"`
	Normalizers   []*component `json:"normalizers"`
	Pretokenizers []*component `json:"pretokenizers"`
	Processors    []*component `json:"processors"`
	Decoders      []*component `json:"decoders"`

	Pattern     *hfPattern `json:"pattern"`
	Content     string     `json:"content"`
	Prepend     string     `json:"prepend"`
	Behavior    string     `json:"behavior"`
	Invert      bool       `json:"invert"`
	Left        *bool      `json:"strip_left"`
	Right       *bool      `json:"strip_right"`
	Start       int        `json:"start"`
	Stop        int        `json:"stop"`
	Charsmap    []byte     `json:"precompiled_charsmap"`
	CleanText   *bool      `json:"clean_text"`
	Chinese     *bool      `json:"handle_chinese_chars"`
	Accents     *bool      `json:"strip_accents"`
	Lower       *bool      `json:"lowercase"`
	PrefixSpace *bool      `json:"add_prefix_space"`
	UseRegex    *bool      `json:"use_regex"`
	Individual  bool       `json:"individual_digits"`
	Replacement string     `json:"replacement"`
	Scheme      string     `json:"prepend_scheme"`
	SplitWords  *bool      `json:"split"`
	Delimiter   string     `json:"delimiter"`
	Length      int        `json:"length"`
	Prefix      string     `json:"prefix"`
	Suffix      string     `json:"suffix"`
	Cleanup     *bool      `json:"cleanup"`

	Single        []hfTemplateItem              `json:"single"`
	SpecialTokens map[string]hfTemplateSpecials `json:"special_tokens"`
	Sep           hfPair                        `json:"sep"`
	Cls           hfPair                        `json:"cls"`
}

type hfPattern struct {
	String *string `json:"String"`
	Regex  *string `json:"Regex"`
}

type hfTemplateItem struct {
	SpecialToken *struct {
		ID string `json:"id"`
	} `json:"SpecialToken"`
}

type hfTemplateSpecials struct {
	IDs []int32 `json:"ids"`
}

// hfPair is ["[SEP]", 102].
type hfPair struct {
	Text string
	ID   int32
	Set  bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *hfPair) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil || len(parts) != 2 {
		return errors.New("expected a pair of token and id")
	}
	p.Set = true
	return errors.Join(json.Unmarshal(parts[0], &p.Text), json.Unmarshal(parts[1], &p.ID))
}

func on(flag *bool, otherwise bool) bool {
	if flag == nil {
		return otherwise
	}
	return *flag
}

// parseHF reads the document; the vocabulary and the merges stay text.
func parseHF(text string) (*hfFile, error) {
	f := &hfFile{}
	s := jsonscan.New(text)
	into := func(v any) error {
		raw, err := s.Raw()
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(raw), v)
	}
	err := s.Object(func(key string) error {
		var err error
		switch key {
		case "added_tokens":
			err = into(&f.Added)
		case "normalizer":
			err = into(&f.Normalizer)
		case "pre_tokenizer":
			err = into(&f.PreTokenizer)
		case "post_processor":
			err = into(&f.PostProcessor)
		case "decoder":
			err = into(&f.Decoder)
		case "model":
			if err = f.Model.read(s); err != nil {
				return fmt.Errorf("model: %w", err)
			}
		default:
			return s.Skip()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	if err == nil {
		err = s.End()
	}
	return f, err
}

// read reads the "model" object.
func (m *hfModel) read(s *jsonscan.Scanner) error {
	m.MaxWord = 100
	fields := map[string]any{
		"type": &m.Type, "unk_token": &m.UnkToken, "unk_id": &m.UnkID, "end_of_word_suffix": &m.Suffix,
		"fuse_unk": &m.FuseUnk, "byte_fallback": &m.ByteFallback, "ignore_merges": &m.IgnoreMerges,
		"max_input_chars_per_word": &m.MaxWord, "continuing_subword_prefix": &m.Prefix,
	}
	err := s.Object(func(key string) error {
		raw, err := s.Raw()
		if err != nil {
			return err
		}
		switch key {
		case "vocab":
			m.Vocab = raw
		case "merges":
			m.Merges = raw
		case "continuing_subword_prefix":
			m.HasPrefix = raw != "null"
		}
		if v, ok := fields[key]; ok {
			if err := json.Unmarshal([]byte(raw), v); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if m.Type == "" {
		m.Type = m.guess()
	}
	return nil
}

// guess finds the type that old files leave out.
func (m *hfModel) guess() string {
	switch {
	case m.Merges != "":
		return "BPE"
	case strings.HasPrefix(m.Vocab, "["):
		return "Unigram"
	case m.HasPrefix:
		return "WordPiece"
	}
	return "WordLevel"
}
