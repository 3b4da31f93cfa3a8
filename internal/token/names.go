package token

import "slices"

// mark says what the name of a token tells about it.
type mark struct {
	guard bool // structures a conversation: never read from user text
	ends  bool // ends a reply, if the token is a control token
}

// marks are the tokens that structure texts in the known families. Names that are
// also words or HTML (</s>) are not guarded: there the file must say what they are.
var marks = map[string]mark{
	"<|endoftext|>": {true, true}, "<|end_of_text|>": {true, true}, "<|begin_of_text|>": {true, false},
	"<|im_start|>": {true, false}, "<|im_end|>": {true, true},
	"<|start_header_id|>": {true, false}, "<|end_header_id|>": {true, false},
	"<|eot_id|>": {true, true}, "<|eom_id|>": {true, true},
	"<start_of_turn>": {true, false}, "<end_of_turn>": {true, true},
	"[|system|]": {true, false}, "[|user|]": {true, false}, "[|assistant|]": {true, false}, "[|endofturn|]": {true, true},
	"<|endofturn|>": {true, true}, "<|stop|>": {true, true},
	"<|system|>": {true, false}, "<|user|>": {true, false}, "<|assistant|>": {true, false}, "<|end|>": {true, true},
	"<|return|>": {true, true}, "<|call|>": {true, true}, "<|calls|>": {true, true}, "<|flush|>": {true, true},
	"<|turn>": {true, false}, "<turn|>": {true, true}, "<end_of_utterance>": {true, true},
	"<｜begin▁of▁sentence｜>": {true, false}, "<｜end▁of▁sentence｜>": {true, true},
	"<｜User｜>": {true, false}, "<｜Assistant｜>": {true, false},
	"</s>": {false, true}, "<eos>": {false, true}, "[EOT]": {false, true}, "[EOS]": {false, true},
}

// guard marks turn marks that the file does not call special. Only tokens that are
// found in text as a whole matter: a piece that merging makes is text.
func (t *Tokenizer) guard(list []addedToken) {
	for i := range list {
		if marks[list[i].text].guard && !list[i].special {
			list[i].special = true
			t.kind[list[i].id] |= guarded
		}
	}
}

// setEnds finds the tokens at which generation stops: EOS and, by name, the ends
// of turns. In HyperCLOVA X <|im_end|> closes a block of a reply, not the reply.
func (t *Tokenizer) setEnds() {
	var ends []int32
	if t.eos != none {
		ends = append(ends, t.eos)
	}
	_, hasTurn := t.ID("<|endofturn|>")
	_, hasStop := t.ID("<|stop|>")
	_, hasReturn := t.ID("<|return|>")
	for name, m := range marks {
		id, ok := t.ID(name)
		switch {
		case !ok || !m.ends || !t.IsControl(id):
		case name == "<|im_end|>" && hasTurn && hasStop: // a block
		case name == "<|end|>" && hasReturn: // a message of several
		default:
			ends = append(ends, id)
		}
	}
	slices.Sort(ends)
	t.eogs = slices.Compact(ends)
}

// findEnds guesses BOS and EOS of a file that does not name them.
func (t *Tokenizer) findEnds() {
	if t.bos == none && len(t.pre) > 0 {
		t.bos = t.pre[0]
	}
	if t.eos == none && len(t.post) > 0 {
		t.eos = t.post[len(t.post)-1]
	}
	for _, name := range []string{"<|eot_id|>", "<|im_end|>", "<end_of_turn>", "[|endofturn|]", "<|endofturn|>",
		"<|end_of_text|>", "<|endoftext|>", "</s>", "<eos>"} {
		if id, ok := t.ID(name); ok && t.eos == none && t.IsControl(id) {
			t.eos = id
		}
	}
}
