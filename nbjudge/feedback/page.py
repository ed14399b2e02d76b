"""The feedback page: one self-contained HTML file per student. Pure."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from nbjudge.feedback.late import Zone, arithmetic, lateness_of, zones
from nbjudge.feedback.sanitise import visible
from nbjudge.feedback.shown import DETAILS, ShownTest, said_once, show
from nbjudge.feedback.terminal import as_on_screen
from nbjudge.files import TEMPLATES
from nbjudge.languages import Words, words
from nbjudge.lateness import is_over
from nbjudge.model import Assignment, CellReport, Course, ExerciseScore, Language, Mark, Result, Score
from nbjudge.notebooks.cells import Notebook, exercise_of, grade_id, role

if TYPE_CHECKING:
    from jinja2 import Template

HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
CODE_SPAN = re.compile(r"`([^`]+)`")
SAME_REPAIRS = 3  # more repairs of one kind are one line
POINTS_NOTE = re.compile(r"\s*\([^()]*\d[^()]*\)$")  # "(1 point)", "(0,5 балла, проверяет преподаватель)"


@dataclass(frozen=True, slots=True)
class ExerciseView:
    """One exercise on the page."""

    id: str
    title: str
    outcome: str
    said: str
    points: str
    share: float | None  # 0..100; None: not graded
    checks: str = ""
    notes: tuple[str, ...] = ()
    comment: str = ""
    tests: tuple[ShownTest, ...] = ()


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell that failed to load."""

    name: str
    outcome: str
    said: str
    message: str
    trace: str
    output: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteList:
    """A section that is a list of sentences."""

    title: str
    lines: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the template prints."""

    course: str
    title: str
    student: str
    submitted: str
    total: str
    percent: str
    share: float
    late: str
    open: str
    zones: tuple[Zone, ...]
    zone_note: str
    notices: tuple[str, ...]
    exercises: tuple[ExerciseView, ...]
    cells: tuple[CellView, ...]
    lists: tuple[NoteList, ...]
    environment: tuple[str, ...] = field(default=())
    receipt: str = ""


def render_feedback(
    course: Course,
    assignment: Assignment,
    result: Result,
    score: Score,
    *,
    marks: Mapping[str, Mark] | None = None,
    titles: Mapping[str, str] | None = None,
    language: Language | None = None,
    receipt: str = "",
) -> str:
    """The page for one submission, in `language` or else the notebook's, with its signed `receipt` to copy.

    `score` holds what people gave already (score.apply_marks); `marks` says which points and comments
    those are. `titles` are exercise_titles() of the release; without them ids stand for exercises.
    """
    say = words(language or result.language)
    css = _css()
    page = replace(_page(course, assignment, result, score, marks or {}, titles or {}, say), receipt=receipt)
    digest = b64encode(hashlib.sha256(css.encode()).digest()).decode()
    from markupsafe import Markup

    return _template().render(page=page, say=say, css=Markup(css), css_hash=f"sha256-{digest}")  # noqa: S704


def feedback_is_open(assignment: Assignment, now: datetime, last: datetime | None = None) -> bool:
    """True if a student whose hard deadline is `last`, by default the class's, may see feedback at `now` (both aware)."""
    return assignment.feedback == "always" or is_over(last or assignment.hard_deadline, now)


