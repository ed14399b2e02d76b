"""One event loop for the notebook, and future imports that hold for the cells below, as in a Jupyter kernel."""

import pytest

from nbjudge.model import Limits

LOAD = "import asyncio\nasync def load(x=1):\n    await asyncio.sleep(0.001)\n    return x\n"


@pytest.mark.parametrize(
    "cells",
    [
        (LOAD + "task = asyncio.create_task(load())", "x = await task"),
        (LOAD + "task = asyncio.ensure_future(load())\nawait asyncio.sleep(0)", "x = await task"),
        (LOAD + "await asyncio.sleep(0)", "loop = asyncio.get_event_loop()\nx = int(loop.is_running())"),
        (LOAD + "loop = asyncio.get_event_loop()", "x = loop.run_until_complete(load())"),
        (LOAD + "x = asyncio.run(load())",),
        (
            LOAD + "tasks = [asyncio.create_task(load(i)) for i in range(3)]",
            "x = (await asyncio.gather(*tasks))[1]",
        ),
        (LOAD + "import nest_asyncio\nnest_asyncio.apply()\nx = asyncio.run(load())",),
        (LOAD + "async def outer():\n    return asyncio.run(load())\nx = await outer()",),
        (LOAD + "lock = asyncio.Lock()", "async with lock:\n    x = 1"),
        (
            LOAD + "queue = asyncio.Queue()\nasync def put():\n    await queue.put(1)\nasyncio.run(put())",
            "x = await queue.get()",
        ),
        (LOAD + "asyncio.get_event_loop().close()", "x = await load()"),
        (LOAD + "seen = []\nasync def see():\n    seen.append(1)\nasyncio.create_task(see())", "x = seen[0]"),
        (LOAD + "async def gen():\n    yield 1", "x = [i async for i in gen()][0]"),
        (
            LOAD
            + "import threading\nout = []\nt = threading.Thread(target=lambda: out.append(asyncio.run(load())))\n"
            "t.start()\nt.join()\nx = out[0]",
        ),
    ],
    ids=range(14),
)
def test_tasks_and_the_loop_outlive_their_cell(run, cells):
    get, _ = run(*cells)
    assert get("x") == 1


def test_many_tasks_run_inside_one_another(run):
    get, _ = run(
        LOAD
        + "async def nested(n):\n    await asyncio.sleep(0)\n    return n if n == 0 else asyncio.run(nested(n - 1)) + 1\n"
        "x = await asyncio.gather(*(nested(n) for n in range(6)))"
    )
    assert get("x") == [0, 1, 2, 3, 4, 5]


def test_a_function_that_a_test_calls_finds_the_loop(load):
    session = load(LOAD + "def f():\n    return asyncio.get_event_loop().run_until_complete(load(7))")
    assert session.request("call_name", "f", (), {}) == 7


def test_an_exception_of_a_coroutine_is_the_cells(load):
    session = load("async def f():\n    raise KeyError(3)\nawait f()", "import asyncio\nx = 1")
    assert [report.message for report in session.all_reports()] == ["KeyError: 3", ""]


def test_a_statement_that_waits_costs_no_more_than_any_other(load):
    session = load(
        LOAD
        + "async def fail():\n    raise KeyError(3)\nx = await load()\ny = await fail()\nz = await load(y)\n"
        "w = await load(4)\nv = await asyncio.sleep(99)\nu = await load(5)",
        limits=Limits(seconds=2),
    )
    report = session.all_reports()[0]
    assert (report.status, report.message) == ("error", "KeyError: 3")
    assert [session.request("has", name) for name in "xyzwvu"] == [True, False, False, True, False, True]


def test_a_cell_in_the_loop_may_exit(load):
    session = load("import sys\nasync def f():\n    sys.exit(3)\nawait f()", LOAD + "x = await load()")
    assert [report.message for report in session.all_reports()] == ["SystemExit: 3", ""]
    assert session.request("get", "x") == 1


@pytest.mark.parametrize("kind", ["added", "given", "solution"])
def test_future_imports_hold_for_later_cells(run, kind):
    get, _ = run(
        (kind, "from __future__ import annotations"),
        "class Swish:\n    def twin(self, other: Swish) -> Swish:\n        return other\n"
        "hint = Swish.twin.__annotations__['other']",
    )
    assert get("hint") == "Swish"


def test_future_imports_do_not_reach_back(load):
    session = load("def f(x: Later): pass", "from __future__ import annotations\ndef g(x: Later): pass")
    assert [report.status for report in session.all_reports()] == ["error", "ok"]
