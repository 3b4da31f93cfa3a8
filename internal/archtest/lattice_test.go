package archtest

import (
	"slices"
	"strings"
	"testing"
)

// lattice says which of our packages each package may import: those named on
// its line, and nothing else. It is a statement of policy: do not change it to
// make a build pass, change it when the direction of knowledge changes, and say
// why. A name covers its sub-packages unless they have their own line.
//
// Absences that matter most, with their reasons:
//   - engine does not import token or chat: it speaks token ids only.
//   - nothing below httpapi knows a wire format.
//   - model and nn do not import engine: a network does not know who asked.
//   - weights does not import nn: a file does not know what it is for.
const lattice = `
golden:
num/cpu:
num/half:
num/mem:
num/par: num/cpu
num/quant: num/half
num/roof: num/cpu num/mem
num/kernel: num/cpu num/half num/quant
weights: num/quant
weights/gguf: weights num/quant num/mem
weights/safetensors: weights num/quant num/mem
token: weights/gguf
chat/jinja:
chat: chat/jinja
nn: num/kernel num/quant
nn/eager: nn num/kernel num/mem num/par num/quant
model: nn nn/eager weights num
model/families: model nn num/kernel
engine/sample:
engine/kv:
engine/sched:
engine/grammar:
engine: nn engine/kv engine/sched engine/sample
bus:
account: bus
catalog:
convert: model weights num/quant token
llm: engine model nn token chat weights num
terms:
store: account bus converse terms
store/storetest: store
blob:
converse: account bus llm chat engine/sample terms agent skill
guard:
upstream/seal:
upstream: llm chat engine/sample
httpapi/rule: httpapi/wire llm chat engine/sample
httpapi/wire: llm chat
httpapi/openai: httpapi/wire httpapi/rule llm chat engine/sample
httpapi/ollama: httpapi/wire httpapi/rule llm chat engine/sample
httpapi/clova: httpapi/wire httpapi/rule llm chat engine/sample
safety/pii:
skill/calc:
skill/fresh:
skill/money: skill/calc skill/fresh
skill: skill/calc skill/calendar skill/money
agent: llm chat skill
skill/calendar:
skill/web: skill guard
skill/openapi: skill guard
skill/mcp: skill guard
skill/outside: skill guard upstream/seal
safety: llm chat engine/sample
studio: llm chat engine/sample
httpapi/anthropic: httpapi/wire httpapi/rule llm chat engine/sample
httpapi/fake: llm chat
httpapi/door: account
httpapi/sse:
httpapi/mcp: httpapi/door account converse llm chat
httpapi/app: httpapi/door httpapi/sse httpapi/wire account bus converse store llm skill
httpapi: httpapi account llm chat engine/sample studio safety
webui:
app: account bus converse blob httpapi llm safety store upstream webui
cli: app account bus catalog convert llm model nn token chat engine httpapi webui num weights store blob upstream safety skill converse
archtest: golden
`

func TestImportsPointOneWay(t *testing.T) {
	allowed := map[string][]string{}
	for line := range strings.Lines(lattice) {
		name, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if ok {
			allowed[name] = strings.Fields(list)
		}
	}
	for _, f := range files(t) {
		if f.test || !strings.HasPrefix(f.pkg, "internal/") {
			continue
		}
		name := strings.TrimPrefix(f.pkg, "internal/")
		line, list := rule(allowed, name)
		if line == "" {
			t.Errorf("%s: package %s has no line in the lattice", f.path, name)
			continue
		}
		for _, imp := range f.imports() {
			to, ours := strings.CutPrefix(imp, "malmoi/internal/")
			if !ours || covers(line, to) {
				continue
			}
			if !slices.ContainsFunc(list, func(a string) bool { return covers(a, to) }) {
				t.Errorf("%s: %s may not import %s", f.path, name, to)
			}
		}
	}
}

// rule finds the line for a package: its own or the nearest parent's.
func rule(allowed map[string][]string, name string) (string, []string) {
	for n := name; n != ""; {
		if list, ok := allowed[n]; ok {
			return n, list
		}
		cut := strings.LastIndex(n, "/")
		if cut < 0 {
			break
		}
		n = n[:cut]
	}
	return "", nil
}

func covers(rule, pkg string) bool { return pkg == rule || strings.HasPrefix(pkg, rule+"/") }
