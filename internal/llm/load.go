package llm

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"malmoi/internal/chat"
	"malmoi/internal/engine"
	"malmoi/internal/engine/grammar"
	"malmoi/internal/model"
	"malmoi/internal/model/families"
	"malmoi/internal/num/quant"
	"malmoi/internal/token"
	"malmoi/internal/weights"
	"malmoi/internal/weights/gguf"
	"malmoi/internal/weights/safetensors"
)

// Options say how a model is loaded and how much it may use.
type Options struct {
	Threads  int
	Exact    bool       // float32 throughout
	Quant    quant.Type // for float weights of safetensors; F32 keeps them
	Context  int        // positions per sequence; 0: what the model was made for
	KVBytes  int64      // memory for keys and values of all sequences
	MaxQueue int        // requests that may wait; 0: the engine's default
	Lookup   int        // tokens to guess per step from repetitions; 0: none
	// NoScreening reads the whole head for every token; see model.Options.
	NoScreening bool
	Now         func() time.Time
}

// Model is a loaded model: tokenizer, dialect and engine.
type Model struct {
	info      Info
	net       *model.Model
	tok       *token.Tokenizer
	template  *chat.Template // nil for a base model
	dialect   chat.Dialect
	stops     []int32 // ids that end a text
	chatStops []int32 // ids that end a reply
	eng       *engine.Engine
	vocab     func() *grammar.Vocab // built when the first constrained request comes
	forms     forms
	encoder   *encoder // for embedding models, instead of eng
	now       func() time.Time
}

// parts are what a model file or folder holds besides the weights.
type parts struct {
	tok      *token.Tokenizer
	template string
	eos      []int32
	name     string
}

// Load reads the model at path: a GGUF file or a folder of safetensors. What
// info does not say is filled in from the file.
func Load(path string, info Info, o Options) (*Model, error) {
	src, err := model.Open(path)
	if err != nil {
		return nil, err
	}
	m, err := load(src, info, o)
	if err != nil {
		src.Close()
		return nil, err
	}
	if m.info.Name == "" {
		m.info.Name = strings.TrimSuffix(filepath.Base(path), ".gguf")
	}
	return m, nil
}

func load(src weights.Source, info Info, o Options) (*Model, error) {
	// The tokenizer, one thread's work, is built while the weights are packed.
	// What parsing left behind goes back to the system before all of them are,
	// lest both stand in memory at once.
	var p parts
	var bad error
	var read sync.WaitGroup
	read.Go(func() {
		if p, bad = readParts(src); bad == nil {
			debug.FreeOSMemory()
		}
	})
	net, err := model.Load(src, families.All(), model.Options{Threads: o.Threads, Exact: o.Exact, Quant: o.Quant, Context: o.Context, NoScreening: o.NoScreening})
	read.Wait()
	if bad != nil {
		if err == nil {
			net.Close()
		}
		return nil, bad
	}
	if err != nil {
		return nil, err
	}
	m := &Model{info: info, net: net, tok: p.tok, now: o.Now, stops: p.eos}
	m.vocab = sync.OnceValue(func() *grammar.Vocab { return grammar.NewVocab(net.VocabSize(), m.constrainedBytes) })
	if m.now == nil {
		m.now = time.Now
	}
	if err := m.setTemplate(p.template); err != nil {
		net.Close()
		return nil, err
	}
	m.describe(src, p)
	if enc, ok := net.Encoder(); ok {
		m.encoder = newEncoder(net, enc, p.tok)
		return m, nil
	}
	m.eng = engine.New(net, engine.Options{KVPages: kvPages(net, o), MaxQueue: o.MaxQueue, Lookup: o.Lookup})
	return m, nil
}

// defaultKVBytes is the cache's memory where the caller sets none.
const defaultKVBytes = 2 << 30

// kvPages is how many cache pages the memory allows, at least one sequence of
// the model's full context if the caller asked for that context.
func kvPages(net *model.Model, o Options) int {
	budget := o.KVBytes
	if budget == 0 {
		budget = defaultKVBytes
	}
	pages := int(budget / int64(net.PageBytes()))
	if o.Context > 0 {
		pages = max(pages, (o.Context+engine.PageTokens-1)/engine.PageTokens+1)
	}
	return max(pages, 2)
}

