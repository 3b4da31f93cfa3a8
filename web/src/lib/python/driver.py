# Runs what a model wrote, as a REPL would: the value of the last expression is
# shown, an error ends in the lines of its traceback that are about the code.
# Called once, in a Python that is thrown away afterwards.

import linecache
import sys
import traceback

from pyodide.code import eval_code_async

name = "code.py"
deepest = 20  # frames of a traceback


def told(e):
    """The traceback without the frames of libraries and of what runs the code."""
    said = traceback.TracebackException(type(e), e, e.__traceback__)
    own = [f for f in said.stack if f.filename == name]
    said.stack = traceback.StackSummary.from_list(own[-deepest:])
    return "".join(said.format(chain=False)).rstrip()


async def run(source):
    """Returns whether it failed, and what is to be read after its output."""
    sys.stdout.reconfigure(line_buffering=True)  # what was printed is seen even if it never ends
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        value = await eval_code_async(source, {"__name__": "__main__"}, filename=name)
        return False, "" if value is None else repr(value)
    except SystemExit as e:
        good = e.code is None or e.code == 0
        return not good, "" if good else f"SystemExit: {e.code}"
    except BaseException as e:
        return True, told(e)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


run
