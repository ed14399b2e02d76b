"""The feedback page: what students read, and what they must not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, get_args

import pytest
from support import small_course as small
from support.places import ROOT

from nbjudge.feedback import exercise_titles, feedback_is_open, render_feedback
from nbjudge.files import TEMPLATES
from nbjudge.languages import available, words
from nbjudge.model import CellReport, Course, Credit, Frame, Mark, Result, Status, TestResult
from nbjudge.notes import Note, NoteKind
from nbjudge.scoring import apply_marks, score

SECRET = "the-hidden-value-42"
TRACE = (Frame(SECRET, 1, SECRET, SECRET),)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return small.make_course(tmp_path_factory.mktemp("course"))


def page(course: Course, result: Result, marks: dict[str, Mark] | None = None, **rest: Any) -> str:
    assignment = course.assignments["lab"]
    total = apply_marks(score(assignment, small.EXERCISES, result), marks or {})
    return render_feedback(course, assignment, result, total, marks=marks, **rest)


class Reader(HTMLParser):
    """Text, tags and attributes of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def text(markup: str) -> str:
    return Reader(markup).text


# What it says


def test_the_total_and_each_exercise(course: Course) -> None:
    said = text(page(course, small.make_result(tests=(small.passed("square"), small.failed("scale")))))
    assert "2 of 10 points" in said
    assert "2 exercises are not graded yet" in said
    assert "A person grades this exercise." in said
    assert "1 of 1 check passed" in said
    assert "2 / 2" in said
    assert "0 / 3" in said
    assert "anna" in said
    assert "Handed in 10 March 2027, 15:00" in said  # in the course's zone


def test_a_test_says_what_was_wrong_and_where(course: Course) -> None:
    result = small.make_result(
        tests=(
            small.failed(
                "square",
                message="assert 3 == 4",
                trace=(Frame(9, 1, "", "square(1)"), Frame(7, 3, "square", "return 3")),
            ),
            small.passed("scale", 0.5, credits=(Credit(0.7, 0.9, 0.5, 0.5),)),
        )
    )
    said = text(page(course, result))
    assert "assert 3 == 4" in said
    assert "cell 9, line 1: square(1) cell 7, line 3, in square: return 3" in said
    assert "measured value: 0.7, which gives 50% (all points from 0.9 on, none up to 0.5)" in said
    assert "partly passed 1.5 / 3" in said


def test_a_failed_test_shows_its_call_and_one_cause_is_told_once(course: Course) -> None:
    same = "name 'criterion' is not defined"
    result = small.make_result(
        tests=(
            small.failed("square", title="First.", message=same, trace=TRACE, call="square(1)"),
            small.failed("square", title="Second.", message=same, trace=TRACE, call="square(2)"),
            small.failed("square", title="Third.", message="another", call="square(3)"),
            small.failed("scale", title="Fourth.", message=same, trace=TRACE),
        )
    )
    said = text(page(course, result))
    assert said.count(same) == 2  # once in each exercise
    assert "The same as above: First." in said
    assert "With these inputs square(1)" in said and "With these inputs square(3)" in said
    assert "square(2)" not in said


def test_many_cells_that_were_recognised_alike_are_one_line(course: Course) -> None:
    repairs = [Note("found_by_names", {"cell": n, "id": f"x_{n}", "names": ("x",)}) for n in range(18)]
    said = text(page(course, small.make_result(repairs=(Note("all_metadata_lost"), *repairs))))
    assert "18 cells had lost their ids" in said and "was taken as" not in said
    said = text(page(course, small.make_result(repairs=tuple(repairs[:2]))))
    assert said.count("was taken as") == 2


def test_the_late_penalty_is_explained_with_both_deadlines(course: Course) -> None:
    said = text(page(course, small.make_result(timestamp=small.LATE)))
    assert "2.5 of 10 points" in said
    assert "5 × 0.5 = 2.5: handed in 1 day, 15 hours after the deadline (14 March 2027, 23:59)." in said
    assert "All points until 14 March 2027, 23:59" in said
    assert "50% of the points until 20 March 2027, 23:59 ▲ yours, 16 March 2027, 15:00" in said
    assert "Europe/Moscow" in said


