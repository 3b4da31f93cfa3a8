"""GGUF files for the tiny checkpoints of tiny.py, written with the gguf package.

twin writes a checkpoint of the llama family with its values unchanged; blocks
makes a model whose weights are random blocks of several types, so that nothing
but the package's decoder says what they mean.
"""
import json
import os

import gguf
import numpy as np
import torch
import transformers as T
from gguf import GGMLQuantizationType as Q

NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q",
         "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def gguf_name(name):
    stem = name.removesuffix(".weight")
    if stem.startswith("model.layers."):
        _, _, layer, rest = stem.split(".", 3)
        return f"blk.{layer}.{NAMES[rest]}.weight"
    return NAMES[stem] + ".weight"


def permuted(rows, heads):
    """Interleaves the two halves of each head's rows, as llama's files have them."""
    n, c = rows.shape
    return rows.reshape(heads, 2, n // heads // 2, c).swapaxes(1, 2).reshape(n, c)


def metadata(w, c):
    w.add_block_count(c.num_hidden_layers)
    w.add_context_length(c.max_position_embeddings)
    w.add_embedding_length(c.hidden_size)
    w.add_feed_forward_length(c.intermediate_size)
    w.add_head_count(c.num_attention_heads)
    w.add_head_count_kv(c.num_key_value_heads)
    w.add_key_length(c.head_dim)
    w.add_value_length(c.head_dim)
    w.add_rope_dimension_count(c.head_dim)
    w.add_layer_norm_rms_eps(c.rms_norm_eps)
    w.add_rope_freq_base(c.rope_parameters["rope_theta"])
    w.add_vocab_size(c.vocab_size)


def tokenizer(w, folder, c):
    j = json.load(open(os.path.join(folder, "tokenizer.json"), encoding="utf-8"))
    tokens = [None] * c.vocab_size
    for piece, i in j["model"]["vocab"].items():
        tokens[i] = piece
    types = [gguf.TokenType.NORMAL] * c.vocab_size
    for a in j["added_tokens"]:
        tokens[a["id"]], types[a["id"]] = a["content"], gguf.TokenType.CONTROL
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("llama-bpe")
    w.add_token_list(tokens)
    w.add_token_types(types)
    w.add_token_merges([" ".join(m) for m in j["model"]["merges"]])
    w.add_bos_token_id(c.bos_token_id)
    w.add_eos_token_id(c.eos_token_id)
    w.add_add_bos_token(True)


def llama3_divisors(c):
    """The tensor by which llama's files divide the rotary frequencies."""
    r = c.rope_parameters
    freq = 1 / r["rope_theta"] ** (np.arange(0, c.head_dim, 2) / c.head_dim)
    wave = 2 * np.pi / freq
    low, high = r["original_max_position_embeddings"] / r["low_freq_factor"], r["original_max_position_embeddings"] / r["high_freq_factor"]
    smooth = (r["original_max_position_embeddings"] / wave - r["low_freq_factor"]) / (r["high_freq_factor"] - r["low_freq_factor"])
    between = 1 / ((1 - smooth) / r["factor"] + smooth)
    return np.where(wave < high, 1.0, np.where(wave > low, r["factor"], between)).astype(np.float32)


def twin(folder, config, state):
    w = gguf.GGUFWriter(os.path.join(folder, "model-bf16.gguf"), "llama")
    metadata(w, config)
    tokenizer(w, folder, config)
    if config.rope_parameters["rope_type"] == "llama3":
        w.add_tensor("rope_freqs.weight", llama3_divisors(config))
    for name, x in state.items():
        x = x.to(torch.float32).numpy()
        for part, heads in (("q_proj", config.num_attention_heads), ("k_proj", config.num_key_value_heads)):
            if part in name:
                x = permuted(x, heads)
        if x.ndim == 1:
            w.add_tensor(gguf_name(name), x.astype(np.float32))
        else:
            w.add_tensor(gguf_name(name), gguf.quantize(x, Q.BF16), raw_dtype=Q.BF16)
    finish(w)


def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def random_rows(r, t, rows, width, std):
    """Random blocks of type t whose values have about the given deviation."""
    block, size = gguf.GGML_QUANT_SIZES[t]
    n = rows * width // block
    raw = r.integers(0, 256, (n, size), dtype=np.uint8)
    scale = lambda x: np.full(n, x, np.float16).view(np.uint8).reshape(n, 2) if np.isscalar(x) else x.astype(np.float16).view(np.uint8).reshape(n, 2)
    spread = std * r.uniform(0.7, 1.3, n)
    if t == Q.Q4_K:  # value = d*scale*q - dmin*min: q to 15, scales to 63
        raw[:, 0:2], raw[:, 2:4] = scale(spread / 190), scale(7.5 * spread / 190)
    elif t == Q.Q6_K:  # value = d*scale*(q-32): q to 63, scales of 8 bits with sign
        raw[:, 208:210] = scale(spread / 1370)
    elif t == Q.Q8_0:
        raw[:, 0:2] = scale(spread / 74)
    elif t == Q.Q5_0:
        raw[:, 0:2] = scale(spread / 9.2)
    else:
        raise ValueError(t)
    return raw.reshape(rows, width // block * size)


def blocks(folder, prompts, run):
    """One layer of width 256, so that the types with blocks of 256 fit."""
    os.makedirs(folder, exist_ok=True)
    c = T.LlamaConfig(vocab_size=144, hidden_size=256, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, head_dim=32,
                      max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=True, rope_parameters=dict(rope_theta=10000.0, rope_type="default"))
    kinds = {"embed_tokens": Q.Q6_K, "q_proj": Q.Q4_K, "k_proj": Q.Q4_K, "v_proj": Q.Q6_K, "o_proj": Q.Q8_0, "gate_proj": Q.Q4_K, "up_proj": Q.Q4_K, "down_proj": Q.Q5_0}
    for seed in range(100):
        r = np.random.default_rng(seed)
        model = T.LlamaForCausalLM(c).eval()
        model.set_attn_implementation("eager")
        w = gguf.GGUFWriter(os.path.join(folder, "model-blocks.gguf"), "llama")
        metadata(w, c)
        for name, p in model.named_parameters():
            if p.dim() == 1:
                x = (1 + 0.2 * r.standard_normal(p.shape)).astype(np.float32)
                w.add_tensor(gguf_name(name), x)
            else:
                kind = next(k for part, k in kinds.items() if part in name)
                raw = random_rows(r, kind, *p.shape, std=1.5 / p.shape[1] ** 0.5)
                w.add_tensor(gguf_name(name), raw, raw_dtype=kind)
                x = gguf.dequantize(raw, kind)
                for part, heads in (("q_proj", c.num_attention_heads), ("k_proj", c.num_key_value_heads)):
                    if part in name:  # the file has them permuted: undo it
                        n = x.shape[0]
                        x = x.reshape(heads, n // heads // 2, 2, -1).swapaxes(1, 2).reshape(n, -1)
            p.copy_(torch.from_numpy(np.ascontiguousarray(x)))
        entries = run(model, folder, "", [("rand40", prompts(seed, c.vocab_size, [])[1][1])])
        if entries is not None:
            finish(w)
            with open(os.path.join(folder, "goldens.json"), "w") as f:
                json.dump(dict(model_type="llama", seed=seed, prompts=entries), f)
            return
    raise SystemExit("llama_blocks: no seed keeps greedy decoding clear")
