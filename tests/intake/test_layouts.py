"""Archives as Moodle, Canvas, Blackboard, Gradescope and nbgrader name them: who, when, which file. docs/collect.md has the sources."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.handing_in import (
    DOWNLOADED,
    IN_TIME,
    LATE,
    OTHER,
    RELEASE,
    ROSTER,
    SOLVED,
    asked,
    inner_zip,
    make_course,
    stored,
    take,
    times,
    zipped,
)

from nbjudge.errors import CourseError
from nbjudge.intake.layouts import LAYOUTS, Scene, pick_layout
from nbjudge.intake.layouts.handed_in import is_released_name
from nbjudge.model import Course

ATTEMPT = "hw_{}_attempt_{}_{}"
METADATA = """\
submission_1001:
  :submitters:
  - :name: Anna Petrova
    :sid: '30001'
    :email: petrova@example.org
  :created_at: 2027-02-07 20:58:00.000000000 Z
  :score: 0.0
submission_1002:
  :submitters:
  - :name: Иван Иванов
    :sid: '30002'
  - :name: Пётр Ёлкин
    :email: p.elkin@example.org
  :created_at: 2027-02-09 10:00:00.000000000 Z
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


@pytest.fixture
def listed(tmp_path: Path) -> Course:
    return make_course(tmp_path, ROSTER)


