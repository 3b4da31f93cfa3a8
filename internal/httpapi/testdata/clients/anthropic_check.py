"""Drives the server with the unmodified anthropic package.

Usage: anthropic_check.py BASE_URL API_KEY
The server's model answers as onChat in clients/model_test.go says.
"""

import sys

import anthropic
from anthropic import Anthropic

url, key = sys.argv[1], sys.argv[2]
client = Anthropic(base_url=url, api_key=key, max_retries=0, timeout=20)
user = [{"role": "user", "content": "안녕"}]
done = 0


def check(name, got, want):
    global done
    if got != want:
        sys.exit(f"{name}: got {got!r}, want {want!r}")
    done += 1


def raises(name, kind, call):
    try:
        call()
    except kind as e:
        check(name, type(e), kind)
        return e
    sys.exit(f"{name}: no {kind.__name__}")


def ask(messages=user, **more):
    return client.messages.create(model="m", max_tokens=100, messages=messages, **more)


def plain():
    r = ask(system="짧게", metadata={"user_id": "u"}, extra_body={"temperature": 0.5, "top_k": 4, "top_p": 0.9})
    check("text", (r.type, r.role, r.content[0].text), ("message", "assistant", "안녕하세요"))
    check("stop", (r.stop_reason, r.stop_sequence), ("end_turn", None))
    check("usage", (r.usage.input_tokens, r.usage.cache_read_input_tokens, r.usage.output_tokens), (12, 8, 5))
    r = ask(stop_sequences=["둘"])
    check("stop sequence", (r.stop_reason, r.stop_sequence), ("stop_sequence", "둘"))
    r = client.messages.create(model="m", max_tokens=1, messages=user)
    check("max_tokens", r.stop_reason, "max_tokens")
    blocks = [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]
    history = [{"role": "user", "content": blocks}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "history"}]
    r = ask(history, system=[{"type": "text", "text": "s"}])
    check("blocks", r.content[0].text, "system:s|user:a|assistant:b|user:history|")
    n = client.messages.count_tokens(model="m", messages=user)
    check("count", n.input_tokens, 2)


def thinking():
    r = ask(thinking={"type": "enabled", "budget_tokens": 1024})
    check("thinking", [(b.type, getattr(b, "thinking", None) or b.text) for b in r.content], [("thinking", "생각 중"), ("text", "답")])
    again = user + [{"role": "assistant", "content": r.content}, {"role": "user", "content": "history"}]
    check("thinking sent back", ask(again).content[0].text, "user:안녕|assistant:답|user:history|")


def stream():
    with client.messages.stream(model="m", max_tokens=100, messages=user) as s:
        check("text stream", "".join(s.text_stream), "안녕하세요")
        final = s.get_final_message()
    check("final", (final.content[0].text, final.stop_reason, final.usage.output_tokens), ("안녕하세요", "end_turn", 5))
    events = client.messages.create(model="m", max_tokens=100, messages=user, stream=True)
    check("order", [e.type for e in events if e.type != "ping"], [
        "message_start", "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
    ])
    with client.messages.stream(model="m", max_tokens=100, messages=user, thinking={"type": "adaptive"}) as s:
        for _ in s:
            pass
        check("streamed thinking", [b.type for b in s.get_final_message().content], ["thinking", "text"])
    broken = client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "break"}], stream=True)
    e = raises("error in a stream", anthropic.APIStatusError, lambda: list(broken))
    check("no leak", "secret" in str(e), False)


tools = [{"name": "get_weather", "description": "날씨", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]


def calls():
    r = ask(tools=tools, tool_choice={"type": "any", "disable_parallel_tool_use": True})
    check("tool_use", (r.stop_reason, r.content[0].name, r.content[0].input), ("tool_use", "get_weather", {"city": "서울"}))
    result = {"type": "tool_result", "tool_use_id": r.content[0].id, "content": [{"type": "text", "text": "맑음"}]}
    again = user + [{"role": "assistant", "content": r.content}, {"role": "user", "content": [result]}]
    check("tool_result", ask(again, tools=tools).content[0].text, "서울은 맑음")
    with client.messages.stream(model="m", max_tokens=100, messages=user, tools=tools) as s:
        for _ in s:
            pass
        block = s.get_final_message().content[0]
    check("streamed tool_use", (block.id, block.input), ("call_1", {"city": "서울"}))


def errors():
    def text(t):
        return [{"role": "user", "content": t}]

    e = raises("busy", anthropic.RateLimitError, lambda: ask(text("busy")))
    check("busy type", e.body["error"]["type"], "rate_limit_error")
    e = raises("context", anthropic.BadRequestError, lambda: ask(text("long")))
    check("numbers", "5000" in str(e) and "4096" in str(e), True)
    e = raises("model", anthropic.NotFoundError, lambda: client.messages.create(model="no", max_tokens=1, messages=user))
    check("model type", (e.body["type"], e.body["error"]["type"]), ("error", "not_found_error"))
    e = raises("unknown parameter", anthropic.BadRequestError, lambda: ask(extra_body={"n": 2}))
    check("names it", "n:" in str(e), True)
    check("request id", e.request_id.startswith("req_"), True)
    image = [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}]}]
    raises("image", anthropic.BadRequestError, lambda: ask(image))
    raises("key", anthropic.AuthenticationError, lambda: Anthropic(base_url=url, api_key="wrong", max_retries=0).models.list())
    check("bearer", Anthropic(base_url=url, auth_token=key, max_retries=0).models.list().data[0].id, "m")


def models():
    check("models", [(m.id, m.display_name) for m in client.models.list()], [("m", "Model")])
    check("model", client.models.retrieve("m").id, "m")


for f in (plain, thinking, stream, calls, errors, models):
    f()
print(f"anthropic {anthropic.__version__}: {done} values, all checks passed")
