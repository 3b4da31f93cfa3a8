package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"malmoi/internal/token/bpe"
	"malmoi/internal/token/jsonscan"
	"malmoi/internal/token/textnorm"
	"malmoi/internal/token/unigram"
	"malmoi/internal/token/wordpiece"
)

// hfConfig is what matters of tokenizer_config.json.
type hfConfig struct {
	Class  string    `json:"tokenizer_class"`
	AddBOS *bool     `json:"add_bos_token"`
	AddEOS *bool     `json:"add_eos_token"`
	BOS    hfSpecial `json:"bos_token"`
	EOS    hfSpecial `json:"eos_token"`
}

// hfSpecial is a token written as a string or as an object.
type hfSpecial string

// UnmarshalJSON implements json.Unmarshaler. Anything else counts as absent.
func (p *hfSpecial) UnmarshalJSON(data []byte) error {
	var object struct {
		Content string `json:"content"`
	}
	if json.Unmarshal(data, (*string)(p)) != nil && json.Unmarshal(data, &object) == nil {
		*p = hfSpecial(object.Content)
	}
	return nil
}

func fromJSON(text string, cfg hfConfig) (*Tokenizer, error) {
	f, err := parseHF(text)
	if err != nil {
		return nil, err
	}
	var cut split
	if err := cut.add(f.PreTokenizer, 0); err != nil {
		return nil, err
	}
	p := &pieces{byteLevel: cut.byteLevel}
	scores, err := f.Model.readVocab(p)
	if err != nil {
		return nil, err
	}
	norm, err := f.Normalizer.normalizer(0)
	if err != nil {
		return nil, err
	}
	list, err := f.readAdded(p, norm)
	if err != nil {
		return nil, err
	}
	t, err := p.build()
	if err != nil {
		return nil, err
	}
	t.chain, t.norm = cut.chain, norm
	if t.model, err = f.Model.build(t, scores); err != nil {
		return nil, err
	}
	if err = f.Decoder.addTo(&t.decoder, 0); err != nil {
		return nil, err
	}
	t.guard(list)
	t.added = newAddedTokens(list, t.norm)
	return t, t.setAround(f.PostProcessor, cfg)
}

// readAdded gives added tokens their ids; the file's id counts. A token that is
// looked for in normalised text is normalised itself.
func (f *hfFile) readAdded(p *pieces, norm textnorm.Normalizer) ([]addedToken, error) {
	list := make([]addedToken, 0, len(f.Added))
	for _, a := range f.Added {
		if a.Content == "" {
			continue
		}
		k := kind(0)
		if a.Special {
			k = control
		}
		if a.Normalized && norm != nil {
			a.Content = norm.Normalize(a.Content)
		}
		if err := p.set(a.ID, a.Content, k); err != nil {
			return nil, err
		}
		list = append(list, addedToken{id: a.ID, text: strings.Clone(a.Content), special: a.Special, word: a.SingleWord,
			left: a.LStrip, right: a.RStrip, norm: a.Normalized})
	}
	return list, nil
}

// setAround finds BOS, EOS and what surrounds a text. Where the class of the
// tokenizer rebuilds the template from add_bos_token, that flag counts; elsewhere
// it only helps out where there is no template.
func (t *Tokenizer) setAround(post *component, cfg hfConfig) error {
	var err error
	if t.pre, t.post, err = post.around(0); err != nil {
		return err
	}
	for _, id := range append(append([]int32(nil), t.pre...), t.post...) {
		if id < 0 || int(id) >= t.Size() {
			return fmt.Errorf("template adds id %d, which is not below %d", id, t.Size())
		}
	}
	if id, ok := t.ID(string(cfg.BOS)); ok {
		t.bos = id
	}
	if id, ok := t.ID(string(cfg.EOS)); ok {
		t.eos = id
	}
	rebuilt := strings.HasPrefix(cfg.Class, "Llama") || strings.HasPrefix(cfg.Class, "Gemma") ||
		strings.HasPrefix(cfg.Class, "Cohere") || len(t.pre)+len(t.post) == 0
	if rebuilt && t.bos != none && cfg.AddBOS != nil {
		t.pre = nil
		if *cfg.AddBOS {
			t.pre = []int32{t.bos}
		}
	}
	if rebuilt && t.eos != none && cfg.AddEOS != nil {
		t.post = nil
		if *cfg.AddEOS {
			t.post = []int32{t.eos}
		}
	}
	t.findEnds()
	t.setEnds()
	return nil
}