# Names -> students, without a roster: the ids are what the names say.
WITHOUT_ROSTER = [
    # Moodle 4: folders; 3.x: with "_" at the end; by choice and before 3.1: flat
    ("moodle", {"Anna Petrova_1234567_assignsubmission_file/hw.ipynb": SOLVED}, {"1234567": SOLVED}),
    ("moodle", {"Anna Petrova_1234567_assignsubmission_file_/hw.ipynb": SOLVED}, {"1234567": SOLVED}),
    ("moodle", {"Anna Petrova_1234567_assignsubmission_file_hw.ipynb": SOLVED}, {"1234567": SOLVED}),
    ("moodle", {"Анна Петрова_12_assignsubmission_file/hw.ipynb": SOLVED}, {"12": SOLVED}),
    ("moodle", {"Participant_7_assignsubmission_file/мой ответ.ipynb": SOLVED}, {"7": SOLVED}),
    ("moodle", {"Участник_8_assignsubmission_file_hw (1).ipynb": SOLVED}, {"8": SOLVED}),
    (
        "moodle",
        {
            "Anna Petrova_1_assignsubmission_file/hw.ipynb": SOLVED,
            "Anna Petrova_1_assignsubmission_file/draft.ipynb": OTHER,
            "Anna Petrova_1_assignsubmission_onlinetext/onlinetext.html": b"<p>done</p>",
            "Anna Petrova_1_assignfeedback_file/hw.ipynb": OTHER,
        },
        {"1": SOLVED},
    ),
    ("moodle", {"DL-hw-4711/Anna Petrova_1_assignsubmission_file/sub/hw.ipynb": SOLVED}, {"1": SOLVED}),
    (
        "moodle",
        {"Anna Petrova_1_assignsubmission_file/work.zip": inner_zip({"a/hw.ipynb": SOLVED})},
        {"1": SOLVED},
    ),
    # A student's own file name must not make another student of its owner.
    ("moodle", {"A B_1_assignsubmission_file_x_2_assignsubmission_file_hw.ipynb": SOLVED}, {"1": SOLVED}),
    # Canvas
    ("canvas", {"petrovaanna_956227_46792176_hw.ipynb": SOLVED}, {"956227": SOLVED}),
    ("canvas", {"petrovaanna_LATE_956227_46792176_hw-1.ipynb": SOLVED}, {"956227": SOLVED}),
    ("canvas", {"петровааннасергеевна_956227_46792176_hw.ipynb": SOLVED}, {"956227": SOLVED}),
    ("canvas", {"anon_Ab3dE_46792176_hw.ipynb": SOLVED}, {"Ab3dE": SOLVED}),
    ("canvas", {"smithbob_1_2_hw.ipynb": SOLVED, "smithbob_3_4_hw.ipynb": OTHER}, {"1": SOLVED, "3": OTHER}),
    (
        "canvas",
        {
            "petrovaanna_1_2_hw.ipynb": SOLVED,
            "petrovaanna_1_3_draft.ipynb": OTHER,
            "petrovaanna_1_text.html": b"<p>see the file</p>",
        },
        {"1": SOLVED},
    ),
    ("canvas", {"petrovaanna_1_2_hw.zip": inner_zip({"hw/hw.ipynb": SOLVED})}, {"1": SOLVED}),
    ("canvas", {"submissions/petrovaanna_1_2_my_5_6_hw.ipynb": SOLVED}, {"1": SOLVED}),
    # Blackboard
    ("blackboard", {ATTEMPT.format("hacker", "2027-01-30-20-30-10", "hw.ipynb"): SOLVED}, {"hacker": SOLVED}),
    (
        "blackboard",
        {"Home work 1_hacker_attempt_2027-01-30-20-30-10_my_file.ipynb": SOLVED},
        {"hacker": SOLVED},
    ),
    (
        "blackboard",
        {
            "hw_hacker_attempt_2027-01-30-20-30-10.txt": b"Name: A Hacker (hacker)",
            ATTEMPT.format("hacker", "2027-01-30-20-30-10", "hw.ipynb"): SOLVED,
        },
        {"hacker": SOLVED},
    ),
    (
        "blackboard",
        {ATTEMPT.format("a", "2027-01-30-20-30-10", "x_b_attempt_2027-01-01-00-00-00_hw.ipynb"): SOLVED},
        {"a": SOLVED},
    ),
    # Gradescope
    (
        "gradescope",
        {
            "assignment_7_export/submission_1001/hw.ipynb": SOLVED,
            "assignment_7_export/submission_1002/hw.ipynb": OTHER,
            "assignment_7_export/submission_metadata.yml": METADATA.encode(),
        },
        {"30001": SOLVED, "30002": OTHER, "p.elkin@example.org": OTHER},
    ),
    # GitHub Classroom's clones, and folders of folders
    (
        "repositories",
        {"hw-anna/hw.ipynb": SOLVED, "hw-ivan/hw.ipynb": OTHER, "hw-ivan/.git/config": b"x"},
        {"anna": SOLVED, "ivan": OTHER},
    ),
    (
        "by-student",
        {"in/anna/hw/hw.ipynb": SOLVED, "in/ivan/hw/hw.ipynb": OTHER},
        {"anna": SOLVED, "ivan": OTHER},
    ),
    ("by-student", {"Иванов.ipynb": SOLVED, "李小龍/hw.ipynb": OTHER}, {"Иванов": SOLVED, "李小龍": OTHER}),
    ("by-student", {"ivanov.zip": inner_zip({"hw/hw.ipynb": SOLVED})}, {"ivanov": SOLVED}),
    ("by-student", {"hw/anna.ipynb": SOLVED, "hw/ivan.ipynb": OTHER}, {"anna": SOLVED, "ivan": OTHER}),
    ("by-student", {"anna.ipynb.json": SOLVED, "ivan.ipynb.txt": OTHER}, {"anna": SOLVED, "ivan": OTHER}),
    ("by-student", {"anna.json": SOLVED, "ivan/hw.txt": OTHER}, {"anna": SOLVED, "ivan": OTHER}),
]


@pytest.mark.parametrize(("layout", "files", "students"), WITHOUT_ROSTER)
def test_names_that_learning_systems_make(
    course: Course, tmp_path: Path, layout: str, files: dict[str, bytes], students: dict[str, bytes]
) -> None:
    done = take(course, zipped(tmp_path / "in.zip", files))
    assert (done.layout, stored(course), asked(done)) == (layout, students, {})


WITH_ROSTER = [
    ({"Анна Петрова_11_assignsubmission_file/hw.ipynb": SOLVED}, "petrova"),
    ({"Петрова Анна_11_assignsubmission_file/hw.ipynb": SOLVED}, "petrova"),
    (
        {"ПЕТР ЕЛКИН_30002_assignsubmission_file/hw.ipynb": SOLVED},
        "elkin.p",
    ),  # the number is the assignment's own
    ({"ивановиван_956228_46792177_hw.ipynb": SOLVED}, "ivanov"),
    ({"petrovaanna_956230_46792177_hw.ipynb": SOLVED}, "anna.petrova2"),
    (
        {"petrovaanna_777_46792177_hw.ipynb": SOLVED},
        "anna.petrova2",
    ),  # a number that the roster lacks: the name says it
    ({"hw_ivanov_attempt_2027-01-30-20-30-10_hw.ipynb": SOLVED}, "ivanov"),
    ({"IVANOV.ipynb": SOLVED}, "ivanov"),
    ({"ivanov@example.org/hw.ipynb": SOLVED}, "ivanov"),
    ({"Иван Иванов/hw.ipynb": SOLVED}, "ivanov"),
    ({"ivanov-2.ipynb": SOLVED}, "ivanov"),
    ({"anna.petrova2.ipynb": SOLVED}, "anna.petrova2"),
]


