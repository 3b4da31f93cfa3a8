package cli

import (
	"fmt"
	"os"
	"runtime"

	"malmoi/internal/llm"
	"malmoi/internal/num/quant"
)

// modelFlags are how every command that computes names and loads a model.
type modelFlags struct {
	Model       string `help:"Model: an installed name, a GGUF file or a folder with safetensors." placeholder:"MODEL"`
	Threads     int    `help:"Worker threads (default: the processors this process may use)." placeholder:"N"`
	Context     int    `help:"Tokens per sequence (default: what the model was made for)." placeholder:"N"`
	Quant       string `help:"none: compute in float32 from the file's values. q8_0, q4_k: quantise float weights at load. auto: q8_0 for safetensors above 512 MiB." default:"auto" enum:"auto,none,q8_0,q4_k"`
	NoScreening bool   `name:"no-screening" help:"Read the whole head for every token, also where its few greatest logits are enough; the answer is the same either way."`
}

// autoQuantBytes is the size of a checkpoint from which "auto" quantises it:
// below, reading every weight in full costs little and changes nothing.
const autoQuantBytes = 512 << 20

// options turns the flags into llm.Options for the model at path.
func (f modelFlags) options(path string) llm.Options {
	o := llm.Options{Threads: f.Threads, Context: f.Context, Quant: quant.F32, KVBytes: kvBudget(), NoScreening: f.NoScreening}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	switch f.Quant {
	case "none":
		o.Exact = true
	case "q8_0":
		o.Quant = quant.Q8_0
	case "q4_k":
		o.Quant = quant.Q4_K
	default:
		if isFolder(path) && folderBytes(path) > autoQuantBytes {
			o.Quant = quant.Q8_0
		}
	}
	return o
}

// open loads the model that the flags name; without a name the default one.
func (f modelFlags) open(g *globals) (*llm.Model, error) {
	path, err := modelPath(g, f.Model)
	if err != nil {
		return nil, err
	}
	return llm.Load(path, llm.Info{}, f.options(path))
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// folderBytes is the size of the files directly inside a folder.
func folderBytes(path string) (n int64) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
	}
	return n
}

// modelPath finds a model by path or installed name. A path works without any
// data folder.
func modelPath(g *globals, name string) (string, error) {
	if name != "" {
		if _, err := os.Stat(name); err == nil {
			return name, nil
		}
	}
	shelf, err := openShelf(g)
	if err != nil {
		return "", err
	}
	if name == "" {
		list := shelf.Installed()
		if len(list) == 0 {
			return "", withHint(fmt.Errorf("no model is installed"), "fetch the default one with 'malmoi pull'")
		}
		name = list[0].Name
	}
	path, err := shelf.Path(name)
	if err != nil {
		return "", withHint(err, "'malmoi list' shows what is installed, 'malmoi pull %s' fetches it if the catalogue knows it", name)
	}
	return path, nil
}