@pytest.mark.parametrize(
    ("moment", "mine"), [(small.ON_TIME, "All points"), (small.LATE, "50%"), (small.TOO_LATE, "No points")]
)
def test_the_submission_is_marked_in_its_own_zone_only(course: Course, moment: datetime, mine: str) -> None:
    markup = page(course, small.make_result(timestamp=moment))
    zones = re.findall(r'<li class="zone([^"]*)">(.*?)</li>', markup, re.DOTALL)
    assert [" mine" in classes for classes, _ in zones].count(True) == 1
    assert next(text for classes, text in zones if classes).startswith(mine)


def test_an_equal_soft_and_hard_deadline_make_two_zones(course: Course) -> None:
    lab = course.assignments["lab"]
    lab = replace(lab, late=replace(lab.late, hard=lab.soft_deadline))
    result = small.make_result()
    markup = render_feedback(course, lab, result, score(lab, small.EXERCISES, result))
    assert markup.count('class="zone') == 3  # two, and the note


def test_marks_and_comments_of_people(course: Course) -> None:
    marks = {
        "plots": Mark(0.5, "Label the axes.\nPlease."),
        "square": Mark(1.0),
        "report": Mark(None, "Soon."),
    }
    said = text(page(course, small.make_result(), marks))
    assert "4.5 of 10 points" in said
    assert "Graded by a person." in said
    assert "Label the axes. Please." in said
    assert "A person set these points in place of the automatic ones." in said
    assert "Soon." in said
    assert "1 exercise is not graded yet" in said


def test_a_broken_test_costs_nothing_and_says_so(course: Course) -> None:
    result = small.make_result(
        tests=(
            small.failed("square", status="broken_test", message=SECRET, trace=TRACE),
            small.passed("scale"),
        )
    )
    said = text(page(course, result))
    assert "the course's own test is broken. You lose nothing by it" in said
    assert SECRET not in said


def test_an_exercise_without_tests_says_so(course: Course) -> None:
    assert "the course has no test for this exercise" in text(
        page(course, small.make_result(tests=(small.passed("scale"),)))
    )


def test_a_rejected_file_gives_its_reason_once(course: Course) -> None:
    said = text(page(course, small.make_result(tests=(), rejected=Note("empty_file"))))
    assert said.count("the file is empty") == 1
    assert "0 of 10 points" in said
    assert "waits" not in said
    assert "no test for this exercise" not in said


def test_cells_that_failed_repairs_and_missing_cells(course: Course) -> None:
    result = small.make_result(
        cells=(
            CellReport("given", 2, "ok"),
            CellReport("a", 5, "error", "NameError: x", (Frame(5, 1, "", "x"),), "printed before"),
            CellReport("b", None, "timeout", Note("cell_too_slow", {"seconds": 20.0})),
            CellReport("c", 6, "skipped"),
        ),
        repairs=(Note("given_edited", {"cell": 2}),),
        missing=("scale_inline",),
    )
    said = text(page(course, result))
    assert "Cell 5 your code raised an error NameError: x" in said
    assert "printed before" in said
    assert "A given cell that was missing (b) ran out of time the cell did not finish within 20 s" in said
    assert "Cell 6" not in said
    assert "Cell 2 (given) was edited; the course's version counts." in said
    assert "Not found in your notebook scale_inline" in said


def test_what_was_printed_looks_as_on_a_terminal(course: Course) -> None:
    printed = "\r 10%|#    |\r100%|#####|\n\x1b[32mgreen\x1b[0m \x1b[1mbold\x1b[0m\n"
    colours = "\x1b[31mValueError\x1b[0m: red"
    result = small.make_result(
        tests=(small.failed("square", message=colours), small.passed("scale")),
        cells=(CellReport("a", 5, "error", colours, (), printed),),
    )
    said = text(page(course, result))
    assert "100%|#####| green bold" in said
    assert said.count("ValueError: red") == 2
    assert "10%|# " not in said and "\\x1b" not in said and "[32m" not in said


