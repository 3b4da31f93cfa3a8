package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"

	"malmoi/internal/nn"
	"malmoi/internal/nn/eager"
	"malmoi/internal/num/kernel"
	"malmoi/internal/num/mem"
	"malmoi/internal/num/par"
	"malmoi/internal/num/quant"
	"malmoi/internal/weights"
	"malmoi/internal/weights/gguf"
	"malmoi/internal/weights/safetensors"
)

// Options say how to load.
type Options struct {
	Threads int        // workers, at least 1
	Exact   bool       // compute in float32 from the file's values, cache included
	Quant   quant.Type // float weights become this at load; F32 keeps them
	// NoScreening reads the whole head for every logit, also where the few
	// largest are all that is asked for.
	NoScreening bool
	Context     int // positions to allow; 0: what the model was made for
}

// Net is a family's network: its sizes and its code.
type Net interface {
	Dims() Dims
	// Forward computes one step. Decoders end with Ops.Logits, encoders with
	// Ops.Emit.
	Forward(x nn.Ops)
}

// Encoder is a Net that has no next token: its hidden states are the result.
type Encoder interface {
	Net
	Pooling() Pooling
}

// Pooling says how an encoder's hidden states become one vector.
type Pooling int

// The poolings that encoders in use declare.
const (
	PoolMean Pooling = iota
	PoolFirst
	PoolLast
)

// PoolingOr returns the pooling that the file declares, or def.
func (l *Loader) PoolingOr(def Pooling) Pooling {
	if l.GGUF() {
		switch l.IntOr("pooling_type", "", 0) {
		case 1:
			return PoolMean
		case 2:
			return PoolFirst
		case 3:
			return PoolLast
		}
		return def
	}
	dir, ok := l.src.(interface{ File(string) ([]byte, error) })
	if !ok {
		return def
	}
	data, err := dir.File("1_Pooling/config.json")
	if err != nil {
		return def
	}
	var p struct {
		Mean bool `json:"pooling_mode_mean_tokens"`
		CLS  bool `json:"pooling_mode_cls_token"`
		Last bool `json:"pooling_mode_lasttoken"`
	}
	switch err := json.Unmarshal(data, &p); {
	case err != nil:
		l.Fail("1_Pooling/config.json: %v", err)
	case p.Mean:
		return PoolMean
	case p.CLS:
		return PoolFirst
	case p.Last:
		return PoolLast
	}
	return def
}

// Family is one architecture: the names files give it, what its tensors are
// called in safetensors, and how its network is built.
type Family struct {
	Name  string
	GGUF  []string // general.architecture
	HF    []string // model_type
	Names Names
	Build func(l *Loader) Net
}

// Model is a loaded network. It satisfies the engine's Model interface.
type Model struct {
	Family string
	Arch   string
	dims   Dims
	net    Net
	opt    Options
	src    weights.Source
	arena  *mem.Arena
	pool   *par.Pool
	cache  *eager.Cache
	exec   *eager.Exec

	weightBytes int64 // of all packed matrices, each counted once
	spared      int64 // bytes of the head that screening does not read
	layerMACs   int64
}

// ErrUnknownFamily is wrapped when a file's architecture is not one of those
// malmoi computes.
var ErrUnknownFamily = errors.New("unknown architecture")

// Open opens a model file or folder without reading its weights.
func Open(path string) (weights.Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return safetensors.OpenDir(path)
	}
	return gguf.Open(path)
}

// ConfigOf reads the hyper-parameters of an open source.
func ConfigOf(src weights.Source) (*Config, error) {
	switch s := src.(type) {
	case *gguf.File:
		return NewGGUFConfig(s.Arch(), s), nil
	case *safetensors.Dir:
		data, err := s.File("config.json")
		if err != nil {
			return nil, fmt.Errorf("a folder of safetensors needs its config.json: %w", err)
		}
		return NewHFConfig(data)
	}
	return nil, fmt.Errorf("model: no configuration in a %s source", src.Format())
}

// Find returns the family that computes the architecture of c.
func Find(families []Family, c *Config) (Family, error) {
	var known []string
	for _, f := range families {
		list := f.HF
		if c.GGUF() {
			list = f.GGUF
		}
		for _, name := range list {
			if name == c.Arch() {
				return f, nil
			}
		}
		known = append(known, list...)
	}
	sort.Strings(known)
	return Family{}, fmt.Errorf("%w %q; malmoi computes %s", ErrUnknownFamily, c.Arch(), strings.Join(known, ", "))
}

