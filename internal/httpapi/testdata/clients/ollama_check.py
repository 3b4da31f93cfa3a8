"""Drives the server with the unmodified ollama package.

Usage: ollama_check.py BASE_URL API_KEY
The server's model answers as onChat in clients/model_test.go says.
"""

import sys

import ollama

url, key = sys.argv[1], sys.argv[2]
client = ollama.Client(host=url, headers={"Authorization": f"Bearer {key}"}, timeout=20)
user = [{"role": "user", "content": "안녕"}]
done = 0


def check(name, got, want):
    global done
    if got != want:
        sys.exit(f"{name}: got {got!r}, want {want!r}")
    done += 1


def weather(city: str) -> str:
    """Weather of a city.

    Args:
      city: the city
    """
    return "맑음"


r = client.chat(model="m", messages=user)
check("content", r.message.content, "안녕하세요")
check("done", (r.done, r.done_reason, r.prompt_eval_count, r.eval_count), (True, "stop", 20, 5))
r = client.chat(model="m:latest", messages=user, options={"num_predict": 1, "temperature": 0, "seed": 3, "num_ctx": 2048})
check("length", (r.message.content, r.done_reason), ("안", "length"))
parts = list(client.chat(model="m", messages=user, stream=True))
check("stream", [p.message.content for p in parts], ["안녕", "하세요", ""])
check("last", (parts[-1].done, parts[-1].eval_count), (True, 5))
r = client.chat(model="m", messages=user, think=True)
check("thinking", (r.message.thinking, r.message.content), ("생각 중", "답"))
r = client.chat(model="m", messages=user, format="json")
check("json", r.message.content, '{"name":"말모이","year":1911}')
r = client.chat(model="m", messages=user, tools=[weather])
call = r.message.tool_calls[0].function
check("tool", (call.name, dict(call.arguments)), ("weather", {"city": "서울"}))
r = client.chat(model="m", messages=[*user, r.message, {"role": "tool", "tool_name": "weather", "content": "맑음"}])
check("result", r.message.content, "서울은 맑음")
parts = list(client.chat(model="m", messages=user, tools=[weather], stream=True))
check("streamed tool", [len(p.message.tool_calls or []) for p in parts], [1, 0])
r = client.chat(model="m", messages=user, logprobs=True, top_logprobs=2)
check("logprobs", (r.logprobs[0].token, r.logprobs[0].logprob, len(r.logprobs[0].top_logprobs)), ("안녕", -0.5, 2))

r = client.generate(model="m", prompt="안녕", system="짧게")
check("generate", (r.response, r.done), ("안녕하세요", True))
check("raw", client.generate(model="m", prompt="안녕", raw=True).response, "안녕하세요")
check("generate stream", "".join(p.response for p in client.generate(model="m", prompt="안녕", stream=True)), "안녕하세요")
check("load", client.generate(model="m", prompt="").done_reason, "load")

r = client.embed(model="m", input=["글", "말"])
check("embed", ([list(v) for v in r.embeddings], r.prompt_eval_count), ([[0.6, 0.8, 0, 0]] * 2, 6))
check("embeddings", len(client.embeddings(model="m", prompt="글").embedding), 4)
check("tags", [(m.model, m.details.format) for m in client.list().models], [("m", "gguf")])
check("ps", [m.model for m in client.ps().models], [])
check("show", sorted(client.show("m").capabilities), ["completion", "embedding", "tools"])

check("pull", [p.status for p in client.pull("tiny", stream=True)], ["pulling manifest", "pulling tiny", "success"])
check("pull at once", client.pull("tiny").status, "success")
for name, call in {
    "unknown model": lambda: client.chat(model="no", messages=user),
    "unknown pull": lambda: client.pull("no"),
    "busy": lambda: client.chat(model="m", messages=[{"role": "user", "content": "busy"}]),
    "image": lambda: client.chat(model="m", messages=[{"role": "user", "content": "x", "images": [b"x"]}]),
}.items():
    try:
        call()
    except ollama.ResponseError as e:
        check(name, (bool(e.error), e.status_code >= 400), (True, True))
    else:
        sys.exit(f"{name}: no error")
print(f"{done} checks: all checks passed")