def exercise_titles(released: Notebook) -> dict[str, str]:
    """Exercise -> the last heading above its first cell, as plain text."""
    titles: dict[str, str] = {}
    heading = ""
    for cell in released["cells"]:
        if role(cell) == "text":
            heading = (HEADING.findall(cell["source"]) or [heading])[-1]
        elif role(cell) != "given" and heading:
            titles.setdefault(exercise_of(str(grade_id(cell))), _plain(heading))
    return titles


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(
        loader=loader,
        autoescape=True,
        finalize=_spell_out,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code_spans"] = _code_spans
    return environment.get_template("feedback.html")


def _code_spans(text: str) -> str:
    """Escaped `text` with `words in backticks` set as code."""
    from markupsafe import Markup, escape

    return Markup(CODE_SPAN.sub(r"<code>\1</code>", str(escape(visible(text)))))  # noqa: S704


def _spell_out(value: object) -> object:
    from markupsafe import Markup

    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _css() -> str:
    return (TEMPLATES / "feedback.css").read_text("utf-8")


def _plain(heading: str) -> str:
    text = POINTS_NOTE.sub("", heading)
    text = re.sub(r"\\([A-Za-z]+)", r"\1", text).replace("^2", "²").replace("^3", "³")
    return re.sub(r"[$*\\{}]", "", text).strip()


def _page(
    course: Course,
    assignment: Assignment,
    result: Result,
    score: Score,
    marks: Mapping[str, Mark],
    titles: Mapping[str, str],
    say: Words,
) -> Page:
    share = score.final / score.points if score.points else 0.0
    late = lateness_of(assignment, result, score)
    return Page(
        course=_title(course.title, say, course.id),
        title=_title(assignment.title, say, assignment.name),
        student=result.student,
        submitted=say("submitted", when=say.moment(result.timestamp, assignment.soft_deadline.tzinfo)),
        total=_total(score, say),
        percent=say.percent(share, 0),
        share=_share(share),
        late=arithmetic(assignment.late, late, score, say),
        open=_open(score, say),
        zones=zones(assignment.late, late, say),
        zone_note=say("zone_note", zone=str(assignment.soft_deadline.tzinfo)),
        notices=_notices(result, say),
        exercises=tuple(_exercise(part, result, marks, titles, say) for part in score.exercises),
        cells=tuple(_cell(report, say) for report in result.cells if _is_trouble(report)),
        lists=_lists(result, say),
        environment=_environment(result, say),
    )


def _title(titles: Mapping[str, str], say: Words, default: str) -> str:
    return titles.get(say.language) or next(iter(titles.values()), default)


def _share(fraction: float) -> float:
    return round(100 * min(max(fraction, 0.0), 1.0), 2)


def _total(score: Score, say: Words) -> str:
    word = say.counted("points_word", score.points)
    return say("total", score=say.number(score.final), points=say.number(score.points), points_word=word)


def _open(score: Score, say: Words) -> str:
    n = sum(part.score is None for part in score.exercises)
    return say.counted("open_exercises", n) if n else ""


def _notices(result: Result, say: Words) -> tuple[str, ...]:
    rejected = [say("rejected", reason=say.message(result.rejected))] if result.rejected else []
    unsafe = [say("no_isolation")] if result.environment.get("isolation") == "none" else []
    return (*rejected, *unsafe)


def _exercise(
    part: ExerciseScore, result: Result, marks: Mapping[str, Mark], titles: Mapping[str, str], say: Words
) -> ExerciseView:
    mark = marks.get(part.exercise)
    raw = [test for test in result.tests if test.exercise == part.exercise]
    outcome = _outcome(part, broken=any(test.status == "broken_test" for test in raw))
    got = "–" if part.score is None else say.number(part.score)
    passed = sum(test.status == "passed" and test.fraction >= 1 for test in raw)
    return ExerciseView(
        id=part.exercise,
        title=titles.get(part.exercise) or part.exercise,
        outcome=outcome,
        said=say.outcome(outcome),
        points=f"{got} / {say.number(part.points)}",
        share=None if part.score is None else _share(part.score / part.points if part.points else 1.0),
        checks=say.counted("checks_passed", len(raw), passed=passed) if raw else "",
        notes=_exercise_notes(part, result, mark, outcome, say),
        comment=mark.comment if mark else "",
        tests=said_once([show(test, part, raw, say) for test in raw], say),
    )


def _outcome(part: ExerciseScore, *, broken: bool) -> str:
    if part.score is None:
        return "broken_test" if broken or not part.manual else "waiting"
    if part.score >= part.points:
        return "passed"
    return "partial" if part.score > 0 else "none"


def _exercise_notes(
    part: ExerciseScore, result: Result, mark: Mark | None, outcome: str, say: Words
) -> tuple[str, ...]:
    if result.rejected is not None and (mark is None or mark.score is None):
        return ()
    if outcome == "waiting":
        return (say("waits"),)
    if outcome == "broken_test":
        has_tests = any(test.exercise == part.exercise for test in result.tests)
        return (say("author_fault" if has_tests else "no_tests"),)
    if mark is not None and mark.score is not None:
        return (say("by_hand" if part.manual else "overruled"),)
    return (say("unanswered"),) if part.manual else ()


def _is_trouble(report: CellReport) -> bool:
    return report.status not in ("ok", "skipped") or (report.status == "skipped" and bool(report.message))


def _cell(report: CellReport, say: Words) -> CellView:
    given = report.id
    return CellView(
        name=say("cell_given", id=given) if report.index is None else say("cell", n=report.index),
        outcome=report.status,
        said=say.outcome(report.status),
        message=as_on_screen(say.message(report.message))[:DETAILS],
        trace=say.trace(report.trace)[:DETAILS],
        output=as_on_screen(report.output)[:DETAILS],
        notes=tuple(as_on_screen(say.message(note))[:DETAILS] for note in report.notes),
    )


def _lists(result: Result, say: Words) -> tuple[NoteList, ...]:
    repairs = tuple(_repairs(result, say))
    lists = (
        NoteList(say("missing"), result.missing),
        NoteList(say("repairs"), repairs, say("repairs_note")),
    )
    return tuple(entry for entry in lists if entry.lines)


def _repairs(result: Result, say: Words) -> Iterator[str]:
    """What was mended, one line each; where nearly every cell was recognised in the same way, one line for all."""
    same = [note for note in result.repairs if note.kind == "found_by_names"]
    if len(same) <= SAME_REPAIRS:
        same = []
    if same:
        yield say.counted("recognised", len(same))
    yield from (say.message(note) for note in result.repairs if note not in same)


def _environment(result: Result, say: Words) -> tuple[str, ...]:
    facts: Sequence[tuple[str, str]] = (
        *((say.fact(name), value) for name, value in result.environment.items()),
        (say("seed"), str(result.seed)),
        (say("duration"), say("seconds", n=say.number(result.seconds))),
        (say("file"), result.sha256[:16]),
    )
    return tuple(f"{name} {value}" for name, value in facts)