@pytest.mark.parametrize(("files", "student"), WITH_ROSTER)
def test_the_roster_knows_a_student_by_everything_that_a_system_calls_one(
    listed: Course, tmp_path: Path, files: dict[str, bytes], student: str
) -> None:
    done = take(listed, zipped(tmp_path / "in.zip", files))
    assert (stored(listed), asked(done)) == ({student: SOLVED}, {})


@pytest.mark.parametrize(
    ("name", "reason", "near"),
    [
        ("Ivanof.ipynb", "is not in the roster", "ivanov"),
        ("Анна Петровна_5_assignsubmission_file/hw.ipynb", "is not in the roster", "petrova"),
        ("ивановиван_956227_46792177_hw.ipynb", "are different students'", "petrova"),
        ("Copy_of_hw.ipynb", "the name of a notebook", ""),
    ],
)
def test_with_a_roster_a_stranger_is_a_question_and_nothing_waits_for_it(
    listed: Course, tmp_path: Path, name: str, reason: str, near: str
) -> None:
    known = "Пётр Ёлкин_9_assignsubmission_file/hw.ipynb" if "assign" in name else "elkin.p.ipynb"
    known = "ёлкинпётр_9_10_hw.ipynb" if "956227" in name else known
    done = take(listed, zipped(tmp_path / "in.zip", {name: SOLVED, known: OTHER}))
    assert stored(listed) == {"elkin.p": OTHER}
    [refusal] = done.refusals
    assert refusal.name == name and reason in refusal.reason
    assert near in " ".join(refusal.candidates)
    answer = tmp_path / "map.csv"
    answer.write_text(f'file,student\n"{name}",ivanov\n', "utf-8")
    done = take(listed, tmp_path / "in.zip", mapping=answer)
    assert (stored(listed), asked(done)) == ({"elkin.p": OTHER, "ivanov": SOLVED}, {})


def test_two_students_of_one_name_are_asked_unless_a_number_tells_them_apart(tmp_path: Path) -> None:
    from nbjudge.roster import Student

    course = make_course(
        tmp_path, (Student("a1", "Anna Petrova", lms_ids=("1",)), Student("a2", "Anna Petrova"))
    )
    files = {"petrovaanna_1_2_hw.ipynb": SOLVED, "petrovaanna_3_4_hw.ipynb": OTHER}
    done = take(course, zipped(tmp_path / "in.zip", files))
    assert stored(course) == {"a1": SOLVED}
    assert [refusal.candidates for refusal in done.refusals] == [("a1", "a2")]


def test_a_map_that_names_a_stranger_is_an_error(listed: Course, tmp_path: Path) -> None:
    answer = tmp_path / "map.csv"
    answer.write_text("x.ipynb,nobody\n")
    with pytest.raises(CourseError, match=r"map\.csv, line 1: 'nobody' is not one student of the roster"):
        take(listed, zipped(tmp_path / "in.zip", {"x.ipynb": SOLVED}), mapping=answer)


@pytest.mark.parametrize(
    "name",
    ["hw", "hw (1)", "HW (2)", "Copy_of_hw", "Copy of hw", "Копия hw", "hw-Copy1", "hw - копия", "hw.ru", "hw-2",
     "hw-checkpoint", "__notebook__", "Untitled", "Untitled1", "lab", "lab (3)"],
)  # fmt: skip
def test_names_of_notebooks_are_never_students(course: Course, tmp_path: Path, name: str) -> None:
    assert is_released_name(name, Scene("hw", frozenset({"lab"}), UTC))
    done = take(course, zipped(tmp_path / "in.zip", {f"{name}.ipynb": SOLVED, "ivanov.ipynb": OTHER}))
    assert stored(course) == {"ivanov": OTHER}
    assert "the name of a notebook" in asked(done)[f"{name}.ipynb"]


