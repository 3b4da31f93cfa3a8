#!/usr/bin/env python3
"""How often a model calls the right built-in skill with the right arguments.

    python3 bench/skills.py --malmoi bin/malmoi --model qwen2.5-coder-1.5b [--url http://127.0.0.1:8080] [--only date,convert_money]

Starts a server, unless --url names one, and sends each request of skills.tsv with all built-in skills as tools, greedily.
A call counts as right if it is the only or first call, names the expected skill, and its arguments match every pattern;
"-" is right if no skill is called. Nothing is retried. Prints a table and the requests that went wrong.
"""

import argparse
import collections
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SYSTEM = "필요하면 도구를 부르고, 필요 없으면 바로 답하세요."


def requests():
    for line in (HERE / "skills.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            skill, patterns, text = line.split("\t")
            yield skill, [p for p in patterns.split(" && ") if p], text


def post(url, body):
    r = urllib.request.Request(url + "/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(r, timeout=300) as f:
        return json.load(f)


def serve(malmoi, model):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    database = pathlib.Path(tempfile.mkdtemp()) / "skills.db"
    p = subprocess.Popen([malmoi, "serve", "--single-user", "--database", str(database), "--listen", f"127.0.0.1:{port}", "--model", model],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            urllib.request.urlopen(url + "/readyz", timeout=2)
            return p, url
        except OSError:
            if p.poll() is not None:
                sys.exit("skills: the server did not start")
            time.sleep(0.2)
    sys.exit("skills: the server did not become ready")


def judge(skill, patterns, message):
    calls = message.get("tool_calls") or []
    if skill == "-":
        return not calls, calls
    if not calls or calls[0]["function"]["name"] != skill:
        return False, calls
    arguments = calls[0]["function"]["arguments"]
    try:
        flat = json.dumps(json.loads(arguments), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return False, calls
    return all(re.search(p, flat) for p in patterns), calls


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--malmoi", default=str(HERE.parent / "bin" / "malmoi"))
    p.add_argument("--model", default="qwen2.5-coder-1.5b")
    p.add_argument("--url")
    p.add_argument("--only", help="skills whose requests are sent, parted by commas")
    o = p.parse_args()
    tools = json.loads(subprocess.check_output([o.malmoi, "skill", "list", "--own", "--json"]))
    server, url = (None, o.url) if o.url else serve(o.malmoi, o.model)
    total, right, named = collections.Counter(), collections.Counter(), collections.Counter()
    try:
        for skill, patterns, text in requests():
            if o.only and skill not in o.only.split(","):
                continue
            answer = post(url, {"model": o.model, "temperature": 0, "max_tokens": 160, "tools": tools,
                                "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]})
            ok, calls = judge(skill, patterns, answer["choices"][0]["message"])
            total[skill] += 1
            right[skill] += ok
            named[skill] += bool(calls) and calls[0]["function"]["name"] == skill if skill != "-" else ok
            if not ok:
                said = [f"{c['function']['name']} {c['function']['arguments']}" for c in calls] or [answer["choices"][0]["message"]["content"][:60]]
                print(f"wrong  {skill:13} {text}  →  {'; '.join(said)!r}")
    finally:
        if server:
            server.terminate()
            server.wait()
    print("\n| skill | requests | right skill | and right arguments |\n|---|--:|--:|--:|")
    for s in list(total):
        print(f"| {s if s != '-' else 'none'} | {total[s]} | {named[s]} | {right[s]} |")
    n = sum(total.values())
    print(f"| all | {n} | {sum(named.values())} ({100 * sum(named.values()) / n:.0f} %) | {sum(right.values())} ({100 * sum(right.values()) / n:.0f} %) |")


if __name__ == "__main__":
    main()
