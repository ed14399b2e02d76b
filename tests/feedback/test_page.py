"""The feedback page: what students read, and what they must not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import small_course as small
from support.places import ROOT

from nbjudge.feedback import exercise_titles, feedback_is_open, render_feedback
from nbjudge.files import TEMPLATES
from nbjudge.languages import plural, words
from nbjudge.model import CellReport, Course, Language, Mark, Result, Status, TestResult
from nbjudge.scoring import apply_marks, score

SECRET = "the-hidden-value-42"


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
            small.failed("square", message="assert 3 == 4", trace="cell 7, line 3, in square: return 3"),
            small.passed("scale", 0.5, credits=("accuracy 0.7: halfway",)),
        )
    )
    said = text(page(course, result))
    assert "assert 3 == 4" in said
    assert "cell 7, line 3, in square: return 3" in said
    assert "accuracy 0.7: halfway" in said
    assert "partly passed 1.5 / 3" in said


def test_the_late_penalty_is_explained_with_both_deadlines(course: Course) -> None:
    said = text(page(course, small.make_result(timestamp=small.LATE)))
    assert "2.5 of 10 points" in said
    assert "5 before the late penalty, × 0.5" in said
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
    lab = replace(lab, hard_deadline=lab.soft_deadline)
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
            small.failed("square", status="broken_test", message=SECRET, trace=SECRET),
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
    said = text(page(course, small.make_result(tests=(), rejected="the file is empty")))
    assert said.count("the file is empty") == 1
    assert "0 of 10 points" in said
    assert "waits" not in said
    assert "no test for this exercise" not in said


def test_cells_that_failed_repairs_and_missing_cells(course: Course) -> None:
    result = small.make_result(
        cells=(
            CellReport("given", 2, "ok"),
            CellReport("a", 5, "error", "NameError: x", "cell 5, line 1: x", "printed before"),
            CellReport("b", None, "timeout", "took 20 s"),
            CellReport("c", 6, "skipped"),
        ),
        repairs=("Cell 2 was moved.",),
        missing=("scale_inline",),
    )
    said = text(page(course, result))
    assert "Cell 5 your code raised an error NameError: x" in said
    assert "printed before" in said
    assert "A given cell that was missing (b) ran out of time took 20 s" in said
    assert "Cell 6" not in said
    assert "Cell 2 was moved." in said
    assert "Not found in your notebook scale_inline" in said


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
    for language in get_args(Language):
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
    secret = {"message": SECRET, "trace": SECRET, "credits": (SECRET,), "hidden": hidden, "title": "A title."}
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
    said = text(markup)
    assert "A title. wrong answer" in said
    assert "A title. partly passed" in said
    assert "its inputs and values are not shown" in said


def test_a_hidden_test_with_a_name_shows_the_name_only(course: Course) -> None:
    markup = page(course, hidden_tests("robustness"))
    assert SECRET not in markup
    assert "A title." not in markup
    assert "A hidden check: robustness failed" in text(markup)


@pytest.mark.parametrize("status", [s for s in get_args(Status) if s not in ("passed", "broken_test")])
def test_a_named_hidden_test_hides_how_it_failed(course: Course, status: Status) -> None:
    test = small.failed("square", status=status, hidden="robustness")
    usual = small.failed("square", hidden="robustness")
    assert page(course, small.make_result(tests=(test,))) == page(course, small.make_result(tests=(usual,)))


NASTY = "\"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x1b[31m\x00\ud800'{{7*7}}"


def test_nothing_of_the_students_becomes_markup(course: Course) -> None:
    result = Result(
        assignment="lab",
        student=NASTY,
        sha256=NASTY,
        timestamp=small.ON_TIME,
        language="en",
        key=NASTY,
        tests=(
            TestResult("square", NASTY, NASTY, 1, "failed", 0, NASTY, NASTY, credits=(NASTY,)),
            TestResult("square", NASTY, NASTY, 1, "failed", 0, NASTY, NASTY, hidden=NASTY),
        ),
        cells=(CellReport(NASTY, None, "error", NASTY, NASTY, NASTY),),
        repairs=(NASTY,),
        missing=(NASTY,),
        rejected=NASTY,
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
    assert "3,5 до штрафа за опоздание, × 0,5" in said
    assert "2 задания ещё не оценены" in said
    assert "Работа сдана 16 марта 2027, 15:00" in said
    assert "пройдено частично 1,5 / 3" in said
    assert not re.search(r"\b(points|passed|graded|checks?)\b", said)


def test_the_language_can_be_chosen(course: Course) -> None:
    assert '<html lang="ru">' in page(course, small.make_result(), language="ru")


@pytest.mark.parametrize(
    ("n", "form"),
    [(0, "many"), (1, "one"), (2, "few"), (4, "few"), (5, "many"), (11, "many"), (12, "many"), (14, "many"),
     (21, "one"), (22, "few"), (25, "many"), (101, "one"), (111, "many"), (112, "many"), (0.5, "other"), (1.5, "other")],
)  # fmt: skip
def test_russian_plurals(n: float, form: str) -> None:
    assert plural("ru", n) == form


@pytest.mark.parametrize(
    ("n", "form"), [(0, "other"), (1, "one"), (2, "other"), (21, "other"), (0.5, "other")]
)
def test_english_plurals(n: float, form: str) -> None:
    assert plural("en", n) == form


@pytest.mark.parametrize(
    ("n", "said"), [(1, "из 1 балла"), (2, "из 2 баллов"), (21, "из 21 балла"), (7.5, "из 7,5 балла")]
)
def test_russian_totals(n: float, said: str) -> None:
    say = words("ru")
    word = say.counted("points_word", n)
    assert said in say("total", score="0", points=say.number(n), points_word=word)


@given(st.floats(0, 1e6))
def test_numbers_are_short_and_never_minus_zero(value: float) -> None:
    said = words("en").number(value)
    assert re.fullmatch(r"\d+(\.\d{0,1}[1-9])?", said)
    assert abs(float(said) - value) <= 0.0051
    assert words("en").number(-0.001) == "0"


def test_the_catalogues_say_the_same_things() -> None:
    english, russian = words("en").texts, words("ru").texts
    assert set(english) == set(russian)
    fields = re.compile(r"\{(\w+)\}")
    for key, value in english.items():
        other = russian[key]
        if isinstance(value, str):
            assert sorted(fields.findall(value)) == sorted(fields.findall(other)), key
        elif key == "outcome":
            assert set(value) == set(other)
        elif isinstance(value, dict):
            assert set(value) == {"one", "other"}
            assert set(other) == {"one", "few", "many", "other"}
            used = {tuple(sorted(fields.findall(form))) for form in (*value.values(), *other.values())}
            assert len(used) == 1, key


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
    assert not feedback_is_open(later, later.hard_deadline)