@pytest.mark.parametrize("name", ["hwang", "labrador", "ivanov-2", "copyright", "anna_hw"])
def test_names_that_only_look_like_it_are_students(name: str) -> None:
    assert not is_released_name(name, Scene("hw", frozenset({"lab"}), UTC))


def test_a_lone_folder_is_not_guessed(course: Course, tmp_path: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"ivanov/work.ipynb": SOLVED})
    assert "is 'ivanov' the student" in asked(take(course, path))["ivanov/work.ipynb"]
    assert stored(course) == {}
    take(course, path, layout="folders")
    assert stored(course) == {"ivanov": SOLVED}
    take(course, path, layout="files")
    assert stored(course) == {"ivanov": SOLVED, "work": SOLVED}


@pytest.mark.parametrize(
    "beside", [{}, {"ivanov/data.csv": b"1"}, {"ivanov/pictures/a.png": b"1", "ivanov/b.png": b"2"}]
)
def test_a_lone_folder_of_a_student_whom_the_roster_knows_is_the_students(
    listed: Course, tmp_path: Path, beside: dict[str, bytes]
) -> None:
    done = take(
        listed,
        zipped(tmp_path / "in.zip", {"ivanov/work.ipynb": SOLVED, "ivanov/other.ipynb": RELEASE, **beside}),
    )
    assert (stored(listed), asked(done)) == ({"ivanov": SOLVED}, {})


def test_data_beside_the_notebook_of_a_lone_folder_name_nobody(course: Course, tmp_path: Path) -> None:
    take(course, zipped(tmp_path / "in.zip", {"ivanov/work.ipynb": SOLVED, "ivanov/data.csv": b"1"}))
    assert stored(course) == {}


def test_one_notebook_file_is_a_layout_too(course: Course, tmp_path: Path) -> None:
    (tmp_path / "ivanov.ipynb").write_bytes(SOLVED)
    take(course, tmp_path / "ivanov.ipynb")
    assert stored(course) == {"ivanov": SOLVED}


def test_a_pattern_of_zip_collect(course: Course, tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "in.zip", {"x/ivanov__2027-02-07-23-58-00__a.ipynb": SOLVED, "x/readme.md": b"1"}
    )
    pattern = r"(?P<student_id>\w+?)__(?P<timestamp>[\d-]+)__(?P<file_id>.*)"
    done = take(course, path, pattern=pattern)
    assert times(course) == {"ivanov": IN_TIME}
    assert asked(done) == {"x/readme.md": "--pattern does not match its path"}
    for wrong, reason in (("(", "no regular expression"), (r"(?P<who>\w+)", "no group")):
        with pytest.raises(CourseError, match=reason):
            take(course, path, pattern=wrong)


def test_layouts_that_there_are_not(course: Course, tmp_path: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"ivanov.ipynb": SOLVED})
    with pytest.raises(CourseError, match="no layout 'edx'; there is: gradescope"):
        take(course, path, layout="edx")
    with pytest.raises(CourseError, match=r"no submission_metadata\.yml"):
        take(course, path, layout="gradescope")


# nbgrader's exchange


def exchange(folder: Path, names: dict[str, bytes]) -> Path:
    for name, data in names.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "hw.ipynb").write_bytes(data)
        (folder / name / "timestamp.txt").write_text("2020-01-01 00:00:00.000000 UTC")  # the student's text
    return folder


def test_in_the_exchange_the_owner_says_who_and_the_file_system_says_when(
    course: Course, tmp_path: Path
) -> None:
    import pwd

    me = pwd.getpwuid(os.getuid()).pw_name
    now = datetime.now(UTC)
    names = {
        f"{me}+hw+{now:%Y-%m-%d %H:%M:%S.%f} UTC+abc": SOLVED,
        "somebody+hw+2026-01-01 00:00:00.000000 UTC+def": OTHER,
        f"{me}+lab+2026-01-01 00:00:00.000000 UTC+ghi": OTHER,
    }
    done = take(course, exchange(tmp_path / "inbound", names), now + timedelta(minutes=1))
    assert done.layout == "exchange"
    assert stored(course) == {me: SOLVED}
    [reason] = asked(done).values()
    assert f"belong to {me}" in reason
    assert abs(times(course)[me] - now) < timedelta(minutes=1)


