"""Catalogues: the same texts in every language, a third language by adding a file, and the notes of the code."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import small_course as small
from support.courses import config_text, write_course
from support.places import ROOT

from nbjudge import languages
from nbjudge.authoring.new_assignment import write_skeleton
from nbjudge.authoring.release import build_release
from nbjudge.course import load_course
from nbjudge.errors import CourseError
from nbjudge.feedback import render_feedback
from nbjudge.languages import available, english, words
from nbjudge.model import Course, Credit, Frame
from nbjudge.notes import Note, NoteKind
from nbjudge.scoring import score

FIELD = re.compile(r"\{(\w+)\}")


def leaves(texts: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every text by its path; the forms of a counted text together."""
    for key, value in texts.items():
        if isinstance(value, dict) and "other" not in value:
            yield from leaves(value, f"{path}{key}.")
        else:
            yield path + key, value


def fields(text: Any) -> set[tuple[str, ...]]:
    """The fields of a text, or of each form of a counted one."""
    forms = text.values() if isinstance(text, dict) else [text]
    return {tuple(sorted(FIELD.findall(form))) for form in forms}


# The catalogues


@pytest.mark.parametrize("language", available())
def test_a_catalogue_says_what_the_english_one_says(language: str) -> None:
    english_texts, own = dict(leaves(words("en").texts)), dict(leaves(words(language).texts))
    assert own.keys() == english_texts.keys()
    for key, text in english_texts.items():
        assert isinstance(own[key], dict) == isinstance(text, dict), key
        assert fields(own[key]) == fields(text), key
        assert len(fields(text)) == 1, key


@pytest.mark.parametrize("language", available())
def test_a_catalogue_has_every_plural_form_of_its_language(language: str) -> None:
    from babel import Locale

    texts = words(language).texts
    forms = {*Locale.parse(texts["locale"]).plural_form.tags, "other"}
    counted = {key: text for key, text in leaves(texts) if isinstance(text, dict)}
    assert counted
    assert {key: set(text) for key, text in counted.items()} == dict.fromkeys(counted, forms)


@pytest.mark.parametrize("language", available())
def test_a_catalogue_has_words_for_every_note(language: str) -> None:
    assert set(words(language).texts["notes"]) == set(get_args(NoteKind))


# The code that makes notes