def test_the_environment_and_the_missing_isolation(course: Course) -> None:
    environment = {"torch": "2.13.0", "isolation": "none"}
    said = text(page(course, small.make_result(environment=environment, seed=77)))
    assert "torch 2.13.0" in said
    assert "seed 77" in said
    assert "graded without isolation" in said
    safe = text(page(course, small.make_result(environment={"isolation": "namespaces"})))
    assert "without isolation" not in safe


def test_every_status_has_words_and_a_sign_of_its_own(course: Course) -> None:
    statuses = get_args(Status)
    markup = page(course, small.make_result(tests=[small.failed("square", status=s) for s in statuses]))
    signs = dict(re.findall(r'<symbol id="sign-(\w+)"[^>]*>(.*?)</symbol>', markup))
    alike = [{"failed", "secret_failed", "none"}]
    for name, drawing in signs.items():
        likenesses = {other for other in signs if signs[other] == drawing}
        assert likenesses == {name} or likenesses in alike
    for language in available():
        said = words(language).texts["outcome"]
        assert set(statuses) <= set(said) & set(signs)
        assert set(said) == set(signs)
        assert len({said[s] for s in statuses}) == len(statuses)


def test_every_reference_in_the_page_has_a_target(course: Course) -> None:
    reader = Reader(page(course, small.make_result(), titles=exercise_titles(small.released())))
    ids = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for _, attrs in reader.tags for value in attrs.values() if value and value[0] == "#"}
    assert targets <= set(ids)


# What it must not say


def hidden_tests(hidden: bool | str) -> Result:
    secret: dict[str, Any] = {
        "message": SECRET,
        "trace": TRACE,
        "credits": (Credit(0.123454321, 1.0, 0.0, 0.5),),
        "call": f"square({SECRET})",
    }
    secret |= {"hidden": hidden, "title": "A title."}
    return small.make_result(
        tests=(
            small.failed("square", **secret),
            small.passed("scale", 0.5, **secret),
            small.passed("scale", **secret),
        )
    )


def test_a_hidden_test_shows_its_title_and_outcome_only(course: Course) -> None:
    markup = page(course, hidden_tests(True))
    assert SECRET not in markup
    assert "0.12345" not in markup
    said = text(markup)
    assert "A title. wrong answer" in said
    assert "A title. partly passed" in said
    assert "its inputs and values are not shown" in said


def test_a_hidden_test_with_a_name_shows_the_name_only(course: Course) -> None:
    markup = page(course, hidden_tests("robustness"))
    assert SECRET not in markup
    assert "0.12345" not in markup
    assert "A title." not in markup
    assert "A hidden check: robustness failed" in text(markup)


@pytest.mark.parametrize("status", [s for s in get_args(Status) if s not in ("passed", "broken_test")])
def test_a_named_hidden_test_hides_how_it_failed(course: Course, status: Status) -> None:
    test = small.failed("square", status=status, hidden="robustness")
    usual = small.failed("square", hidden="robustness")
    assert page(course, small.make_result(tests=(test,))) == page(course, small.make_result(tests=(usual,)))


NASTY = "\"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x1b[31m\x00\ud800'{{7*7}}"


