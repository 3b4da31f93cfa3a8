"""Drives the server with the unmodified langchain-naver package, as code written
for CLOVA Studio does.

Usage: langchain_naver_check.py BASE_URL API_KEY
The server's model answers as onChat in clients/model_test.go says.
"""
import os
import sys

url, key = sys.argv[1:3]
os.environ["CLOVASTUDIO_API_KEY"] = key
os.environ["CLOVASTUDIO_API_BASE_URL"] = url + "/v1/openai"

from langchain_core.tools import tool
from langchain_naver import ChatClovaX, ClovaXEmbeddings
from pydantic import BaseModel

model = ChatClovaX(model="HCX-005", temperature=0.5, max_tokens=64, top_k=0, repetition_penalty=1.1, max_retries=0)

answer = model.invoke([("system", "짧게"), ("user", "hello")])
assert answer.content == "안녕하세요", answer
assert answer.usage_metadata["input_tokens"] > 0, answer.usage_metadata
print("invoke")

text = "".join(part.content for part in model.stream("hello"))
assert text == "안녕하세요", text
print("stream")

thinking = ChatClovaX(model="HCX-007", thinking={"effort": "low"}, max_retries=0).invoke("think")
assert thinking.additional_kwargs["thinking_content"], thinking
print("thinking")


@tool
def get_weather(city: str) -> str:
    """Weather of a city."""
    return "맑음"


called = model.bind_tools([get_weather]).invoke("tool")
assert called.tool_calls[0]["name"] == "get_weather" and called.tool_calls[0]["args"] == {"city": "서울"}, called
print("tools")


class City(BaseModel):
    name: str


city = model.with_structured_output(City, method="json_schema").invoke("json")
assert city.name == "말모이", city
print("structured output")

vectors = ClovaXEmbeddings(model="clir-emb-dolphin").embed_documents(["글", "말"])
assert len(vectors) == 2 and len(vectors[0]) > 0, vectors
print("embeddings")

try:
    ChatClovaX(model="no-such-model", max_retries=0).invoke("x")
except Exception as e:
    assert "404" in str(e) or "not installed" in str(e), e
else:
    raise AssertionError("an unknown model must be refused")
print("errors")
print("all checks passed")
