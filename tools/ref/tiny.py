"""python tiny.py OUT [NAME ...]

Makes very small checkpoints with random weights, one folder per family, and what
transformers computes from them in float32: logits, hidden states, greedy tokens.
internal/model/testdata/tiny holds the output of `tiny.py internal/model/testdata/tiny`.

Each folder has config.json, model.safetensors (BF16), tokenizer.json,
tokenizer_config.json, logits_*.npy, hidden_text1.npy and goldens.json, which
names the prompts. A tokenizer.json that is already there is kept, since training
breaks ties at random; all else comes out the same again. Encoders have vectors.json
instead of logits. GGUF files are made by tiny_gguf.py, which this program calls.

Needs requirements.txt. Texts: written for this project.
"""
import json
import os
import sys

import numpy as np
import torch
import transformers as T
from tokenizers import Tokenizer

import tiny_gguf
from tiny_token import byte_bpe, sentence_bpe, sentence_unigram, wordpiece

VOCAB = 288
TEXT = "말모이는 우리말을 모은다. The map is read."
SHARED = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4,
              num_key_value_heads=2, head_dim=16, max_position_embeddings=512, rms_norm_eps=1e-5)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=32)

# Rotary parameters that the llama fixture is also computed with.
VARIANTS = {
    "linear": dict(rope_theta=10000.0, rope_type="linear", factor=4.0),
    "yarn": dict(rope_theta=10000.0, **YARN),
    "yarn_fixed": dict(rope_theta=50000.0, attention_factor=1.25, beta_fast=16.0, beta_slow=2.0, **YARN),
    "yarn_scales": dict(rope_theta=10000.0, mscale=1.0, mscale_all_dim=0.5, truncate=False, **YARN),
}


def family(name):
    """Returns (config, model class, tokenizer maker, legacy keys for config.json or None)."""
    rope = lambda **k: dict(rope_theta=500000.0, rope_type="default") | k
    if name == "llama":
        r = rope(**LLAMA3)
        legacy = {"rope_theta": r["rope_theta"], "rope_scaling": LLAMA3}
        return T.LlamaConfig(**SHARED, tie_word_embeddings=False, rope_parameters=r), T.LlamaForCausalLM, byte_bpe, legacy
    if name == "qwen2":
        s = SHARED | dict(num_attention_heads=2, num_key_value_heads=1)
        s.pop("head_dim")
        return T.Qwen2Config(**s, tie_word_embeddings=True, rope_parameters=rope(rope_theta=1e6)), T.Qwen2ForCausalLM, byte_bpe, None
    if name == "qwen3":
        return T.Qwen3Config(**SHARED, tie_word_embeddings=True, rope_parameters=rope(rope_theta=1e6)), T.Qwen3ForCausalLM, byte_bpe, None
    if name == "gemma3":
        s = SHARED | dict(num_hidden_layers=4, num_key_value_heads=1)
        types = ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"]
        r = {"full_attention": rope(rope_theta=1e6), "sliding_attention": rope(rope_theta=10000.0)}
        legacy = {"rope_theta": 1e6, "rope_scaling": None, "rope_local_base_freq": 10000.0}
        return T.Gemma3TextConfig(**s, sliding_window=8, query_pre_attn_scalar=24, layer_types=types, rope_parameters=r), T.Gemma3ForCausalLM, sentence_bpe, legacy
    if name == "hyperclovax":
        return T.HyperCLOVAXConfig(**SHARED, tie_word_embeddings=False, rope_parameters=rope(rope_theta=1e8), use_post_norm=True, embedding_multiplier=6.0,
                                   residual_multiplier=0.75, attention_multiplier=0.1, logits_scaling=0.25), T.HyperCLOVAXForCausalLM, byte_bpe, None
    if name == "exaone4":
        s = SHARED | dict(num_hidden_layers=4)
        s.pop("head_dim")
        s |= dict(num_attention_heads=2, num_key_value_heads=1)
        types = ["sliding_attention"] * 3 + ["full_attention"]
        c = T.Exaone4Config(**s, tie_word_embeddings=True, sliding_window=8, sliding_window_pattern="LLLG", layer_types=types, rope_parameters=rope(rope_theta=1e6, **LLAMA3 | dict(factor=16.0)))
        return c, T.Exaone4ForCausalLM, byte_bpe, None
    if name == "ernie4_5":
        return T.Ernie4_5Config(**SHARED, tie_word_embeddings=True, rope_parameters=rope()), T.Ernie4_5ForCausalLM, sentence_bpe, None
    s = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2)
    if name == "bert":
        return T.BertConfig(**s, max_position_embeddings=64, type_vocab_size=2, layer_norm_eps=1e-12), T.BertModel, wordpiece, None
    if name == "xlm_roberta":
        return T.XLMRobertaConfig(**s, max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1), T.XLMRobertaModel, sentence_unigram, None
    sys.exit(f"unknown family {name}")