def test_a_student_cannot_set_the_exchange_back(course: Course, tmp_path: Path) -> None:
    import pwd

    me = pwd.getpwuid(os.getuid()).pw_name
    inbound = exchange(tmp_path / "inbound", {f"{me}+hw+2020-01-01 00:00:00.000000 UTC": SOLVED})
    for path in inbound.rglob("*"):
        os.utime(path, (1e9, 1e9))
    take(course, inbound, datetime.now(UTC))
    assert times(course)[me] > datetime.now(UTC) - timedelta(minutes=5)


# Two files of one student


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        ({"hw.ipynb": SOLVED, "draft.ipynb": OTHER}, SOLVED),
        ({"hw (1).ipynb": SOLVED, "draft.ipynb": OTHER}, SOLVED),
        ({"hw.ipynb": OTHER, "hw (1).ipynb": SOLVED, "hw-Copy1.ipynb": SOLVED}, OTHER),
        ({"hw.ipynb": RELEASE, "final.ipynb": SOLVED}, SOLVED),  # what has no answer is nobody's hand-in
        ({"a.ipynb": b'{"cells": []}', "b.ipynb": SOLVED}, SOLVED),
        ({"hw.ru.ipynb": SOLVED, "hw.ipynb": RELEASE}, SOLVED),
        ({"hw.ipynb": SOLVED, "hw.ipynb.json": OTHER}, SOLVED),
        ({"work.pdf": b"%PDF", "work.ipynb": SOLVED}, SOLVED),
    ],
)
def test_of_two_files_one_counts_and_the_others_are_named(
    course: Course, tmp_path: Path, files: dict[str, bytes], kept: bytes
) -> None:
    path = zipped(
        tmp_path / "in.zip", {f"ivanov/{name}": data for name, data in files.items()} | {"x.ipynb": OTHER}
    )
    done = take(course, path)
    assert stored(course)["ivanov"] == kept
    [receipt] = [one for one in done.receipts if one.student == "ivanov"]
    [left] = [note.values["files"] for note in receipt.warnings if note.kind == "file_left_out"]
    assert set(str(left).split(", ")) == {
        name for name, data in files.items() if f"ivanov/{name}" != receipt.file
    }


def test_of_two_alike_the_newest_counts(course: Course, tmp_path: Path) -> None:
    files = {"anna/a.ipynb": SOLVED, "anna/b.ipynb": OTHER, "ivan/a.ipynb": SOLVED, "ivan/b.ipynb": OTHER}
    dates = {"anna/a.ipynb": LATE, "anna/b.ipynb": IN_TIME, "ivan/a.ipynb": IN_TIME, "ivan/b.ipynb": LATE}
    take(course, zipped(tmp_path / "in.zip", files, dates=dates))
    assert stored(course) == {"anna": SOLVED, "ivan": OTHER}


@pytest.mark.parametrize("worse", [b"%PDF-1.4", b'{"cells": []}', RELEASE])
def test_what_is_no_hand_in_does_not_replace_a_good_attempt(
    course: Course, tmp_path: Path, worse: bytes
) -> None:
    take(course, zipped(tmp_path / "one.zip", {"anna.ipynb": SOLVED, "ivan.ipynb": SOLVED}, IN_TIME))
    done = take(course, zipped(tmp_path / "two.zip", {"anna.ipynb": worse, "ivan.ipynb": OTHER}, LATE))
    assert stored(course) == {"anna": SOLVED, "ivan": OTHER}
    assert "anna has handed in answers before" in asked(done)["anna.ipynb"]


# When


def test_moodles_and_canvas_entries_are_dated_with_the_download_which_makes_nobody_late(
    course: Course, tmp_path: Path
) -> None:
    for number, name in enumerate(["A B_1_assignsubmission_file/hw.ipynb", "ba_2_3_hw.ipynb"]):
        done = take(course, zipped(tmp_path / f"{number}.zip", {name: SOLVED}))
        [receipt] = done.receipts
        assert receipt.how == "unknown"
        assert "time_unknown" in {note.kind for note in receipt.warnings} or datetime.now(UTC) < DOWNLOADED
    assert times(course) == {"1": None, "2": None}