def notes_in(path: Path) -> Iterator[tuple[str, set[str] | None]]:
    """Kind and values of each note that a module makes; None where the values are not written out."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Name("Note"), args=[ast.Constant(kind), *values]):
                match values:
                    case []:
                        yield kind, set()
                    case [ast.Dict(keys)] if all(isinstance(key, ast.Constant) for key in keys):
                        yield kind, {key.value for key in keys if isinstance(key, ast.Constant)}
                    case _:
                        yield kind, None
            case ast.Call(func=ast.Attribute(attr="note"), args=[_, ast.Constant(kind)], keywords=given_):
                yield kind, {str(keyword.arg) for keyword in given_}


def test_the_code_gives_each_note_the_values_that_its_text_wants() -> None:
    texts = words("en").texts["notes"]
    made = [note for path in (ROOT / "nbjudge").rglob("*.py") for note in notes_in(path)]
    assert len(made) > 50
    for kind, values in made:
        wanted = {field for form in fields(texts[kind]) for field in form}
        assert values is None or wanted <= values, kind


def test_every_kind_of_note_is_made_somewhere() -> None:
    modules = [path for path in (ROOT / "nbjudge").rglob("*.py") if path.name != "model.py"]
    constants = {
        node.value
        for path in modules
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
    }
    assert set(get_args(NoteKind)) <= constants


def test_the_document_lists_every_kind_of_repair() -> None:
    from nbjudge.notes import RepairKind

    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "repair.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(get_args(RepairKind))


# Numbers, plurals, dates


@pytest.mark.parametrize(
    ("n", "said"),
    [(0, "0 баллов"), (1, "1 балла"), (2, "2 баллов"), (5, "5 баллов"), (11, "11 баллов"), (12, "12 баллов"),
     (21, "21 балла"), (22, "22 баллов"), (101, "101 балла"), (111, "111 баллов"), (0.5, "0,5 балла"),
     (7.5, "7,5 балла")],
)  # fmt: skip
def test_russian_totals(n: float, said: str) -> None:
    say = words("ru")
    word = say.counted("points_word", n)
    assert say("total", score="0", points=say.number(n), points_word=word) == f"0 из {said}"


@pytest.mark.parametrize(
    ("n", "said"),
    [(1, "ещё 1 исправление"), (2, "ещё 2 исправления"), (5, "ещё 5 исправлений"), (11, "ещё 11 исправлений"),
     (21, "ещё 21 исправление"), (112, "ещё 112 исправлений")],
)  # fmt: skip
def test_russian_notes_count(n: int, said: str) -> None:
    assert said in words("ru").message(Note("more_repairs", {"n": n}))


@pytest.mark.parametrize(
    ("n", "said"), [(0, "points"), (1, "point"), (1.001, "point"), (2, "points"), (0.5, "points")]
)
def test_english_plurals(n: float, said: str) -> None:
    assert words("en").counted("points_word", n) == said


@given(st.floats(0, 9_999))
def test_numbers_are_short_and_never_minus_zero(value: float) -> None:
    said = words("en").number(value)
    assert re.fullmatch(r"\d+(\.\d{0,1}[1-9])?", said)
    assert abs(float(said) - value) <= 0.0051
    assert words("en").number(-0.001) == "0"
    assert words("ru").number(value) == said.replace(".", ",")


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.93125, "0.93125"), (0.000123456789, "0.000123457"), (1e-7, "1e-07"), (-0.0, "0"), (3.0, "3"), (1234, "1234"),
     (5_000_000, "5,000,000"), (1e20, "1e+20"), (1.5e20, "1.5e+20")],
)  # fmt: skip
def test_measured_values_keep_six_digits(value: float, said: str) -> None:
    assert words("en").quantity(value) == said
    assert words("ru").quantity(value) == said.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")
    assert english(Note("unusable", {"error": "x"})) == "the test could not use what your code returned: x"


@pytest.mark.parametrize(
    ("fraction", "said"), [(0.5, "50%"), (0.505, "50.5%"), (1 / 3, "33.33%"), (0, "0%"), (1, "100%")]
)
def test_percentages(fraction: float, said: str) -> None:
    assert words("en").percent(fraction) == said
    assert words("ru").percent(fraction) == said.replace(".", ",").replace("%", "\N{NO-BREAK SPACE}%")
    assert words("en").percent(1 / 3, 0) == "33%"


def test_moments_are_told_in_a_zone() -> None:
    when = datetime(2027, 3, 14, 20, 59, tzinfo=UTC)
    assert words("en").moment(when, ZoneInfo("Europe/Moscow")) == "14 March 2027, 23:59"
    assert words("en").moment(when) == "14 March 2027, 20:59"
    assert words("ru").moment(when, ZoneInfo("Europe/Moscow")).split() == [
        "14",
        "марта",
        "2027",
        "г.,",
        "23:59",
    ]


def test_a_credit_that_was_not_a_number_says_so() -> None:
    assert (
        words("en").credit(Credit(0.25, 0.3, 1.0, 1.0, "error"))
        == "error: 0.25, which gives 100% (all points up to 0.3, none from 1 on)"
    )
    assert (
        words("en").credit(Credit(None, 0.9, 0.5, 0.0))
        == "measured value: not a finite number, which gives 0% (all points from 0.9 on, none up to 0.5)"
    )


# Another language


GERMAN: dict[str, Any] = {
    "locale": "de",
    "submitted": "Abgegeben am {when}",
    "total": "{score} von {points} {points_word}",
    "points_word": {"one": "Punkt", "other": "Punkten"},
    "checks_passed": {"one": "{passed} von {n} Prüfung bestanden", "other": "{passed} von {n} Prüfungen bestanden"},
    "zone_part": "{percent} der Punkte bis",
    "frame_in": "Zelle {cell}, Zeile {line}, in {function}: {source}",
    "notes": {
        "too_slow": "dein Code war nach {seconds} s nicht fertig",
        "parts_joined": "Die Zellen {cells} sind Teile von „{id}“; sie wurden verbunden.",
        "more_repairs": {"one": "Und {n} weitere Reparatur.", "other": "Und {n} weitere Reparaturen."},
    },
}  # fmt: skip


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue more, as somebody would add it: a file beside the others. What it lacks is the English text."""
    for language in available():
        (tmp_path / f"{language}.json").write_text(
            (languages.CATALOGUES / f"{language}.json").read_text("utf-8"), "utf-8"
        )
    texts = words("en").texts
    own = {**texts, **GERMAN, "notes": {**texts["notes"], **GERMAN["notes"]}}
    (tmp_path / "de.json").write_text(json.dumps(own, ensure_ascii=False), "utf-8")
    monkeypatch.setattr(languages, "CATALOGUES", tmp_path)