func readParts(src weights.Source) (parts, error) {
	switch s := src.(type) {
	case *gguf.File:
		defer s.DropHead()
		tok, err := token.FromGGUF(s)
		if err != nil {
			return parts{}, err
		}
		p := parts{tok: tok, eos: tok.EOGs()}
		p.template, _ = s.String("tokenizer.chat_template")
		p.name, _ = s.String("general.name")
		return p, nil
	case *safetensors.Dir:
		return readFolder(s)
	}
	return parts{}, fmt.Errorf("llm: a %s source has no tokenizer", src.Format())
}

// readFolder reads the small files of a Hugging Face checkpoint.
func readFolder(dir *safetensors.Dir) (parts, error) {
	tokJSON, err := dir.File("tokenizer.json")
	if err != nil {
		return parts{}, fmt.Errorf("a folder of safetensors needs its tokenizer.json: %w", err)
	}
	tokConfig, err := dir.Optional("tokenizer_config.json")
	if err != nil {
		return parts{}, err
	}
	tok, err := token.FromJSON(tokJSON, tokConfig)
	if err != nil {
		return parts{}, err
	}
	p := parts{tok: tok, eos: tok.EOGs()}
	jinja, err := dir.Optional("chat_template.jinja")
	if err != nil {
		return parts{}, err
	}
	p.template = string(jinja)
	if p.template == "" {
		if p.template, err = templateOf(tokConfig); err != nil {
			return parts{}, err
		}
	}
	for _, name := range []string{"generation_config.json", "config.json"} {
		data, err := dir.Optional(name)
		if err != nil {
			return parts{}, err
		}
		for _, id := range eosOf(data) {
			if !slices.Contains(p.eos, id) {
				p.eos = append(p.eos, id)
			}
		}
	}
	return p, nil
}

// templateOf finds the chat template in a tokenizer_config.json, where it is
// one text or a list of named ones.
func templateOf(config []byte) (string, error) {
	if len(config) == 0 {
		return "", nil
	}
	var c struct {
		Template json.RawMessage `json:"chat_template"`
	}
	if err := json.Unmarshal(config, &c); err != nil {
		return "", fmt.Errorf("tokenizer_config.json: %w", err)
	}
	var text string
	if len(c.Template) == 0 || json.Unmarshal(c.Template, &text) == nil {
		return text, nil
	}
	var named []struct{ Name, Template string }
	if err := json.Unmarshal(c.Template, &named); err != nil {
		return "", fmt.Errorf("tokenizer_config.json: chat_template is neither text nor a list: %w", err)
	}
	for _, t := range named {
		if t.Name == "default" {
			return t.Template, nil
		}
	}
	return "", nil
}

// eosOf reads eos_token_id, one id or several, from a configuration.
func eosOf(config []byte) []int32 {
	var c struct {
		EOS json.RawMessage `json:"eos_token_id"`
	}
	if json.Unmarshal(config, &c) != nil || len(c.EOS) == 0 {
		return nil
	}
	var one int32
	if json.Unmarshal(c.EOS, &one) == nil && string(c.EOS) != "null" {
		return []int32{one}
	}
	var many []int32
	if json.Unmarshal(c.EOS, &many) == nil {
		return many
	}
	return nil
}

// describe fills in what the catalogue did not say.
func (m *Model) describe(src weights.Source, p parts) {
	i := &m.info
	if i.Title == "" {
		i.Title = p.name
	}
	i.Family = m.net.Family
	i.Bytes = src.Bytes()
	i.Context = m.net.ContextLength()
	i.Chat = m.template != nil
	if i.Chat {
		i.Tools = m.template.Tools() || m.dialect.Tools()
		_, i.Reasoning = m.template.Thinking()
	}
	i.Loaded = true
	if i.Quant == "" {
		i.Quant = mainType(src)
	}
	if i.Created.IsZero() {
		i.Created = m.now()
	}
	_, i.Embedding = m.net.Encoder()
}

// mainType names the element type that most of the file's bytes have.
func mainType(src weights.Source) string {
	bytes := map[quant.Type]int{}
	for _, name := range src.Names() {
		t, _ := src.Tensor(name)
		bytes[t.Type] += len(t.Data)
	}
	best, most := quant.F32, -1
	for t, n := range bytes {
		if n > most || n == most && t < best {
			best, most = t, n
		}
	}
	return best.String()
}

// Info describes the model.
func (m *Model) Info() Info { return m.info }

// Net is the network, for measuring tools.
func (m *Model) Net() *model.Model { return m.net }

// Tokenizer is the model's tokenizer.
func (m *Model) Tokenizer() *token.Tokenizer { return m.tok }

// Close stops the engine and frees the memory.
func (m *Model) Close() error {
	if m.eng != nil {
		m.eng.Close()
	}
	return m.net.Close()
}
