"""Drives the server with the unmodified openai package.

Usage: openai_check.py BASE_URL API_KEY
The server's model answers as onChat in clients/model_test.go says.
"""

import base64
import json
import struct
import sys

import openai
from openai import OpenAI
from pydantic import BaseModel

url, key = sys.argv[1], sys.argv[2]
client = OpenAI(base_url=url + "/v1", api_key=key, max_retries=0, timeout=20)
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


def models():
    check("models", [m.id for m in client.models.list()], ["m"])
    check("model", client.models.retrieve("m").created, 1_700_000_000)
    e = raises("unknown model", openai.NotFoundError, lambda: client.models.retrieve("no/such"))
    check("code", e.code, "model_not_found")


def chat():
    r = client.chat.completions.create(model="m", messages=user)
    check("content", r.choices[0].message.content, "안녕하세요")
    check("finish", r.choices[0].finish_reason, "stop")
    check("cached", r.usage.prompt_tokens_details.cached_tokens, 8)
    check("total", r.usage.total_tokens, 25)
    r = client.chat.completions.create(model="m", messages=user, n=3)
    check("n", [c.message.content for c in r.choices], ["안녕하세요"] * 3)
    r = client.chat.completions.create(model="m", messages=user, max_completion_tokens=1)
    check("length", r.choices[0].finish_reason, "length")
    r = client.chat.completions.create(model="m", messages=user, logprobs=True, top_logprobs=2)
    first = r.choices[0].logprobs.content[0]
    check("logprob", (first.token, first.logprob, len(first.top_logprobs)), ("안녕", -0.5, 2))
    check("bytes", bytes(first.bytes).decode(), "안녕")
    r = client.chat.completions.create(model="m", messages=user, reasoning_effort="high")
    check("reasoning", r.choices[0].message.reasoning_content, "생각 중")
    check("reasoning tokens", r.usage.completion_tokens_details.reasoning_tokens, 2)
    parts = [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
    client.chat.completions.create(model="m", messages=parts, stop=["끝"], seed=-1, user="u", metadata={"a": "b"})


def stream():
    chunks = list(client.chat.completions.create(model="m", messages=user, stream=True, stream_options={"include_usage": True}))
    check("stream", "".join(c.choices[0].delta.content or "" for c in chunks if c.choices), "안녕하세요")
    check("stream finish", [c.choices[0].finish_reason for c in chunks if c.choices][-1], "stop")
    check("stream usage", chunks[-1].usage.completion_tokens, 5)
    check("usage only at the end", [c.usage for c in chunks[:-1]], [None] * (len(chunks) - 1))
    with client.chat.completions.stream(model="m", messages=user) as s:
        kinds = {e.type for e in s}
        check("helper", s.get_final_completion().choices[0].message.content, "안녕하세요")
    check("helper events", "content.done" in kinds, True)
    broken = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "break"}], stream=True)
    e = raises("error in a stream", openai.APIError, lambda: list(broken))
    check("no leak", "secret" in str(e), False)


tools = [{
    "type": "function",
    "function": {"name": "get_weather", "description": "날씨", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}]


def calls():
    r = client.chat.completions.create(model="m", messages=user, tools=tools, tool_choice="required", parallel_tool_calls=False)
    call = r.choices[0].message.tool_calls[0]
    check("finish tool_calls", r.choices[0].finish_reason, "tool_calls")
    check("arguments", json.loads(call.function.arguments), {"city": "서울"})
    check("content is null", r.choices[0].message.content, None)
    again = user + [r.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "맑음"}]
    r = client.chat.completions.create(model="m", messages=again, tools=tools)
    check("tool result", r.choices[0].message.content, "서울은 맑음")
    with client.chat.completions.stream(model="m", messages=user, tools=tools) as s:
        for _ in s:
            pass
        call = s.get_final_completion().choices[0].message.tool_calls[0]
    check("streamed call", (call.id, call.function.name, json.loads(call.function.arguments)), ("call_1", "get_weather", {"city": "서울"}))


class Work(BaseModel):
    name: str
    year: int


def structured():
    r = client.chat.completions.parse(model="m", messages=user, response_format=Work)
    check("parsed", r.choices[0].message.parsed, Work(name="말모이", year=1911))
    r = client.responses.parse(model="m", input="x", text_format=Work)
    check("parsed response", r.output_parsed, Work(name="말모이", year=1911))


def completions():
    r = client.completions.create(model="m", prompt="옛날", echo=True)
    check("echo", r.choices[0].text, "옛날안녕하세요")
    r = client.completions.create(model="m", prompt=["a", "b"], n=2, logprobs=1)
    check("choices", [(c.index, c.text) for c in r.choices], [(i, "안녕하세요") for i in range(4)])
    check("usage is summed", r.usage.prompt_tokens, 6)
    check("offsets", r.choices[0].logprobs.text_offset, [0, 2])
    check("token ids", client.completions.create(model="m", prompt=[[1, 2], [3]]).choices[1].text, "안녕하세요")
    text = "".join(c.choices[0].text for c in client.completions.create(model="m", prompt="a", stream=True))
    check("streamed", text, "안녕하세요")


