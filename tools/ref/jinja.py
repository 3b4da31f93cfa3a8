"""Reference vectors for internal/chat/jinja, made with the real Jinja2.

    pip install jinja2==3.1.6
    python tools/ref/jinja.py > internal/chat/jinja/testdata/cases.json

Each case is a template and a context; the output, or the error, is what jinja2
gives in an environment set up as the transformers library sets up chat
templates (immutable sandbox, trim_blocks, lstrip_blocks, loop controls, the
generation tag, json.dumps as tojson, raise_exception, strftime_now), with the
clock pinned. Templates come from jinja_cases.txt beside this file: blocks
separated by a line of ----, the first line is the name, a last line "@{json}"
gives the context, what is between is the template (backslashes as written).
"""
import datetime
import json
import os
import sys

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    @jinja2.pass_eval_context
    def _body(self, context, caller):
        return caller()


class CheckedNamespace(jinja2.utils.Namespace):
    def __init__(*args, **kwargs):
        self, args = args[0], args[1:]
        attrs = dict(*args, **kwargs)
        for name in attrs:
            check_name(name)
        jinja2.utils.Namespace.__init__(self, attrs)

    def __setitem__(self, name, value):
        check_name(name)
        jinja2.utils.Namespace.__setitem__(self, name, value)


def check_name(name):
    if isinstance(name, str) and name.startswith("_"):
        raise jinja2.exceptions.SecurityError(f"underscore-prefixed attribute {name!r}")


CheckedNamespace.__name__ = "TemplateNamespace"


class PlainDict:
    def __call__(self, *args, **kwargs):
        return dict(*args, **kwargs)

    def fromkeys(self, *args, **kwargs):
        return dict.fromkeys(*args, **kwargs)


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda format: NOW.strftime(format)
    env.globals["dict"] = PlainDict()
    env.globals["namespace"] = CheckedNamespace
    return env


def render(env, template, context):
    try:
        return {"out": env.from_string(template).render(**json.loads(json.dumps(context)))}
    except RecursionError:
        return {"error": {"kind": "RecursionError", "message": "maximum recursion depth exceeded"}}
    except Exception as e:  # every Python error is an expectation of its own
        kind = "raise_exception" if type(e) is jinja2.exceptions.TemplateError else type(e).__name__
        return {"error": {"kind": kind, "message": str(e)[:200]}}


def cases(text):
    for block in text.split("\n----\n"):
        name, _, body = block.partition("\n")
        context = {}
        head, _, last = body.rpartition("\n")
        if last.startswith("@{"):
            body, context = head, json.loads(last[1:])
        yield name, body, context


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "jinja_cases.txt"), encoding="utf-8") as f:
        text = f.read()
    env, out, seen = environment(), [], set()
    for name, template, context in cases(text):
        assert name not in seen, name
        seen.add(name)
        out.append({"name": name, "template": template, "context": context, **render(env, template, context)})
    json.dump({"now": NOW.isoformat(), "jinja2": jinja2.__version__, "cases": out}, sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    main()
