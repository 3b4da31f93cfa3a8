"""Turns saved results into the tables of docs/benchmarks.md, between two markers: a rerun replaces them."""
import json
import pathlib

import cases

BEGIN, END = "<!-- bench/paired.py: begin -->", "<!-- bench/paired.py: end -->"

HEAD = """# Benchmarks

`make bench-peer` measures malmoi against a packaged llama.cpp on the machine at hand and writes the tables below;
`bench/paired.py` says what is measured and how noise is treated. `make bench-gate` compares two builds of malmoi, and
`malmoi bench` prints a model's speeds beside what the machine's memory and multipliers allow.

"""

READ = """Ratio is malmoi ÷ llama.cpp, the median over pairs with the quartiles in brackets. Speeds: above 1 malmoi is faster.
Times and memory, marked ↓: below 1 malmoi is better. "Against itself" is the same ratio of two copies of malmoi: what
lies within that spread is noise. Targets are the project's own; ✗ marks those not reached.
"""


def number(x, unit):
    if x is None:
        return "–"
    return f"{x:,.1f}" if x < 100 else f"{x:,.0f}"


def median(values):
    values = sorted(v for v in values if v is not None)
    n = len(values)
    return None if not n else (values[n // 2] if n % 2 else (values[n // 2 - 1] + values[n // 2]) / 2)


def spread(q):
    return "–" if not q else f"{q['median']:.2f} ({q['q1']:.2f}–{q['q3']:.2f})"


def target(metric, ratio, isa, threads):
    if not metric.targets or threads < metric.from_threads:
        return ""
    want = metric.targets[0 if isa == "avx512" else 1]
    reached = ratio and (ratio["median"] <= want if metric.lower else ratio["median"] >= want)
    return f"{'≤' if metric.lower else '≥'} {want:g} {'✓' if reached else '✗'}"


def facts(r, run):
    b = r["b"]
    other = f"llama.cpp {b['llama']} ({b['package']}, {run.get('variant', b['variant'])})" if r["kind"] == "peer" else b["version"]
    h = r["host"]
    lines = [
        f"{h['cpu']}, {h['processors']} processors ({', '.join(h['flags'])}), Linux {h['kernel']}; {r['date'][:10]}",
        f"`{r['model']['file']}`, {r['model']['bytes']:,} bytes, SHA-256 `{r['model']['sha256']}`",
        f"{r['a']['version']} and {other}, {run['threads']} thread{'s' * (run['threads'] > 1)}, "
        f"context {r['settings']['context']}{', both forced to AVX2' if r['settings']['isa_forced'] else ''}; {run['pairs']} pair{'s' * (run['pairs'] > 1)}"
        + (", short answers (--quick)" if r["settings"]["quick"] else ""),
    ]
    return "\n".join(f"- {line}" for line in lines)


def table(r, run, noise):
    names = ("malmoi", "llama.cpp") if r["kind"] == "peer" else ("malmoi", "the other")
    out = [f"| | unit | {names[0]} | {names[1]} | ratio | against itself | target |", "|---|---|--:|--:|--:|--:|--:|"]
    for key, m in cases.METRICS.items():
        v = run["metrics"].get(key)
        if not v:
            continue
        itself = spread(noise.get(key, {}).get("ratio"))
        out.append(f"| {m.label}{' ↓' if m.lower else ''} | {m.unit} | {number(median(v['a']), m.unit)} | "
                   f"{number(median(v['b']), m.unit)} | {spread(v['ratio'])} | {itself} | "
                   f"{target(m, v['ratio'], r['isa'], run['threads']) if r['kind'] == 'peer' else ''} |")
    return "\n".join(out)


def remarks(r, run):
    out = []
    if r["kind"] == "peer" and not run["lookup"]["a"]:
        out.append("This malmoi has no switch for prompt lookup: its best in \"repeat\" is its plain decode.")
    inner = run["metrics"].get("_inner_0@decode")
    if inner and "decode_0" in run["metrics"]:
        pure, seen = median(inner["b"]), median(run["metrics"]["decode_0"]["b"])
        if pure:
            out.append(f"Inside libllama alone the peer decodes {number(pure, '')} tok/s in an empty context: the driver around it costs {100 * (1 - seen / pure):.1f} %.")
    rows = [v for k, v in run["metrics"].items() if k in cases.METRICS]
    disturbed, pairs = sum(v["disturbed"] for v in rows), sum(len(v["a"]) for v in rows)
    if disturbed and disturbed * 2 > pairs:
        out.append("Most pairs were disturbed by other processes, also when repeated: this is a trial run, not a measurement.")
    elif disturbed:
        out.append(f"{disturbed} of {pairs} pairs stayed disturbed by other processes after repeating; the JSON says which.")
    out += [f"Not measured: {name}: {error}." for name, error in run["errors"].items()]
    return "\n".join(f"- {line}" for line in out)


def section(r, noises=None):
    """All runs of one result."""
    parts = []
    for run in r["runs"]:
        title = f"### {pathlib.Path(r['model']['file']).stem}, {run['threads']} thread{'s' * (run['threads'] > 1)}, {'AVX-512 VNNI' if r['isa'] == 'avx512' else 'AVX2'}"
        noise = (noises or {}).get(identity(r, run), {}).get("metrics", {})
        parts += [title, facts(r, run), table(r, run, noise), remarks(r, run)]
    return "\n\n".join(p for p in parts if p) + "\n"


def identity(r, run):
    return r["host"]["cpu"], r["isa"], r["model"]["sha256"], run["threads"]


def write(results, docs):
    """Rewrite the tables in the document from the newest result of each processor, path, file and number of threads."""
    newest = {"peer": {}, "self": {}}
    found = [json.loads(p.read_text()) for p in pathlib.Path(results).glob("*.json")]
    for r in sorted(found, key=lambda r: r["date"]):
        for run in r["runs"]:
            newest[r["kind"]][identity(r, run)] = (r, run)
    noises = {k: run for k, (_, run) in newest["self"].items()}
    order = sorted(newest["peer"].values(), key=lambda x: (x[0]["host"]["cpu"], x[0]["isa"] != "avx512", x[0]["model"]["bytes"], x[1]["threads"]))
    body = "\n".join([READ] + [section({**r, "runs": [run]}, noises) for r, run in order])
    docs = pathlib.Path(docs)
    text = docs.read_text() if docs.exists() else HEAD
    if BEGIN in text and END in text:
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
    else:
        before, after = text.rstrip() + "\n\n", "\n"
    docs.parent.mkdir(parents=True, exist_ok=True)
    docs.write_text(f"{before}{BEGIN}\n\n{body}\n{END}{after}")
