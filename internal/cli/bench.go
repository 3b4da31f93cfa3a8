package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"malmoi/internal/llm"
	"malmoi/internal/num/cpu"
	"malmoi/internal/num/roof"
)

// benchCmd measures a model's speeds beside what the machine could do at best.
type benchCmd struct {
	modelFlags
	Prefill []int `help:"Prompt lengths to measure." default:"16,128,512" placeholder:"N"`
	Decode  int   `help:"Tokens to decode." default:"64"`
	Depths  []int `help:"Context depths at which to decode." default:"0" placeholder:"N"`
	Reps    int   `help:"Runs of each measurement; the median is printed." default:"3"`
	JSON    bool  `name:"json" help:"Print one JSON object."`
}

// benchResult is what bench --json prints.
type benchResult struct {
	Model     string       `json:"model"`
	Kernels   string       `json:"kernels"`
	Threads   int          `json:"threads"`
	LoadMS    float64      `json:"load_ms"`
	Weights   int64        `json:"weight_bytes"`
	Bandwidth float64      `json:"read_bytes_per_second"`
	MACPeak   float64      `json:"macs_per_second,omitempty"`
	Prefill   []benchSpeed `json:"prefill"`
	Decode    []benchSpeed `json:"decode"`
}

// benchSpeed is one speed and the share of its roof: multiply-adds for prefill,
// bytes read for decode.
type benchSpeed struct {
	Tokens    int     `json:"tokens"`
	Depth     int     `json:"depth,omitempty"`
	PerSecond float64 `json:"tokens_per_second"`
	Bytes     int64   `json:"bytes_per_token,omitempty"`
	Share     float64 `json:"share_of_roof,omitempty"`
}

func (c *benchCmd) Run(ctx context.Context, env *Env, g *globals) error {
	path, err := modelPath(g, c.Model)
	if err != nil {
		return err
	}
	o := c.options(path)
	start := time.Now()
	m, err := llm.Load(path, llm.Info{}, o)
	if err != nil {
		return err
	}
	defer m.Close()
	r := benchResult{
		Model: m.Info().Name, Kernels: cpu.Current().String(), Threads: o.Threads,
		LoadMS: float64(time.Since(start)) / 1e6, Weights: m.Net().WeightBytes(),
	}
	if r.Bandwidth, err = roof.ReadBandwidth(o.Threads); err != nil {
		return fmt.Errorf("measuring the memory: %w", err)
	}
	r.MACPeak, _ = roof.MultiplyAdds(o.Threads)
	if err := c.prefill(ctx, m, &r); err != nil {
		return err
	}
	if err := c.decode(ctx, m, &r); err != nil {
		return err
	}
	if c.JSON {
		return newPrinter(env.Stdout).line(r)
	}
	r.print(env.Stdout)
	return nil
}

func (c *benchCmd) prefill(ctx context.Context, m *llm.Model, r *benchResult) error {
	macs := float64(m.Net().LayerParameters())
	for i, n := range c.Prefill {
		var speeds []float64
		for rep := range c.Reps + 1 {
			u, err := benchRun(ctx, m, benchPrompt(m, n, 1+rep+100*i), 1)
			if err != nil {
				return err
			}
			if rep > 0 { // the first warms caches and memory
				speeds = append(speeds, float64(n)/u.Prefill.Seconds())
			}
		}
		s := benchSpeed{Tokens: n, PerSecond: median(speeds)}
		if r.MACPeak > 0 {
			s.Share = s.PerSecond * macs / r.MACPeak
		}
		r.Prefill = append(r.Prefill, s)
	}
	return nil
}

func (c *benchCmd) decode(ctx context.Context, m *llm.Model, r *benchResult) error {
	for i, depth := range c.Depths {
		var speeds []float64
		for rep := range c.Reps {
			u, err := benchRun(ctx, m, benchPrompt(m, max(1, depth), 10000+rep+100*i), c.Decode+1)
			if err != nil {
				return err
			}
			speeds = append(speeds, float64(u.CompletionTokens-1)/u.Decode.Seconds())
		}
		s := benchSpeed{Tokens: c.Decode, Depth: depth, PerSecond: median(speeds)}
		s.Bytes = m.Net().TokenBytes(depth + c.Decode/2)
		s.Share = s.PerSecond * float64(s.Bytes) / r.Bandwidth
		r.Decode = append(r.Decode, s)
	}
	return nil
}

// benchPrompt makes a prompt that no earlier run has left in the cache.
func benchPrompt(m *llm.Model, n, salt int) []int32 {
	V := uint64(m.Net().VocabSize())
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32((uint64(salt)*7919 + uint64(i)*104729 + uint64(i*i)%97) % V)
	}
	return ids
}

func benchRun(ctx context.Context, m *llm.Model, ids []int32, tokens int) (llm.Usage, error) {
	s, err := m.Complete(ctx, llm.CompletionRequest{IDs: ids, Params: llm.Params{MaxTokens: tokens, IgnoreEOS: true}})
	if err != nil {
		return llm.Usage{}, err
	}
	defer s.Close()
	for {
		if _, err := s.Next(ctx); errors.Is(err, io.EOF) {
			return s.Usage(), nil
		} else if err != nil {
			return llm.Usage{}, err
		}
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	if len(x) == 0 {
		return 0
	}
	return x[len(x)/2]
}

func (r *benchResult) print(w io.Writer) {
	fmt.Fprintf(w, "model      %s, %.0f MB of packed weights, loaded in %.0f ms\n", r.Model, float64(r.Weights)/1e6, r.LoadMS)
	fmt.Fprintf(w, "machine    %s kernels, %d threads, reads %.1f GB/s", r.Kernels, r.Threads, r.Bandwidth/1e9)
	if r.MACPeak > 0 {
		fmt.Fprintf(w, ", %.0f GMAC/s of 8-bit integers", r.MACPeak/1e9)
	}
	fmt.Fprintln(w)
	for _, s := range r.Prefill {
		fmt.Fprintf(w, "prefill    %5d tokens           %8.1f tok/s", s.Tokens, s.PerSecond)
		if s.Share > 0 {
			fmt.Fprintf(w, "   %4.1f %% of the multiply-add roof", 100*s.Share)
		}
		fmt.Fprintln(w)
	}
	for _, s := range r.Decode {
		fmt.Fprintf(w, "decode     %5d tokens at %5d %8.1f tok/s   %4.1f %% of the read roof (%.1f MB/token)\n", s.Tokens, s.Depth, s.PerSecond, 100*s.Share, float64(s.Bytes)/1e6)
	}
}
