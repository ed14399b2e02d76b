"""Attacks on the protocol, by someone who read the server's source."""

import pytest
from support.judging import program

ATTACK = """
import gc, mmap, os, socket, struct, sys
from nbjudge import wire
server = next(o for o in gc.get_objects() if type(o).__name__ == "Server")
"""


@pytest.mark.parametrize(
    "attack",
    [
        "os.write(3, b'x' * 24)",  # an answer before the question
        "os.write(3, b'')",
        "os.write(3, b'x' * 5000)",
        "os.close(3)",
        "[os.write(3, wire.PACKET.pack(b'NBJ1', 1, 1, n)) for n in range(5)]",
        "server.answer = lambda packet: b'x' * 24",
        "server.answer = lambda packet: wire.encode(('ok', 4, 5), server.arena, wire.nonce_of(packet), server.hold)",
        "server.answer = lambda packet: wire.encode(('passed',), server.arena, wire.nonce_of(packet), server.hold)",
        "server.answer = lambda packet: wire.encode(['ok', 4], server.arena, wire.nonce_of(packet), server.hold)",
        "server.answer = lambda packet: wire.encode(('error', 'E', 'ValueError', 'm', 0, []), server.arena, "
        "wire.nonce_of(packet), server.hold)",
        "server.answer = lambda packet: wire.encode(('ok', 4), server.arena, wire.nonce_of(packet) ^ 1, server.hold)",
        "sys.setswitchinterval(1e-6); os._exit(0)",
    ],
)
def test_protocol_breaches_are_crashes_and_stay_with_their_test(judge, attack):
    results, _ = judge(
        """
        @pytest.mark.exercise("a")
        def test_attack(student):
            student.attack()
            assert student.f() == 4

        @pytest.mark.exercise("b")
        def test_other(student):
            assert student.f() == 3
        """,
        program(ATTACK + f"def attack():\n    {attack}\ndef f(): return 3"),
    )
    assert results["test_attack"].status == "crashed", results["test_attack"]
    assert results["test_other"].status == "passed", results["test_other"]


def test_second_answer_does_not_answer_the_next_call(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_it(student):
            student.first()
            assert student.second(5) == 25
        """,
        program(
            ATTACK
            + """
def first():
    answer = server.answer
    def twice(packet):
        reply = wire.encode(("ok", 25), server.arena, wire.nonce_of(packet), server.hold)
        os.write(3, reply)
        return reply
    server.answer = twice
def second(x): return 0
"""
        ),
    )
    assert results["test_it"].status in ("crashed", "passed")  # passed: it did answer 25 itself, to this call
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_it(student):
            assert student.first() == 1
            assert student.second(5) == 25
        """,
        program(
            ATTACK
            + """
def first():
    def later():
        import time
        time.sleep(0.2)
        os.write(3, wire.PACKET.pack(b"NBJ1", 3, 3, nonce))
    import threading
    threading.Thread(target=later).start()
    return 1
nonce = 1
def second(x):
    import time
    time.sleep(1)
    return 25
"""
        ),
    )
    assert results["test_it"].status == "crashed"


def test_forged_frames_and_messages_are_only_text(judge):
    results, _ = judge(
        """
        mark = pytest.mark.exercise("ex")

        @mark
        def test_frames(student): student.frames()
        @mark
        def test_types(student): student.types()
        """,
        program(
            ATTACK
            + """
def frames():
    server.describe = lambda error: ("E\\n", "ValueError", "\\x1b]0;x\\x07m\\u202e\\u2028",
        False, [("cell 99", 1, "f"), ("cell 1", 10**9, "<script>"), ("cell 1", -5, "g"), ("cell 1", True, "h"), 7, ()])
    raise ValueError
def types():
    server.describe = lambda error: ("E", "SystemExit", "m", False, [])
    raise ValueError
"""
        ),
    )
    assert results["test_frames"].status == "error"
    assert "\x1b" not in results["test_frames"].message and "\u202e" not in results["test_frames"].message
    frames = results["test_frames"].trace
    assert [(frame.cell, frame.function) for frame in frames] == [(1, "<script>"), (1, "g"), (1, "h")]
    assert frames[0].line < 200 and [frame.line for frame in frames[1:]] == [0, 1]
    assert results["test_types"].status == "error"


def test_tests_are_not_in_the_students_process(judge):
    results, _ = judge(
        """
        SECRET = "HIDDEN-" + "MARKER"
        @pytest.mark.exercise("ex")
        def test_search(student):
            assert student.search(SECRET[:7], SECRET[7:]) == []
        """,
        program(
            """
            import gc, sys
            def search(a, b):
                found = []
                f = sys._getframe()
                while f:
                    if "test_search" in f.f_code.co_name: found.append(f.f_code.co_name)
                    f = f.f_back
                found += [m for m in sys.modules if m.startswith(("nbjudge.judge", "_pytest", "pytest"))]
                return found
            """
        ),
    )
    assert results["test_search"].status == "passed", results["test_search"].message


@pytest.mark.parametrize("failure", ["()", "('not', 'a', 'description')", "('a', 'b', 'c', False, [], 1)"])
def test_a_description_that_is_none_costs_the_student_and_not_the_judge(judge, failure):
    results, reports = judge(
        """
        @pytest.mark.exercise("ex")
        def test_it(student):
            assert student.f() == 1
        """,
        program(
            f"""
            import gc
            from nbjudge.student.server import Server
            for thing in gc.get_objects():
                if type(thing) is Server:
                    thing.requests["load"] = lambda *a: ("output", {failure})
            def f():
                return 1
            """,
            "never = 1",
        ),
    )
    assert results["test_it"].status == "passed"
    assert [report.status for report in reports] == ["ok", "crashed"]
