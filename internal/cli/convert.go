package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"malmoi/internal/convert"
	"malmoi/internal/model/families"
	"malmoi/internal/weights/safetensors"
)

// convertCmd writes a GGUF file from a folder of safetensors.
type convertCmd struct {
	Source  string `arg:"" help:"Folder with config.json, tokenizer.json and *.safetensors." placeholder:"FOLDER"`
	Output  string `short:"o" required:"" help:"File to write." placeholder:"FILE.gguf"`
	Type    string `default:"q8_0" help:"Type of the weights: q8_0, q4_k (mixed as in Q4_K_M), f16, bf16 or f32." placeholder:"TYPE"`
	Threads int    `help:"Workers (default: all cores)." placeholder:"N"`
	Force   bool   `help:"Replace the file if it exists."`
}

func (c *convertCmd) Run(ctx context.Context, env *Env) error {
	typ, err := convert.ParseType(c.Type)
	if err != nil {
		return err
	}
	if info, err := os.Stat(c.Source); err == nil && !info.IsDir() {
		return withHint(fmt.Errorf("%s is not a folder", c.Source), "convert reads checkpoints of safetensors; a GGUF file can be used as it is")
	}
	if _, err := os.Stat(c.Output); err == nil && !c.Force {
		return withHint(fmt.Errorf("%s exists", c.Output), "--force replaces it")
	}
	src, err := safetensors.OpenDir(c.Source)
	if err != nil {
		return err
	}
	defer src.Close()
	threads := c.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	bar := &percent{env: env, live: isTerminalFile(env.Stderr)}
	o := convert.Options{Type: typ, Threads: threads, Name: filepath.Base(filepath.Clean(c.Source)), Progress: bar.show}
	err = convert.ToGGUF(ctx, src, families.All(), c.Output, o)
	bar.end()
	if err != nil {
		return err
	}
	info, err := os.Stat(c.Output)
	if err != nil {
		return errors.Join(errors.New("the file was written and is gone"), err)
	}
	fmt.Fprintf(env.Stdout, "%s  %d bytes\n", c.Output, info.Size())
	return nil
}

// percent shows how much is done: in place on a terminal, else every tenth.
type percent struct {
	env   *Env
	live  bool
	shown int64
}

func (p *percent) show(done, total int64) {
	n := done * 100 / max(1, total)
	switch {
	case n == p.shown:
	case p.live:
		p.shown = n
		fmt.Fprintf(p.env.Stderr, "\r%3d %%", n)
	case n/10 != p.shown/10:
		p.shown = n
		fmt.Fprintf(p.env.Stderr, "%3d %%\n", n)
	}
}

func (p *percent) end() {
	if p.live && p.shown > 0 {
		fmt.Fprintln(p.env.Stderr)
	}
}