// Load builds the network of src, packing its weights with o.Threads workers.
// The model keeps src and closes it.
func Load(src weights.Source, families []Family, o Options) (m *Model, err error) {
	c, err := ConfigOf(src)
	if err != nil {
		return nil, err
	}
	fam, err := Find(families, c)
	if err != nil {
		return nil, err
	}
	m = &Model{Family: fam.Name, Arch: c.Arch(), opt: o, src: src, arena: &mem.Arena{}}
	l := &Loader{Config: c, src: src, opt: o, names: fam.Names, arena: m.arena}
	l.findPrefix()
	m.net = fam.Build(l)
	if err := l.Err(); err != nil {
		return nil, err
	}
	m.dims = m.net.Dims()
	if _, learned := m.net.(Encoder); o.Context > 0 && learned {
		m.dims.Context = min(m.dims.Context, o.Context) // there are no positions beyond
	} else if o.Context > 0 {
		m.dims.Context = o.Context
	}
	m.pool = par.New(max(1, o.Threads))
	if err := l.packAll(m.pool); err != nil {
		m.pool.Close()
		m.arena.Free()
		return nil, err
	}
	for _, j := range l.jobs {
		m.weightBytes += int64(j.into.W.Bytes())
		m.spared += int64(j.into.W.Spared())
		if j.name != "output" && j.name != "token_embd" {
			m.layerMACs += int64(j.into.W.Rows()) * int64(j.C)
		}
	}
	m.cache = eager.NewCache(m.dims.L, m.dims.K, m.dims.D, o.Exact)
	m.exec = eager.New(m.pool, m.cache)
	return m, nil
}

// packTask packs the weights that the family asked for, one per chunk.
type packTask struct {
	l    *Loader
	jobs []job
	errs []error
}

// Do packs one weight.
func (t *packTask) Do(_, i int) { t.errs[i] = t.l.pack(t.jobs[i], nil) }

// pieceTask packs one piece of a large weight per chunk.
type pieceTask struct{ do func(i int) }

// Do packs one piece.
func (t *pieceTask) Do(_, i int) { t.do(i) }

// largeBytes is the size of a weight that all workers pack together: one worker
// alone would still be busy with it when the others have done the rest.
const largeBytes = 16 << 20

// packAll packs every weight the family asked for.
func (l *Loader) packAll(pool *par.Pool) error {
	t := &packTask{l: l}
	for _, j := range l.jobs {
		size := 0
		for _, p := range j.parts {
			size += len(p.Data)
		}
		if size < largeBytes {
			t.jobs = append(t.jobs, j)
			continue
		}
		if err := l.pack(j, func(n int, do func(int)) { pool.Run(n, &pieceTask{do}) }); err != nil {
			return err
		}
	}
	t.errs = make([]error, len(t.jobs))
	pool.Run(len(t.jobs), t)
	return errors.Join(t.errs...)
}

// Dims are the network's sizes.
func (m *Model) Dims() Dims { return m.dims }

// VocabSize is the number of logits per row.
func (m *Model) VocabSize() int { return m.dims.V }

// ContextLength is the number of positions a sequence may have.
func (m *Model) ContextLength() int { return m.dims.Context }

// PageBytes is the memory of one cache page.
func (m *Model) PageBytes() int { return m.cache.PageBytes() }

// WeightBytes is the memory the packed weights take.
func (m *Model) WeightBytes() int64 { return m.arena.Bytes() }

// Threads is the number of workers.
func (m *Model) Threads() int { return m.pool.Threads() }

// Reserve makes cache pages 0 to n-1 usable.
func (m *Model) Reserve(n int) error { return m.cache.Reserve(n) }

// CopyPage copies cache page src over dst.
func (m *Model) CopyPage(dst, src int) { m.cache.CopyPage(dst, src) }

// Step computes one batch.
func (m *Model) Step(b *nn.Batch) error {
	for _, id := range b.Tokens {
		if id < 0 || int(id) >= m.dims.V {
			return fmt.Errorf("token id %d outside the vocabulary of %d", id, m.dims.V)
		}
	}
	for _, s := range b.Seqs {
		if s.Len < 0 || s.Pos < 0 || s.Len > m.dims.Context-s.Pos {
			return fmt.Errorf("positions %d to %d of a sequence outside the context of %d", s.Pos, s.Pos+s.Len, m.dims.Context)
		}
	}
	return m.exec.Run(b, m.net.Forward)
}

// Screened returns what screening of the head did so far.
func (m *Model) Screened() eager.Screened { return m.exec.Screened() }

// SetTap lets f see hidden states; see eager.Exec.SetTap.
func (m *Model) SetTap(f func(layer int, h nn.Rows)) { m.exec.SetTap(f) }

// Encoder returns the network as an encoder, or false if it is a decoder.
func (m *Model) Encoder() (Encoder, bool) { e, ok := m.net.(Encoder); return e, ok }

// Close frees the weights and the cache. No step may be running.
func (m *Model) Close() error {
	m.pool.Close()
	m.cache.Free()
	m.arena.Free()
	return m.src.Close()
}

// LayerParameters is the number of multiply-adds that one prompt token takes
// outside attention and the head.
func (m *Model) LayerParameters() int64 { return m.layerMACs }

// TokenBytes is what decoding one token greedily at the given depth reads: all
// packed weights, but of a head that is screened only what the first pass reads,
// and the keys and values before it.
func (m *Model) TokenBytes(depth int) int64 {
	bytes := m.weightBytes + int64(m.cache.PageBytes())*int64(depth)/nn.PageTokens
	if kernel.ScreenRows() > 0 {
		bytes -= m.spared
	}
	return bytes
}