def test_a_download_before_the_deadline_still_says_that_all_was_in_time(
    course: Course, tmp_path: Path
) -> None:
    path = zipped(tmp_path / "in.zip", {"A B_1_assignsubmission_file/hw.ipynb": SOLVED}, IN_TIME)
    take(course, path)
    assert times(course) == {"1": IN_TIME}


@pytest.mark.parametrize(
    "sheet",
    [
        "Identifier,Full name,Email address,Status,Grade,Last modified (submission)\n"
        'Participant 1,Anna Petrova,petrova@example.org,Submitted,,"Sunday, 7 February 2027, 11:58 PM"\n'
        'Participant 2,Ivan Ivanov,ivanov@example.org,Submitted,,"Tuesday, 9 February 2027, 1:00 PM"\n'
        "Participant 3,Nobody Else,x@example.org,No submission,,-\n",
        "Идентификатор;Полное имя;Последнее изменение (ответ)\n"
        "Участник1;Anna Petrova;воскресенье, 7 февраля 2027, 23:58\n"
        "Участник2;Ivan Ivanov;вторник, 9 февраля 2027, 13:00\n",
        "name,submitted_at\nAnna Petrova,2027-02-07T20:58:00Z\nIvan Ivanov,2027-02-09 13:00:00 MSK\n",
    ],
)
def test_the_learning_systems_sheet_says_who_and_when(course: Course, tmp_path: Path, sheet: str) -> None:
    names = {f"{name}_{number}_assignsubmission_file/hw.ipynb": SOLVED
             for number, name in ((1, "Anna Petrova"), (2, "Ivan Ivanov"))}  # fmt: skip
    record = tmp_path / "sheet.csv"
    record.write_text(sheet, "utf-8")
    path = zipped(tmp_path / "in.zip", names)
    take(course, path)
    assert times(course) == {"1": None, "2": None}
    done = take(course, path, record=record)  # the same files, and now somebody knows
    assert [(each.again, each.how) for each in done.receipts] == [(True, "record"), (True, "record")]
    assert times(course) == {"1": IN_TIME, "2": LATE}
    assert (course.gradebook / "submitted/1/hw/timestamp.txt").read_text() == "2027-02-07 20:58:00.000000 UTC"
    take(course, path)  # without the sheet again: what is known stays known
    assert times(course) == {"1": IN_TIME, "2": LATE}


def test_a_sheet_explains_moodles_numbers_to_the_roster(listed: Course, tmp_path: Path) -> None:
    record = tmp_path / "sheet.csv"
    record.write_text("Identifier,Full name,Email address\nParticipant 4,Ann,ivanov@example.org\n")
    take(
        listed,
        zipped(tmp_path / "in.zip", {"Participant_4_assignsubmission_file/hw.ipynb": SOLVED}),
        record=record,
    )
    assert stored(listed) == {"ivanov": SOLVED}


def test_a_time_in_the_sheet_that_cannot_be_read_is_an_error(course: Course, tmp_path: Path) -> None:
    record = tmp_path / "sheet.csv"
    record.write_text("name,submitted_at\nAnna Petrova,yesterday\n")
    with pytest.raises(CourseError, match=r"sheet\.csv, line 2: 'yesterday' is not a time"):
        take(course, zipped(tmp_path / "in.zip", {"a.ipynb": SOLVED}), record=record)


def test_a_files_own_time_is_believed_and_the_moment_of_packing_is_not(
    course: Course, tmp_path: Path
) -> None:
    path = zipped(tmp_path / "in.zip", {"anna.ipynb": SOLVED, "ivan.ipynb": SOLVED}, LATE)
    take(course, path)
    assert times(course) == {"anna": LATE, "ivan": LATE}
    other = make_course(tmp_path / "other")
    os.utime(path, (LATE.timestamp(), LATE.timestamp()))  # the archive is as old as all that is in it
    take(other, path)
    assert times(other) == {"anna": None, "ivan": None}
    take(other, path, submitted=IN_TIME)
    assert times(other) == {"anna": IN_TIME, "ivan": IN_TIME}


