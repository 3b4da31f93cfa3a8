package families

import "malmoi/internal/model"

// exaone is EXAONE 3.0 and 3.5 (arXiv 2412.04862): Llama under its own tensor
// names. Reference: the modelling file published with the checkpoints.
var exaone = model.Family{
	Name: "exaone",
	GGUF: []string{"exaone"},
	HF:   []string{"exaone"},
	Names: model.Names{
		"token_embd":  "transformer.wte",
		"output_norm": "transformer.ln_f",
		"attn_norm":   "transformer.h.%d.ln_1",
		"attn_q":      "transformer.h.%d.attn.attention.q_proj",
		"attn_k":      "transformer.h.%d.attn.attention.k_proj",
		"attn_v":      "transformer.h.%d.attn.attention.v_proj",
		"attn_output": "transformer.h.%d.attn.attention.out_proj",
		"ffn_norm":    "transformer.h.%d.ln_2",
		"ffn_gate":    "transformer.h.%d.mlp.c_fc_0",
		"ffn_up":      "transformer.h.%d.mlp.c_fc_1",
		"ffn_down":    "transformer.h.%d.mlp.c_proj",
	},
	Build: func(l *model.Loader) model.Net { return newLlama(l, false) },
}