def test_nothing_of_the_students_becomes_markup(course: Course) -> None:
    trace = (Frame(NASTY, 1, NASTY, NASTY),)
    result = Result(
        assignment="lab",
        student=NASTY,
        sha256=NASTY,
        timestamp=small.ON_TIME,
        language="en",
        key=NASTY,
        tests=(
            TestResult("square", NASTY, NASTY, 1, "failed", 0, NASTY, trace),
            TestResult("square", NASTY, NASTY, 1, "failed", 0, Note("unusable", {"error": NASTY})),
            TestResult("square", NASTY, NASTY, 1, "failed", 0, NASTY, trace, hidden=NASTY),
        ),
        cells=(CellReport(NASTY, None, "error", NASTY, trace, NASTY),),
        repairs=(Note("found_by_names", {"cell": 1, "id": NASTY, "names": (NASTY, NASTY)}),),
        missing=(NASTY,),
        rejected=Note("not_json", {"error": NASTY, "line": 1, "column": 1}),
        environment={NASTY: NASTY},
    )
    clean = page(course, small.make_result())
    for given_ in (result, replace(result, rejected=None)):
        markup = page(course, given_, {"plots": Mark(None, NASTY)}, titles={"square": NASTY})
        reader = Reader(markup)
        assert {tag for tag, _ in reader.tags} <= {tag for tag, _ in Reader(clean).tags} | {
            "blockquote", "pre", "h3", "strong", "code",
        }  # fmt: skip
        assert not [
            name for _, attrs in reader.tags for name in attrs if name.startswith("on") or name == "style"
        ]
        assert not set("\u202e\x1b\x00\ud800") & set(markup)
        assert "\\u202e" in reader.text
        assert "{{7*7}}" in reader.text
        markup.encode("utf-8")