def test_the_time_in_a_students_own_zip_is_the_students(course: Course, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    own = zipped(tmp_path / "own/x.zip", {"hw.ipynb": SOLVED}, IN_TIME - timedelta(days=30)).read_bytes()
    take(course, zipped(tmp_path / "in.zip", {"anna.zip": own, "ivan.ipynb": SOLVED}, LATE))
    assert times(course) == {"anna": LATE, "ivan": LATE}


def test_attempts_in_one_archive_and_older_archives_keep_their_order(course: Course, tmp_path: Path) -> None:
    first = ATTEMPT.format("anna", "2027-02-07-23-58-00", "hw.ipynb")
    second = ATTEMPT.format("anna", "2027-02-09-13-00-00", "hw.ipynb")
    take(course, zipped(tmp_path / "both.zip", {second: OTHER, first: SOLVED}))
    assert (stored(course), times(course)) == ({"anna": OTHER}, {"anna": LATE})
    done = take(course, zipped(tmp_path / "old.zip", {first: SOLVED}))
    assert (stored(course), times(course)) == ({"anna": OTHER}, {"anna": LATE})
    [receipt] = done.receipts
    assert receipt.again and "earlier_attempt" in {note.kind for note in receipt.warnings}
    older = ATTEMPT.format("anna", "2027-02-05-12-00-00", "hw.ipynb")
    take(course, zipped(tmp_path / "older.zip", {older: RELEASE + b"\n"}), layout="blackboard")
    assert stored(course) == {"anna": OTHER}


def test_canvas_mark_of_lateness_is_passed_on(course: Course, tmp_path: Path) -> None:
    done = take(course, zipped(tmp_path / "in.zip", {"ba_LATE_2_3_hw.ipynb": SOLVED}))
    assert (
        "marked_late" in {note.kind for note in done.receipts[0].warnings} or datetime.now(UTC) > DOWNLOADED
    )


def test_a_dry_run_stores_nothing(course: Course, tmp_path: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"anna.ipynb": SOLVED, "Copy_of_hw.ipynb": OTHER}, LATE)
    done = take(course, path, dry_run=True)
    assert [(each.student, each.file, each.timestamp, each.how) for each in done.receipts] == [
        ("anna", "anna.ipynb", LATE, "archive")
    ]
    assert list(asked(done)) == ["Copy_of_hw.ipynb"]
    assert stored(course) == {} and not (course.gradebook / "submitted").exists()


# Names in old code pages, archives in archives


class Raw(zipfile.ZipInfo):
    """A name in a code page, without the flag of UTF-8."""

    raw = b""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.raw, self.flag_bits & ~0x800


@pytest.mark.parametrize(
    ("name", "page"),
    [("Иванов", "cp866"), ("Иванов", "cp1251"), ("ИВАНОВ", "cp866"), ("ёлкина_2", "cp1251"), ("José", "cp437"),
     ("Иванов", "utf-8"), ("naïve", "utf-8")],
)  # fmt: skip
def test_names_in_a_code_page(course: Course, tmp_path: Path, name: str, page: str) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        info = Raw("x.ipynb", (2027, 2, 1, 12, 0, 0))
        info.raw = f"{name}.ipynb".encode(page)
        archive.writestr(info, SOLVED)
    take(course, tmp_path / "in.zip")
    assert stored(course) == {name: SOLVED}


