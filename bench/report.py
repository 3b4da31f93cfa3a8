"""Turns saved results into the tables of docs/benchmarks.md, between two markers: a rerun replaces them."""
import json
import pathlib

import cases

BEGIN, END = "<!-- bench/paired.py: begin -->", "<!-- bench/paired.py: end -->"

HEAD = """# Benchmarks

`make bench-peer` measures malmoi against a packaged llama.cpp on the machine at hand and writes the tables below;
`bench/paired.py` says what is measured and how noise is treated. `make bench-gate` compares two builds of malmoi, and
`malmoi bench` prints a model's speeds beside what the machine's memory and multipliers allow. `make bench-openvino` measures prompts
against openvino-genai, and `make bench-self` one build against itself.

"""

READ = """Ratio is malmoi ÷ the other side, the median over pairs with the quartiles in brackets. Speeds: above 1 malmoi is faster.
Times and memory, marked ↓: below 1 malmoi is better. "Against itself" is the same ratio of two copies of malmoi: what
lies within that spread is noise. Targets are the project's own; ✗ marks those not reached. Where several results of one
processor, file and number of threads are kept, the one with the most undisturbed pairs is shown.
"""

LEVEL = 1.0  # the target for prompts against openvino-genai


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


def target(key, r, run):
    metric, ratio = cases.METRICS[key], run["metrics"][key]["ratio"]
    if r["kind"] == "openvino" and key.startswith("prefill_"):
        want = LEVEL
    elif r["kind"] == "peer" and metric.targets and run["threads"] >= metric.from_threads:
        want = metric.targets[0 if r["isa"] == "avx512" else 1]
    else:
        return ""
    reached = ratio and (ratio["median"] <= want if metric.lower else ratio["median"] >= want)
    return f"{'≤' if metric.lower else '≥'} {want:g} {'✓' if reached else '✗'}"


def counts(run):
    """How many pairs each row of the table has."""
    return {k: sum(bool(a and b) for a, b in zip(v["a"], v["b"])) for k, v in run["metrics"].items() if k in cases.METRICS}


def plural(n, word):
    return f"{n} {word}{'s' * (n != 1)}"


def span(run):
    n = sorted(counts(run).values()) or [0]
    return f"{n[0]} to {n[-1]} pairs" if n[0] != n[-1] else plural(n[0], "pair")


def other(r, run):
    """The other side with its versions."""
    b = r["b"]
    if r["kind"] == "peer":
        return f"llama.cpp {b['llama']} ({b['package']}, {run.get('variant', b['variant'])})"
    if r["kind"] == "openvino":
        return f"{b['package'].replace('@', ' ')} (openvino {b['versions']['openvino']})"
    return b["version"]


def facts(r, run):
    h = r["host"]
    lines = [
        f"{h['cpu']}, {h['processors']} processors ({', '.join(h['flags'])}), Linux {h['kernel']}; {r['date'][:10]}",
        f"`{r['model']['file']}`, {r['model']['bytes']:,} bytes, SHA-256 `{r['model']['sha256']}`",
        f"{r['a']['version']} and {other(r, run)}, {plural(run['threads'], 'thread')}, "
        f"context {r['settings']['context']}{', both forced to AVX2' if r['settings']['isa_forced'] else ''}; {span(run)}"
        + (", short answers (--quick)" if r["settings"]["quick"] else ""),
    ]
    return "\n".join(f"- {line}" for line in lines)


NAMES = {"peer": "llama.cpp", "openvino": "openvino-genai", "self": "malmoi again", "builds": "the other"}


def table(r, run, noise):
    out = [f"| | unit | malmoi | {NAMES[r['kind']]} | ratio | pairs | against itself | target |", "|---|---|--:|--:|--:|--:|--:|--:|"]
    pairs = counts(run)
    for key, m in cases.METRICS.items():
        v = run["metrics"].get(key)
        if not v:
            continue
        itself = spread(noise.get(key, {}).get("ratio"))
        out.append(f"| {m.label}{' ↓' if m.lower else ''} | {m.unit} | {number(median(v['a']), m.unit)} | "
                   f"{number(median(v['b']), m.unit)} | {spread(v['ratio'])} | {pairs[key]} | {itself} | "
                   f"{target(key, r, run)} |")
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


def heading(r, run):
    return (f"### {pathlib.Path(r['model']['file']).stem}, {plural(run['threads'], 'thread')}, "
            f"{'AVX-512 VNNI' if r['isa'] == 'avx512' else 'AVX2'}")


def figures(r, run, noises):
    """One run without its heading."""
    if "unread" in run:
        return [f"{other(r, run)} does not read this file (`{r['model']['file']}`): {run['unread']}. {r['date'][:10]}"]
    noise = noises.get(identity(r, run), {}).get("metrics", {})
    return [facts(r, run), table(r, run, noise), remarks(r, run)]


def section(r, noises=None):
    """All runs of one result."""
    parts = []
    for run in r["runs"]:
        parts += [heading(r, run), *figures(r, run, noises or {})]
    return "\n\n".join(p for p in parts if p) + "\n"


def identity(r, run):
    return r["host"]["cpu"], r["isa"], r["model"]["sha256"], run["threads"]


def quality(r, run, rows):
    """Larger is better: calm pairs per row, all pairs per row, longer answers, newer. Missing rows count as rows."""
    values = [v for k, v in run["metrics"].items() if k in cases.METRICS]
    pairs = sum(len(v["a"]) for v in values)
    calm = pairs - sum(v["disturbed"] for v in values)
    return round(calm / max(rows, 1)), round(pairs / max(rows, 1)), not r["settings"]["quick"], r["date"]


def best(found):
    """kind → identity → the result and run to show."""
    groups = {}
    for r in found:
        for run in r["runs"]:
            groups.setdefault((r["kind"], identity(r, run)), []).append((r, run))
    out = {"peer": {}, "openvino": {}, "self": {}}
    for (kind, same), runs in groups.items():
        rows = max(len(counts(run)) for _, run in runs)
        out[kind][same] = max(runs, key=lambda x: quality(*x, rows))
    return out


def body(found):
    """The tables: one heading per processor, path, file and number of threads, with what each peer said to it."""
    shown = best(found)
    noises = {k: run for k, (_, run) in shown["self"].items()}
    both = {**shown["openvino"], **shown["peer"]}
    parts = [READ.rstrip()]
    for k, (r, run) in sorted(both.items(), key=lambda x: (x[1][0]["host"]["cpu"], x[1][0]["isa"] != "avx512", x[1][0]["model"]["bytes"], x[1][1]["threads"])):
        parts.append(heading(r, run))
        if k in shown["peer"]:
            parts += figures(r, run, noises)
        if k in shown["openvino"]:
            parts += ["Prompts only, against the second peer:"] + figures(*shown["openvino"][k], noises)
    return "\n\n".join(p for p in parts if p) + "\n"


def write(results, docs):
    """Rewrite the tables in the document from the kept results."""
    tables = body([json.loads(p.read_text()) for p in sorted(pathlib.Path(results).glob("*.json"))])
    docs = pathlib.Path(docs)
    text = docs.read_text() if docs.exists() else HEAD
    if BEGIN in text and END in text:
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
    else:
        before, after = text.rstrip() + "\n\n", "\n"
    docs.parent.mkdir(parents=True, exist_ok=True)
    docs.write_text(f"{before}{BEGIN}\n\n{tables}\n{END}{after}")