def test_the_page_is_one_file_that_loads_and_runs_nothing(course: Course) -> None:
    import base64
    import hashlib

    markup = page(course, small.make_result())
    reader = Reader(markup)
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "iframe", "img", "object", "form", "base"}
    urls = [attrs.get("href") or attrs.get("src") or "" for _, attrs in reader.tags]
    assert all(url.startswith("#") for url in urls if url)
    style = re.search(r"<style>(.*?)</style>", markup, re.DOTALL)
    assert style is not None
    assert not re.search(r"@import|url\((?!#)", style[1])
    policy = next(a["content"] for t, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")


def test_words_in_backticks_are_code(course: Course) -> None:
    markup = page(course, small.make_result(tests=(small.failed("square", title="`a<b>` is `c`."),)))
    assert "<code>a&lt;b&gt;</code> is <code>c</code>." in markup


def test_long_messages_are_cut(course: Course) -> None:
    markup = page(course, small.make_result(tests=(small.failed("square", message="x" * 10**6),)))
    assert len(markup) < 60_000


# Languages


def test_russian(course: Course) -> None:
    result = small.make_result(
        language="ru", timestamp=small.LATE, tests=(small.passed("square"), small.passed("scale", 0.5))
    )
    said = text(page(course, result))
    assert "Первая работа" in said
    assert "1,75 из 10 баллов" in said
    assert (
        "3,5 × 0,5 = 1,75: сдано после срока (14 марта 2027 г., 23:59), опоздание 1 день, 15 часов." in said
    )
    assert "2 задания ещё не оценены" in said
    assert "Работа сдана 16 марта 2027 г., 15:00" in said
    assert "50 % баллов до 20 марта 2027 г., 23:59" in said
    assert "пройдено частично 1,5 / 3" in said
    assert not re.search(r"\b(points|passed|graded|checks?)\b", said)


def test_the_language_can_be_chosen(course: Course) -> None:
    assert '<html lang="ru">' in page(course, small.make_result(), language="ru")


TENSOR = Note("a_tensor", {"dtype": "x", "shape": "[2]"})
NUMBER = Note("a_plain_value", {"type": "x", "value": "1"})
WHY = Note(
    "would_be_bound", {"cell": 3, "line": 2, "name": "x", "reason": Note("because_failed", {"error": "x"})}
)
DEADLINE = {"when": "2027-03-14T23:59:00+03:00", "zone": "Europe/Moscow"}
DIFFERENCE = {"n": 3, "of": 9, "at": "[1, 2]", "expected": "x", "got": "x"}
VALUES: list[tuple[str, dict[str, Any]]] = [
    (
        "metadata_lost given_repeated test_repeated code_in_text found_by_place answer_in_question copy_is_own "
        "answers_merged",
        {"cell": 3, "id": "x"},
    ),
    ("answer_beside", {"cells": (3, 4), "id": "x", "n": 2}),
    ("given_edited given_additions_kept test_edited test_additions_kept", {"cell": 3}),
    ("given_restored cell_missing", {"id": "x"}),
    ("name_missing name_not_assigned", {"name": "x"}),
    ("missing_because", {"error": Note("name_missing", {"name": "x"}), "why": WHY}),
    ("would_be_bound", dict(WHY.values)),
    ("because_failed", {"error": "x"}),
    ("because_after", {"line": 2}),
    ("line_failed", {"line": 2, "error": "x"}),
    ("lines_left_out", {"line": 2, "lines": (3, 4)}),
    ("copies_changed copies_alike", {"id": "x", "cell": 3, "left_out": (4, 5)}),
    ("too_slow cell_too_slow", {"seconds": 0.5}),
    ("process_lost not_tried more_repairs merge_conflicts repairs_on_the_page", {"n": 3}),
    ("not_a_number not_numbers not_a_tensor", {"got": TENSOR}),
    ("other_kind other_shape no_shape other_tensor_shape other_dtype", {"expected": TENSOR, "got": NUMBER}),
    ("file_taken file_left_out", {"n": 2, "files": "x"}),
    ("tests_deleted", {"ids": ("x", "x")}),
    ("parts_joined", {"cells": (3, 4), "id": "x"}),
    ("found_by_names", {"cell": 3, "id": "x", "names": ("x",)}),
    ("order_restored", {"cell": 3, "before": 4}),
    ("outputs_dropped", {"n": 3, "limit": 50}),
    ("other_assignment another_assignment like_another_assignment", {"assignment": "x"}),
    ("not_json", {"error": "x", "line": 1, "column": 2}),
    ("not_an_object", {"found": "x"}),
    ("file_too_large", {"size": 60, "limit": 50}),
    ("too_many_cells", {"cells": 6000, "limit": 5000}),
    ("too_many_values", {"limit": 5_000_000}),
    ("memory_used_up", {"limit": 2048}),
    ("killed", {"signal": 9, "name": "SIGKILL"}),
    ("segmentation_fault", {"signal": 11}),
    ("exited", {"status": 3}),
    ("unusable code_unreadable", {"error": "x"}),
    ("not_close_number not_equal other_length", {"expected": "x", "got": "x"}),
    ("compared", {"expected": "x", "got": "x", "operator": "<"}),
    ("broadcast_shape", {"expected": "x", "got": "x", "n": 5}),
    ("not_close", DIFFERENCE),
    ("not_close_few", {**DIFFERENCE, "all_expected": "x", "all_got": "x"}),
    ("argument_changed", {"name": "x", "expected": "x", "got": "x"}),
    ("requires_grad_changed", {"name": "x"}),
    ("not_close_details", {"details": "x"}),
    ("not_finite", {"position": 3, "value": "x"}),
    ("too_few_values", {"got": 1}),
    ("not_falling", {"position": 3, "value": "2", "before": "1"}),
    ("a_tensor", dict(TENSOR.values)),
    ("a_plain_value", dict(NUMBER.values)),
    ("many_found_by_names much_metadata_lost answers_missing answers_untouched", {"ids": ("x", "x"), "n": 2}),
    ("cell_not_python asks_for_input needs_gpu", {"cell": 3, "line": 2}),
    ("package_missing", {"cell": 3, "package": "x"}),
    ("downloads", {"cell": 3, "line": 2, "what": "x"}),
    ("rejected", {"reason": Note("pdf")}),
    ("late", {**DEADLINE, "factor": 0.5}),
    ("too_late", DEADLINE),
    ("reaches_for", {"cell": 1, "line": 1, "what": "x"}),
    ("not_passed_on", {"details": "x"}),
    ("judging_failed work_failed", {"error": "x"}),
    ("over_memory over_time over_size", {"limit": 1}),
    ("answers_not_shown outputs_not_shown not_looked_into", {"reason": Note("over_memory", {"limit": 1})}),
]
KNOWN = {kind: values for kinds, values in VALUES for kind in kinds.split()}
EVERY_NOTE = [Note(kind, KNOWN.get(kind, {})) for kind in get_args(NoteKind)]


def test_a_russian_page_is_russian_whatever_happened(course: Course) -> None:
    """All that the platform can say is on it; what is left in Latin letters is somebody else's, or a name."""
    notes = EVERY_NOTE
    tests = [
        *(
            small.failed("square", title="Тест.", message=note, trace=(Frame(3, 2, "", "x"),))
            for note in notes
        ),
        *(small.failed("square", title="Тест.", status=status) for status in get_args(Status)),
        small.passed(
            "scale", 0.5, title="Тест.", credits=(Credit(0.7, 0.9, 0.5, 0.5), Credit(None, 1.0, 0.0, 0.0))
        ),
        small.failed("scale", title="Тест.", hidden=True),
        small.failed("scale", title="Тест.", hidden="и точка"),
    ]
    result = small.make_result(
        language="ru",
        tests=tests,
        timestamp=small.LATE,
        cells=[CellReport("x", n, "timeout", note, (Frame("x", 2, "x", "x"),), "x", (note,)) for n, note in enumerate(notes)],
        repairs=tuple(notes),
        missing=("scale_inline",),
        environment=dict.fromkeys(("device", "isolation", "image", "gpu", "gpu_driver", "gpu_slots", "gpu_budget",
                                   "gpu_watchdog", "determinism"), "1"),
    )  # fmt: skip
    names = "anna git nbgrader Jupyter input torch cuda is available Colab Kaggle PDF ZIP gzip PNG JPEG RTF XML JSON ipynb Python SHA Europe Moscow SIGKILL x scale inline requires grad"
    for given_ in (result, replace(result, rejected=Note("pdf"), tests=())):
        said = text(
            page(course, given_, titles=dict.fromkeys(("square", "scale", "plots", "report"), "Задание"))
        )
        said = re.sub(r"\b[0-9a]{16}\b", "", said)  # the file's hash
        assert set(re.findall("[A-Za-z]+", said)) <= {*names.split()}
        assert "{" not in said


def test_every_text_of_the_catalogue_is_used() -> None:
    package = TEMPLATES.parent / "feedback"
    users = *package.glob("*.py"), *(TEMPLATES.parent / "languages").glob("*.py"), TEMPLATES / "feedback.html"
    code = "".join(path.read_text() for path in users)
    assert [key for key in words("en").texts if f'"{key}"' not in code] == []


# Helpers


def test_titles_are_the_headings_above() -> None:
    assert exercise_titles(small.released()) == {
        "square": "Exercise 1. Squares, x²",
        "scale": "Exercise 2. Scaling",
        "plots": "Exercise 3. Plots",
        "report": "Exercise 3. Plots",
    }


def test_titles_of_the_introductory_lab() -> None:
    from nbjudge.notebooks.reader import tidy

    release = ROOT / "release" / "intro"
    for name in ("intro.ipynb", "intro.ru.ipynb"):
        titles = exercise_titles(tidy(json.loads((release / name).read_bytes())))
        assert len(set(titles.values())) == len(titles) == 8
        assert not [title for title in titles.values() if set("$\\#*") & set(title)]


def test_when_feedback_opens(course: Course) -> None:
    lab = course.assignments["lab"]
    later = replace(lab, feedback="after_hard_deadline")
    before, after = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 3, 21, tzinfo=UTC)
    assert [feedback_is_open(lab, before), feedback_is_open(later, before)] == [True, False]
    assert feedback_is_open(later, after)
    assert not feedback_is_open(later, later.hard_deadline)  # its minute lasts