@pytest.mark.parametrize(("data", "kind"), [(b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07\x01\x00", "rar")])
def test_archives_that_python_cannot_open_are_refused_by_name(
    course: Course, tmp_path: Path, data: bytes, kind: str
) -> None:
    done = take(course, zipped(tmp_path / "in.zip", {f"anna.{kind}": data, "ivan.ipynb": SOLVED}))
    assert stored(course) == {"ivan": SOLVED}
    assert f"a {kind} archive" in asked(done)[f"anna.{kind}"]
    (tmp_path / f"all.{kind}").write_bytes(data)
    with pytest.raises(CourseError, match=f"a {kind} archive"):
        take(course, tmp_path / f"all.{kind}")


def test_archives_in_archives_have_an_end(course: Course, tmp_path: Path) -> None:
    deep = inner_zip({"a.zip": inner_zip({"b.zip": inner_zip({"hw.ipynb": SOLVED})})})
    fine = inner_zip({"a.zip": inner_zip({"hw.ipynb": SOLVED})})
    broken = inner_zip({"hw.ipynb": SOLVED})[:-30]
    done = take(
        course,
        zipped(
            tmp_path / "in.zip", {"anna.zip": deep, "ivan.zip": fine, "olga.zip": broken, "p.ipynb": OTHER}
        ),
    )
    assert stored(course) == {"ivan": SOLVED, "p": OTHER}
    assert "archives in archives" in asked(done)["anna.zip/a.zip/b.zip"]
    assert "cannot be read" in asked(done)["olga.zip"]


# Files beside the notebook


def test_declared_files_come_along_and_others_are_named(tmp_path: Path) -> None:
    course = make_course(tmp_path, extra_files=["*.py", "*.pt"], extra_size="1KB")
    files = {
        "hw.ipynb": SOLVED,
        "shares.py": b"x = 1",
        "best.pt": b"1" * 2000,
        "notes.md": b"2",
        "timestamp.txt": b"3",
    }
    done = take(course, zipped(tmp_path / "in.zip", {f"anna/{name}": data for name, data in files.items()}))
    folder = course.gradebook / "submitted/anna/hw"
    assert (folder / "shares.py").read_bytes() == b"x = 1"
    assert not (folder / "best.pt").exists() and not (folder / "notes.md").exists()
    notes = {note.kind: note.values for note in done.receipts[0].warnings}
    assert notes["file_taken"] == {"n": 1, "files": "shares.py"}
    assert notes["file_left_out"] == {"n": 3, "files": "best.pt, notes.md, timestamp.txt"}


def test_another_file_beside_the_same_notebook_is_another_attempt(tmp_path: Path) -> None:
    from nbjudge.grading.result_key import result_key
    from nbjudge.intake.store import read_submissions

    course = make_course(tmp_path, extra_files=["*.py"])
    keys = []
    for number, text in enumerate([b"x = 1", b"x = 2", b"x = 2"]):
        path = zipped(tmp_path / f"{number}.zip", {"anna/hw.ipynb": SOLVED, "anna/a.py": text}, IN_TIME)
        attempt = take(course, path).receipts[0].attempt
        [submission] = read_submissions(course, "hw")
        keys.append((attempt, result_key(submission, "")))
    assert [attempt for attempt, _ in keys] == [1, 2, 2]
    assert keys[0][1] != keys[1][1] == keys[2][1]


# All of it, mixed


LOGINS = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=3, max_size=8)
WHEN = st.datetimes(datetime(2027, 1, 1), datetime(2027, 2, 19)).map(lambda each: each.replace(microsecond=0))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(LOGINS.filter(lambda name: name not in ("lab", "copy")), st.lists(WHEN, min_size=1, max_size=3, unique=True), min_size=2, max_size=6),
       st.booleans())  # fmt: skip
def test_whatever_is_mixed_every_student_gets_the_last_attempt_at_its_time(
    tmp_path_factory: pytest.TempPathFactory, attempts: dict[str, list[datetime]], zipped_by_student: bool
) -> None:
    from zoneinfo import ZoneInfo

    folder = tmp_path_factory.mktemp("mixed")
    course = make_course(folder)
    files, last = {}, {}
    for student, moments in attempts.items():
        for number, moment in enumerate(sorted(moments)):
            data = SOLVED + b"\n" * (number + 1)
            name = ATTEMPT.format(student, moment.strftime("%Y-%m-%d-%H-%M-%S"), "hw")
            files[name + (".zip" if zipped_by_student else ".ipynb")] = (
                inner_zip({"hw.ipynb": data}) if zipped_by_student else data
            )
            last[student] = (data, moment.replace(tzinfo=ZoneInfo("Europe/Moscow")).astimezone(UTC))
    done = take(course, zipped(folder / "in.zip", files))
    assert done.layout == "blackboard" and not done.refusals
    assert stored(course) == {student: data for student, (data, _) in last.items()}
    assert times(course) == {student: when for student, (_, when) in last.items()}
    kept = list((course.gradebook / "attempts").glob("*/hw/*"))
    assert len(kept) + len(last) == sum(map(len, attempts.values()))


def test_every_layout_is_recognised_or_asked_for_by_name() -> None:
    scene = Scene("hw", frozenset(), UTC)
    assert pick_layout(None, [], scene) == "by-student"
    assert {name for name, layout in LAYOUTS.items() if layout.recognise is None} == {
        "folders",
        "files",
        "pattern",
    }