def fill(model, seed):
    """Gives every weight a size at which it matters, exactly representable in BF16."""
    gen = torch.Generator().manual_seed(seed)
    gemma = "Gemma" in type(model).__name__
    tied = model.config.tie_word_embeddings
    with torch.no_grad():
        for name, p in model.named_parameters():
            x = torch.randn(p.shape, generator=gen)
            if "norm" in name.lower():
                x = 0.2 * x + (0.0 if gemma or name.endswith("bias") else 1.0)
                if "post_" in name and (gemma or "Exaone" in type(model).__name__):
                    x = x + 2  # or a tied head would only repeat the input
            elif p.dim() == 1:
                x = 0.3 * x
            elif "embed" in name:
                x = x * (0.4 if tied else 1.0)
            else:
                x = x * (1.2 if "lm_head" not in name else 2.0) / p.shape[1] ** 0.5
            p.copy_(x.to(torch.bfloat16).to(torch.float32))


def greedy(model, ids, n):
    """Returns n tokens and the smallest distance between the best two logits."""
    out, margin = list(ids), 1e9
    for _ in range(n):
        top = model(torch.tensor([out])).logits[0, -1].topk(2)
        margin = min(margin, float(top.values[0] - top.values[1]))
        out.append(int(top.indices[0]))
    return out[len(ids):], margin


def prompts(seed, vocab, text_ids):
    r = np.random.default_rng(seed)
    return [("text1", text_ids), ("rand40", [int(i) for i in r.integers(3, vocab, 40)])]


