package source

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"malmoi/internal/catalog"
)

// Ref names something on the hub: hf:owner/name[@revision][:file-or-quant].
type Ref struct {
	Repo, Revision, Pick string
}

// ParseRef reads a reference; ok is false if the text is none at all.
func ParseRef(s string) (ref Ref, ok bool, err error) {
	rest, ok := strings.CutPrefix(s, "hf:")
	if !ok {
		return ref, false, nil
	}
	rest, ref.Pick, _ = strings.Cut(rest, ":")
	ref.Repo, ref.Revision, _ = strings.Cut(rest, "@")
	if err := catalog.CheckRepo(ref.Repo); err != nil {
		return ref, true, fmt.Errorf("%w: write hf:owner/name, hf:owner/name:Q4_K_M or hf:owner/name:file.gguf", err)
	}
	return ref, true, nil
}

// Named is what to load when the hub has no list: the very file a reference
// names. ok is false if it names none.
func (r Ref) Named(err error) (l *Listing, ok bool) {
	if !errors.Is(err, errNoListing) || !strings.HasSuffix(r.Pick, ".gguf") || SplitName.MatchString(r.Pick) {
		return nil, false
	}
	l, _ = Unlisted(r.Repo, r.Revision, []catalog.File{{Name: r.Pick, Bytes: -1}})
	return l, true
}

// quants are tried in this order when a repository has several GGUF files and
// the user chose none.
var quants = []string{"q4_k_m", "q4_k_s", "iq4_xs", "q4_0", "q4_1", "q5_k_m", "q6_k", "q8_0", "bf16", "f16"}

// SplitName matches the end of a part of a split GGUF file: -00001-of-00003.gguf.
var SplitName = regexp.MustCompile(`-(\d{5})-of-(\d{5})\.gguf$`)

// ModelFiles are patterns of what a folder model consists of.
var ModelFiles = []string{
	"*.safetensors", "*.safetensors.index.json", "config.json", "generation_config.json", "tokenizer.json",
	"tokenizer_config.json", "chat_template.jinja", "sentence_bert_config.json", "modules.json", "1_Pooling/config.json",
}

// Pick chooses the files of one model out of a repository: what the user named,
// or the usual quantisation, or the safetensors with their configuration.
func (l *Listing) Pick(pick string) (format string, files []HubFile, err error) {
	var ggufs []HubFile
	for _, f := range l.Files {
		if strings.HasSuffix(f.Path, ".gguf") && !strings.Contains(path.Base(f.Path), "mmproj") {
			ggufs = append(ggufs, f)
		}
	}
	switch {
	case pick == "" && len(ggufs) > 0:
		for _, q := range quants {
			if files := pickQuant(ggufs, q); len(files) > 0 {
				return catalog.GGUF, files, nil
			}
		}
		return catalog.GGUF, withSplits(ggufs, ggufs[0]), nil
	case pick == "":
		return l.pickFolder()
	}
	for _, f := range ggufs {
		if f.Path == pick {
			return catalog.GGUF, withSplits(ggufs, f), nil
		}
	}
	if files := pickQuant(ggufs, pick); len(files) > 0 {
		return catalog.GGUF, files, nil
	}
	var names []string
	for _, f := range ggufs {
		names = append(names, f.Path)
	}
	if len(names) == 0 {
		return "", nil, fmt.Errorf("hub: %s has no GGUF file; leave out %q to load its safetensors", l.Repo, pick)
	}
	return "", nil, fmt.Errorf("hub: %s has no file or quantisation %q; it has %s", l.Repo, pick, strings.Join(names, ", "))
}

// pickQuant finds the file whose name has the quantisation as a word.
func pickQuant(ggufs []HubFile, quant string) []HubFile {
	word, err := regexp.Compile(`(?i)(^|[-._/])` + regexp.QuoteMeta(quant) + `([-./]|$)`)
	if err != nil {
		return nil
	}
	for _, f := range ggufs {
		if word.MatchString(f.Path) {
			return withSplits(ggufs, f)
		}
	}
	return nil
}

// withSplits returns a file with its sisters if it is one of several parts.
func withSplits(ggufs []HubFile, f HubFile) []HubFile {
	m := SplitName.FindStringSubmatchIndex(f.Path)
	if m == nil {
		return []HubFile{f}
	}
	stem, count := f.Path[:m[0]], f.Path[m[4]:m[5]]
	var files []HubFile
	for _, g := range ggufs {
		n := SplitName.FindStringSubmatchIndex(g.Path)
		if n != nil && g.Path[:n[0]] == stem && g.Path[n[4]:n[5]] == count {
			files = append(files, g)
		}
	}
	return files
}

func (l *Listing) pickFolder() (string, []HubFile, error) {
	var files []HubFile
	weights, config := false, false
	for _, f := range l.Files {
		if !slices.ContainsFunc(ModelFiles, func(p string) bool { ok, _ := path.Match(p, f.Path); return ok }) {
			continue
		}
		weights = weights || strings.HasSuffix(f.Path, ".safetensors")
		config = config || f.Path == "config.json"
		files = append(files, f)
	}
	if !weights || !config {
		return "", nil, fmt.Errorf("hub: %s has neither GGUF nor safetensors with a config.json", l.Repo)
	}
	return catalog.Safetensors, files, nil
}