// readVocab reads {"piece": id} or [["piece", score]]; only the latter has scores.
func (m *hfModel) readVocab(p *pieces) ([]float64, error) {
	s := jsonscan.New(m.Vocab)
	if s.Kind() == '{' {
		return nil, s.Object(func(piece string) error {
			id, err := s.Int()
			if err != nil {
				return err
			}
			return p.set(id, piece, 0)
		})
	}
	var scores []float64
	err := s.Array(func() error {
		var piece string
		n := 0
		return s.Array(func() (err error) {
			switch n++; n {
			case 1:
				piece, err = s.String()
				return err
			case 2:
				id := int32(len(scores))
				score, err := s.Float()
				scores = append(scores, score)
				if err != nil {
					return err
				}
				return p.set(id, piece, 0)
			}
			return fmt.Errorf("vocab entry %d has more than a piece and a score", len(scores)-1)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("vocab: %w", err)
	}
	return scores, nil
}

// build makes the model over the index of t.
func (m *hfModel) build(t *Tokenizer, scores []float64) (model, error) {
	if t.byteLevel && m.Type != "BPE" {
		return nil, fmt.Errorf("model type %q after a ByteLevel pre-tokenizer is not supported", m.Type)
	}
	if (scores != nil) != (m.Type == "Unigram") {
		return nil, fmt.Errorf("vocab of model type %q is of the wrong form", m.Type)
	}
	unk := none
	if m.UnkToken != "" {
		if id, ok := t.ID(m.UnkToken); ok {
			unk = id
		} else if m.Type != "BPE" {
			return nil, fmt.Errorf("unk_token %q is not in the vocabulary", clip(m.UnkToken))
		}
	}
	switch m.Type {
	case "BPE":
		return m.bpe(t, unk)
	case "Unigram":
		if m.UnkID == nil {
			return nil, fmt.Errorf("model has no unk_id")
		}
		return m.unigram(t, scores)
	case "WordPiece":
		prefix := m.Prefix
		if !m.HasPrefix {
			prefix = "##"
		}
		return wordpiece.New(wordpiece.Config{Vocab: t.vocab, Unk: unk, Prefix: prefix, Max: m.MaxWord}), nil
	case "WordLevel":
		return wordpiece.Words{Vocab: t.vocab, Unk: unk}, nil
	}
	return nil, fmt.Errorf("model type %q is not supported; known are BPE, Unigram, WordPiece, WordLevel", m.Type)
}

func (m *hfModel) bpe(t *Tokenizer, unk int32) (model, error) {
	b := bpe.NewBuilder(t.vocab, bpe.Options{
		ByteLevel: t.byteLevel, ByteFallback: m.ByteFallback, Unk: unk, FuseUnk: m.FuseUnk,
		WholeWords: m.IgnoreMerges, Prefix: m.Prefix, Suffix: m.Suffix, Hidden: t.IsControl,
	})
	if m.Merges == "" {
		return b.Model()
	}
	s := jsonscan.New(m.Merges)
	err := s.Array(func() error {
		left, right, err := readMerge(s)
		if err != nil {
			return err
		}
		return b.Merge(left, right)
	})
	if err != nil {
		return nil, fmt.Errorf("merges: %w", err)
	}
	return b.Model()
}

// readMerge reads "left right" or ["left", "right"].
func readMerge(s *jsonscan.Scanner) (left, right string, err error) {
	if s.Kind() != '[' {
		pair, err := s.String()
		left, right, ok := strings.Cut(pair, " ")
		if err == nil && (!ok || strings.Contains(right, " ")) {
			err = fmt.Errorf("merge %q is not two pieces", clip(pair))
		}
		return left, right, err
	}
	n := 0
	err = s.Array(func() (err error) {
		switch n++; n {
		case 1:
			left, err = s.String()
		case 2:
			right, err = s.String()
		default:
			err = errMerge
		}
		return err
	})
	if err == nil && n != 2 {
		err = errMerge
	}
	return left, right, err
}

var errMerge = errors.New("a merge is not two pieces")

// unigram leaves special tokens out of the pieces that text is cut into: what a
// user wrote never becomes one. (The reference cuts them too.)
func (m *hfModel) unigram(t *Tokenizer, scores []float64) (model, error) {
	list := make([]string, len(scores))
	for id := range list {
		list[id] = t.vocab.Piece(int32(id))
	}
	return unigram.New(unigram.Config{Pieces: list, Scores: scores, Unk: *m.UnkID, ByteFallback: m.ByteFallback,
		Include: func(id int32) bool { return !t.IsControl(id) }})
}