def run(model, out, prefix, list_of_prompts, need=0.01):
    """Writes the logits of some positions; None where greedy decoding is too close a call or dull."""
    entries = []
    for name, ids in list_of_prompts:
        logits = model(torch.tensor([ids])).logits[0]
        want = sorted({0, 1, len(ids) // 3, len(ids) // 2, len(ids) - 2, len(ids) - 1})
        tokens, margin = greedy(model, ids, 12)
        if need and (margin < need or len(set(tokens)) < 5):
            return None
        file = f"logits_{prefix}{name}.npy"
        np.save(os.path.join(out, file), logits[want].numpy().astype("<f4"))
        entries.append(dict(name=name, ids=ids, logits_file=file, logits_positions=want, greedy_ids=tokens))
    return entries


def decoder(out, name, config, cls, text_ids):
    """Makes one decoder's folder, trying seeds until no greedy step is a close call."""
    for seed in range(100):
        model = cls(config).eval()
        model.set_attn_implementation("eager")
        fill(model, seed)
        ps = prompts(seed, config.vocab_size, text_ids)
        entries = run(model, out, "", ps)
        if entries is None:
            continue
        goldens = dict(model_type=config.model_type, seed=seed, prompts=entries)
        if name == "llama":
            goldens["variants"] = variants(model, config, cls, out, ps)
        states = model(torch.tensor([text_ids]), output_hidden_states=True).hidden_states
        np.save(os.path.join(out, "hidden_text1.npy"), torch.stack([s[0] for s in states]).numpy().astype("<f4"))
        return model, goldens
    sys.exit(f"{name}: no seed keeps greedy decoding clear")


def variants(model, config, cls, out, ps):
    """Computes the same weights under other rotary parameters."""
    found = []
    for name, r in VARIANTS.items():
        c = type(config)(**SHARED, tie_word_embeddings=False, rope_parameters=r)
        m = cls(c).eval()
        m.set_attn_implementation("eager")
        m.load_state_dict(model.state_dict())
        found.append(dict(name=name, rope_parameters=r, prompts=run(m, out, name + "_", ps[1:], need=0)))
        for e in found[-1]["prompts"]:
            del e["greedy_ids"]
    return found


def encoder(out, config, cls, tokenizer):
    """Makes one encoder's folder: hidden states of one text, vectors of several."""
    model = cls(config, add_pooling_layer=False).eval()
    model.set_attn_implementation("eager")
    fill(model, 1)
    vectors = []
    for text in [TEXT, "the map", "안녕하세요", "말"]:
        ids = tokenizer.encode(text).ids
        h = model(torch.tensor([ids]), output_hidden_states=True)
        mean = h.last_hidden_state[0].double().mean(0)
        if text == TEXT:
            np.save(os.path.join(out, "hidden_text1.npy"), torch.stack([s[0] for s in h.hidden_states]).numpy().astype("<f4"))
        vectors.append(dict(text=text, ids=ids, mean=[float(np.float32(x)) for x in mean / mean.norm()]))
    with open(os.path.join(out, "vectors.json"), "w") as f:
        json.dump(vectors, f, ensure_ascii=False)
    return model


def make(root, name):
    config, cls, make_tokenizer, legacy = family(name)
    out = os.path.join(root, name)
    os.makedirs(out, exist_ok=True)
    tokenizer, token_config, special = make_tokenizer(VOCAB)
    for key, value in special.items():
        setattr(config, key, value)
    kept = os.path.join(out, "tokenizer.json")
    if os.path.exists(kept):
        tokenizer = Tokenizer.from_file(kept)
    else:
        tokenizer.save(kept, pretty=False)
    with open(os.path.join(out, "tokenizer_config.json"), "w") as f:
        json.dump(token_config, f, ensure_ascii=False)
    goldens = None
    if cls in (T.BertModel, T.XLMRobertaModel):
        model = encoder(out, config, cls, tokenizer)
    else:
        model, goldens = decoder(out, name, config, cls, tokenizer.encode(TEXT).ids)
    state = {k: v.to(torch.bfloat16).contiguous() for k, v in model.state_dict().items()}
    if config.tie_word_embeddings:
        state.pop("lm_head.weight", None)
    from safetensors.torch import save_file
    save_file(state, os.path.join(out, "model.safetensors"), metadata={"format": "pt"})
    os.chmod(os.path.join(out, "model.safetensors"), 0o644)
    c = json.loads(config.to_json_string(use_diff=False))
    keep = set(config.to_diff_dict()) | set(SHARED) | {"architectures", "model_type", "tie_word_embeddings", "rope_parameters", "layer_types", "pad_token_id",
                                                      "type_vocab_size", "layer_norm_eps", "query_pre_attn_scalar", "sliding_window"}
    c = {k: v for k, v in c.items() if k in keep and v is not None}
    c["architectures"] = [cls.__name__]
    c["dtype"] = "bfloat16"
    if legacy:
        c.pop("rope_parameters", None)
        c |= legacy
        c["torch_dtype"] = c.pop("dtype")
    with open(os.path.join(out, "config.json"), "w") as f:
        json.dump(c, f, indent=1)
    if goldens:
        if name == "llama":
            tiny_gguf.twin(out, config, state)
        with open(os.path.join(out, "goldens.json"), "w") as f:
            json.dump(goldens, f)


def main():
    root = sys.argv[1]
    torch.set_num_threads(1)
    names = sys.argv[2:] or ["llama", "qwen2", "qwen3", "gemma3", "hyperclovax", "exaone4", "ernie4_5", "bert", "xlm_roberta", "llama_blocks"]
    with torch.no_grad():
        for name in names:
            if name == "llama_blocks":
                tiny_gguf.blocks(os.path.join(root, name), prompts, run)
            else:
                make(root, name)
            print(name, flush=True)


if __name__ == "__main__":
    main()