def german_course(root: Path) -> Course:
    """The small course in German and English, without its files."""
    lab = {**small.LAB, "title": {**small.LAB["title"], "de": "Erste Aufgabe"}}
    return write_course(root, {"lab": lab}, {}, **{**small.SETTINGS, "languages": ("de", "en")})


@pytest.mark.usefixtures("german")
def test_a_third_language_is_one_more_file(tmp_path: Path) -> None:
    assert available() == ("de", "en", "ru")
    course = german_course(tmp_path / "course")
    assert course.languages == ("de", "en")
    frame = Frame(7, 3, "square", "return 3")
    tests = (
        small.failed("square", status="timeout", message=Note("too_slow", {"seconds": 1.5}), trace=(frame,)),
        *(small.passed("scale", 0.5), small.passed("scale", 0.5)),
    )
    repairs = (
        Note("parts_joined", {"cells": (3, 4, 5), "id": "scale_inline"}),
        Note("more_repairs", {"n": 1}),
    )
    result = small.make_result(language="de", tests=tests, repairs=repairs, timestamp=small.LATE)
    lab = course.assignments["lab"]
    page = render_feedback(course, lab, result, score(lab, small.EXERCISES, result))
    said = " ".join(re.sub("<[^>]*>", " ", page).split())
    assert '<html lang="de">' in page
    assert "Erste Aufgabe" in said
    assert "0,75 von 10 Punkten" in said
    assert "0 von 1 Prüfung bestanden" in said and "0 von 2 Prüfungen bestanden" in said
    assert "Abgegeben am 16. März 2027, 15:00" in said
    assert "50 % der Punkte bis" in said
    assert "dein Code war nach 1,5 s nicht fertig" in said
    assert "Zelle 7, Zeile 3, in square: return 3" in said
    assert "Die Zellen 3, 4 und 5 sind Teile von „scale_inline“; sie wurden verbunden." in said
    assert "Und 1 weitere Reparatur." in said


@pytest.mark.usefixtures("german")
def test_a_new_assignment_has_texts_in_every_language_of_the_course(tmp_path: Path) -> None:
    course = german_course(tmp_path / "course")
    write_skeleton(course, "second", date(2030, 1, 1))
    release = build_release(load_course(course.root), "second")
    texts = {
        name: [cell["source"] for cell in json.loads(data)["cells"] if cell["cell_type"] == "markdown"]
        for name, data in release.items()
        if name.endswith(".ipynb")
    }
    assert texts.keys() == {"second.ipynb", "second.en.ipynb"}
    assert texts["second.ipynb"] == texts["second.en.ipynb"]  # English until somebody translates it
    assert len(texts["second.ipynb"]) == 2


@pytest.mark.parametrize("chosen", ['("de",)', '("en", "xx")', '("en", 7)', "()", '("../en",)'])
def test_a_language_without_a_catalogue_is_refused_when_the_course_is_read(
    tmp_path: Path, chosen: str
) -> None:
    text = config_text({"lab": small.LAB}, **small.SETTINGS)
    assert '("en", "ru", )' in text
    (tmp_path / "course_config.py").write_text(text.replace('("en", "ru", )', chosen))
    with pytest.raises(CourseError, match=r"course_config\.py: languages: .*there is: en, ru"):
        load_course(tmp_path)


# What it costs


def test_the_grading_path_knows_no_grammar() -> None:
    """Babel takes some 60 ms to import and a judge is forked for each submission: notes are put into words elsewhere."""
    code = (
        "import sys\n"
        "import nbjudge.grading.submission, nbjudge.grading.executors.local.supervisor, nbjudge.judge\n"
        "from nbjudge.judge.faults import StudentTimeout\n"
        "from nbjudge.notes import Note\n"
        "StudentTimeout(Note('loading_too_slow'))\n"
        "print('babel' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
