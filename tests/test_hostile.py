"""The corpus of attacks (tests/hostile/): none may succeed, as root or as an ordinary user, and nobody beside one may lose."""

import os
import pwd
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from support.hostile_batch import Attack, Batch, Outcome, read_attacks
from support.hostile_course import POINTS
from support.ordinary_user import NO_PYTHON, python_for_all
from support.places import ROOT, TESTS

ATTACKS = read_attacks()
CANARY = re.compile(r"CANARY-[A-Z]+-[0-9a-f]{6,16}")
AIMS = {"forging", "reading", "harming", "escaping", "lingering", "rendering"}
HEADERS = {
    "DESC",
    "SUCCESS",
    "DETECT",
    "KIND",
    "CELL",
    "SOLVED",
    "WALLS",
    "STATUS",
    "SCORES",
    "STATE",
    "NEEDS",
    "SLOW",
}
WALLS = {
    "process",  # the judge is another process and holds what is wanted
    "wire",  # the reader of replies, plain values, nonces
    "judge",  # deadlines, bounds and checks of the judge's own
    "seccomp", "namespaces", "root", "ids", "rlimits", "cgroup", "landlock", "proc",
    "repair", "archive", "sanitise",
}  # fmt: skip
pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900)]
USERS = [
    "root" if os.geteuid() == 0 else "this-user",
    pytest.param(
        "nobody", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    ),
]


@cache
def batch(user: str) -> Batch:
    """The whole corpus, graded once for each user."""
    return run(user, [])


def run(user: str, options: list[str]) -> Batch:
    """The corpus in a process of its own, as another user if that is asked for."""
    folder = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    command = [sys.executable, str(TESTS / "support/hostile_batch.py"), str(folder), *options]
    keywords = {}
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(TESTS), str(ROOT)]))
    try:
        if user == "nobody":
            python = python_for_all()
            if python is None:
                pytest.skip(NO_PYTHON)
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            command[0] = str(python)
            environment["HOME"] = str(folder)
            environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            keywords = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, **keywords
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return Batch.load(folder / "batch.json")
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=False)


def test_there_are_many_attacks_and_each_is_described() -> None:
    assert len(ATTACKS) >= 100
    for attack in ATTACKS:
        assert {"DESC", "SUCCESS", "DETECT", "KIND", "WALLS"} <= attack.headers.keys() <= HEADERS, attack.name
        assert attack.path.parent.name in AIMS
        assert attack.headers["KIND"] in ("cell", "notebook", "file"), attack.name
        assert set(attack.headers["WALLS"].split()) <= WALLS, attack.name
        if attack.path.parent.name in ("reading", "escaping") and attack.headers["KIND"] == "cell":
            assert len(attack.headers["WALLS"].split()) >= 2, f"{attack.name}: two walls at least"


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_no_attack_succeeds(attack: Attack, user: str) -> None:
    got = batch(user)
    problems = judge(attack, got.outcomes[attack.name], got)
    assert problems == []


@pytest.mark.parametrize("user", USERS)
def test_nobody_beside_an_attacker_loses(user: str) -> None:
    got = batch(user)
    for outcome in got.honest:
        assert (outcome.state, outcome.states) == ("graded", 1), outcome.student
        automatic = {name: score for name, score in outcome.scores.items() if name != "essay"}
        assert automatic == POINTS, outcome.student
        assert set(CANARY.findall(outcome.said())) <= {got.canaries["work"]}


@pytest.mark.parametrize("user", USERS)
def test_nothing_got_out_and_nothing_stays(user: str) -> None:
    got = batch(user)
    assert (got.contacts, got.markers, got.leftovers, got.processes) == ([], [], [], [])
    assert CANARY.findall(got.terminal + got.csv) == []
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", got.terminal + got.csv) == []
    assert [
        cell for line in got.csv.splitlines() for cell in line.split(",") if re.match(r"[=+@\t]", cell)
    ] == []


def test_the_detectors_fire() -> None:
    """Without walls and with a test that asks nothing, the same corpus succeeds; and the tests above would say so."""
    names = ["reading/course_files", "reading/loopback", "escaping/write_marker", "lingering/files_left",
             "lingering/daemon", "reading/abstract_socket", "forging/always_equal_object"]  # fmt: skip
    got = run("root", ["--weak", *names])
    found = {name: judge_by_name(name, got) for name in names}
    assert any("canary" in text for text in found["reading/course_files"]), found
    assert any("score" in text for text in found["forging/always_equal_object"]), found
    assert any("succeeded" in text for text in found["escaping/write_marker"]), found
    assert {"loopback", "abstract_socket"} <= set(got.contacts)
    assert got.markers == ["write_marker"]
    assert any("left-by-files_left" in path for path in got.leftovers)
    assert len(got.processes) >= 1


def judge_by_name(name: str, got: Batch) -> list[str]:
    attack = next(attack for attack in ATTACKS if attack.name == name)
    return judge(attack, got.outcomes[name], got)


def judge(attack: Attack, outcome: Outcome, got: Batch) -> list[str]:
    """What this attack achieved; empty if nothing."""
    problems = []
    state = attack.headers.get("STATE", "graded")
    if outcome.state != state or outcome.states > 1:
        problems.append(f"its state is {outcome.state} ({outcome.states}): {outcome.notes}")
    if found := sorted(set(CANARY.findall(outcome.said()))):
        problems.append(f"it shows a canary: {found}")
    if "WORKED:" in outcome.outputs():
        problems.append(f"it says that it succeeded: {re.findall('WORKED:.*', outcome.outputs())[:5]}")
    if attack.path.stem in " ".join(got.contacts) or attack.path.stem in got.markers:
        problems.append("it was heard outside")
    if outcome.state == "graded" and attack.headers.get("SCORES") != "any":
        problems += wrong_scores(attack, outcome)
    if state == "graded":
        authors = [
            test["test"]
            for test in (outcome.result or {}).get("tests", [])
            if test["status"] == "broken_test"
        ]
        problems += [f"the tests are blamed: {authors}"] if authors else []
    expected = attack.headers.get("STATUS", "").split()
    statuses = outcome.statuses(attack.cell.split("_")[0])
    if expected and not set(statuses) <= set(expected):
        problems.append(f"the statuses are {statuses}, not {expected}")
    if attack.check:
        space: dict[str, object] = {"batch": got, "attack": attack}
        exec(compile(attack.check, str(attack.path), "exec"), space)
        try:
            space["check"](outcome)  # type: ignore[operator]
        except Exception as error:
            problems.append(f"its own check: {type(error).__name__}: {error}")
    return problems


def wrong_scores(attack: Attack, outcome: Outcome) -> list[str]:
    wanted = {name: points if name in attack.solved else 0 for name, points in POINTS.items()}
    got = {name: score for name, score in outcome.scores.items() if name != "essay"}
    return [] if got == wanted else [f"the score is {got}, not {wanted}"]