def embeddings():
    r = client.embeddings.create(model="m", input=["a", "b"])
    check("vectors", [[round(x, 4) for x in d.embedding] for d in r.data], [[0.6, 0.8, 0.0, 0.0]] * 2)
    check("tokens", r.usage.prompt_tokens, 6)
    r = client.embeddings.create(model="m", input="a", encoding_format="float", dimensions=1)
    check("dimensions", r.data[0].embedding, [1.0])
    r = client.embeddings.create(model="m", input="a", encoding_format="base64")
    check("base64", struct.unpack("<4f", base64.b64decode(r.data[0].embedding))[0] > 0.59, True)


def responses():
    r = client.responses.create(model="m", input="안녕", instructions="짧게")
    check("output_text", r.output_text, "안녕하세요")
    check("status", (r.status, r.usage.output_tokens, r.usage.input_tokens_details.cached_tokens), ("completed", 5, 8))
    after = client.responses.create(model="m", input="history", previous_response_id=r.id, instructions="길게")
    check("previous", after.output_text, "system:길게|user:안녕|assistant:안녕하세요|user:history|")
    check("retrieve", client.responses.retrieve(r.id).output_text, "안녕하세요")
    client.responses.delete(r.id)
    raises("deleted", openai.NotFoundError, lambda: client.responses.retrieve(r.id))
    e = raises("previous is gone", openai.BadRequestError, lambda: client.responses.create(model="m", input="x", previous_response_id=r.id))
    check("code of gone", e.code, "previous_response_not_found")
    r = client.responses.create(model="m", input="x", max_output_tokens=1, store=False)
    check("incomplete", (r.status, r.incomplete_details.reason), ("incomplete", "max_output_tokens"))
    raises("not stored", openai.NotFoundError, lambda: client.responses.retrieve(r.id))


flat = [{"type": "function", "strict": False, **tools[0]["function"]}]


def response_calls():
    r = client.responses.create(model="m", input="날씨?", tools=flat)
    call = r.output[0]
    check("call", (call.type, call.name, json.loads(call.arguments)), ("function_call", "get_weather", {"city": "서울"}))
    items = [{"role": "user", "content": "날씨?"}, *r.output, {"type": "function_call_output", "call_id": call.call_id, "output": "맑음"}]
    check("result", client.responses.create(model="m", input=items, tools=flat).output_text, "서울은 맑음")
    r = client.responses.create(model="m", previous_response_id=r.id, tools=flat, input=[items[-1]])
    check("result after previous", r.output_text, "서울은 맑음")


def response_stream():
    events = list(client.responses.create(model="m", input="안녕", reasoning={"effort": "high"}, stream=True))
    check("numbers", [e.sequence_number for e in events], list(range(len(events))))
    check("order", [e.type for e in events], [
        "response.created", "response.in_progress",
        "response.output_item.added", "response.content_part.added", "response.reasoning_text.delta", "response.reasoning_text.delta",
        "response.reasoning_text.done", "response.content_part.done", "response.output_item.done",
        "response.output_item.added", "response.content_part.added", "response.output_text.delta",
        "response.output_text.done", "response.content_part.done", "response.output_item.done",
        "response.completed",
    ])
    check("whole", events[-1].response.output_text, "답")
    with client.responses.stream(model="m", input="날씨?", tools=flat) as s:
        kinds = [e.type for e in s]
        final = s.get_final_response()
    check("call events", kinds.count("response.function_call_arguments.delta"), 2)
    check("streamed arguments", json.loads(final.output[0].arguments), {"city": "서울"})


def errors():
    def ask(text="x", **more):
        return lambda: client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}], **more)

    e = raises("busy", openai.RateLimitError, ask("busy"))
    check("retry", e.response.headers["retry-after"], "2")
    e = raises("context", openai.BadRequestError, ask("long"))
    check("context code", e.code, "context_length_exceeded")
    e = raises("range", openai.BadRequestError, ask(temperature=3))
    check("param", e.param, "temperature")
    e = raises("unknown parameter", openai.BadRequestError, ask(extra_body={"temprature": 1}))
    check("unknown", (e.code, e.param), ("unknown_parameter", "temprature"))
    check("request id", e.request_id.startswith("req_"), True)
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]}]
    e = raises("image", openai.BadRequestError, lambda: client.chat.completions.create(model="m", messages=image))
    check("image param", e.param, "messages[0].content[0]")
    other = client.with_options(api_key="wrong")
    raises("key", openai.AuthenticationError, lambda: other.models.list())


def extras():
    body = {"top_k": 5, "min_p": 0.1, "repetition_penalty": 1.1, "ignore_eos": True, "chat_template_kwargs": {"enable_thinking": True}}
    r = client.chat.completions.create(model="m", messages=user, extra_body=body)
    check("kwargs", r.choices[0].message.content, "답")


for f in (models, chat, stream, calls, structured, completions, embeddings, responses, response_calls, response_stream, errors, extras):
    f()
print(f"openai {openai.__version__}: {done} values, all checks passed")
