"""Submissions come in: stored whole, hashed, timestamped; archives and folders are read within limits."""

import gzip
import io
import json
import os
import shutil
import tarfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support import cells
from support.cells import grade_cell, solution_cell
from support.courses import assignment, write_course
from support.places import ROOT

import nbjudge.intake.archive
import nbjudge.intake.store
from nbjudge.app.collect import collect as collect_path
from nbjudge.app.intake import Receipt, submit_file
from nbjudge.course import load_course
from nbjudge.errors import CourseError
from nbjudge.intake.moments import parse_moment
from nbjudge.intake.store import format_timestamp, read_submissions
from nbjudge.languages import english
from nbjudge.notebooks.reader import read_notebook, write_notebook
from nbjudge.notes import Note

NOON = datetime(2026, 12, 31, 12, 0, 0, 123456, tzinfo=UTC)
HW = assignment(
    "HW", {"f": 1}, late_factor=0.5, soft_deadline="2027-01-01 00:00", hard_deadline="2027-01-02 00:00"
)


def notebook(answer="def f():\n    # YOUR CODE HERE\n    raise NotImplementedError()"):
    made = [solution_cell("f_a", answer, "f_a"), grade_cell("f", "assert f() == 1", 1, "f")]
    return write_notebook(cells.notebook(made))


SOLVED, OTHER = notebook("def f(): return 1"), notebook("def f(): return 2")


@pytest.fixture
def course(tmp_path):
    files = {"source/hw/hw.ipynb": SOLVED, "release/hw/hw.ipynb": notebook()}
    return write_course(tmp_path / "course", {"hw": HW}, files, course_id="c", title="C", timezone="UTC")


def submit(course, data, now=NOON, student="ivanov", name="my work (1).ipynb"):
    path = course.root.parent / name
    path.write_bytes(data)
    return submit_file(course, "hw", student, path, now)


def stored(course, student="ivanov"):
    return course.gradebook / "submitted" / student / "hw"


def test_a_submission_is_stored_as_nbgrader_lays_it_out(course):
    from nbgrader.utils import parse_utc

    receipt = submit(course, SOLVED)
    folder = stored(course)
    assert sorted(path.name for path in folder.iterdir()) == [
        "hw.ipynb",
        "submission.json",
        "submission_secret.txt",
        "timestamp.txt",
    ]
    assert (folder / "hw.ipynb").read_bytes() == SOLVED
    assert (folder / "timestamp.txt").read_text() == "2026-12-31 12:00:00.123456 UTC"
    assert parse_utc((folder / "timestamp.txt").read_text()) == NOON.replace(tzinfo=None)
    assert len((folder / "submission_secret.txt").read_text()) == 128
    record = json.loads((folder / "submission.json").read_text())
    assert record["original_name"] == "my work (1).ipynb"
    assert record["sha256"] == receipt.sha256
    assert receipt == Receipt("ivanov", "hw", record["sha256"], NOON, 1, False, "en", {"f_a": "changed"}, ())
    assert sorted(path.name for path in course.gradebook.iterdir()) == [
        ".submissions.lock",
        "incoming",
        "submitted",
    ]
    assert list((course.gradebook / "incoming").iterdir()) == []


def test_the_receipt_says_what_was_found(course):
    assert submit(course, notebook()).solutions == {"f_a": "unchanged"}
    nothing = submit(course, b'{"cells": []}')
    assert nothing.solutions == {"f_a": "missing"}
    assert Note("nothing_found") in nothing.warnings


def test_lateness_is_on_the_receipt(course):
    warnings = [
        submit(course, SOLVED, NOON + timedelta(hours=hours), f"s{hours}").warnings for hours in (11, 13, 37)
    ]
    assert [len(each) for each in warnings] == [0, 1, 1]
    deadline = {"zone": "UTC", "when": "2027-01-01T00:00:00+00:00"}
    assert warnings[1] == (Note("late", {**deadline, "factor": 0.5}),)
    assert warnings[2] == (Note("too_late", {**deadline, "when": "2027-01-02T00:00:00+00:00"}),)
    assert english(warnings[1][0]) == (
        "Handed in after the deadline (1 January 2027, 00:00, UTC): points count 0.5 times."
    )
    assert english(warnings[2][0]).startswith(
        "Handed in after the hard deadline (2 January 2027, 00:00, UTC)"
    )


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4", b"[]", b"\xff\xfe\x00"])
def test_what_is_no_notebook_is_stored_with_the_reason(course, data):
    receipt = submit(course, data)
    assert (stored(course) / "hw.ipynb").read_bytes() == data
    assert receipt.warnings[0].kind == "rejected"
    assert english(receipt.warnings[0]).startswith("This is not a notebook that can be graded: ")
    assert receipt.solutions == {"f_a": "missing"}


def test_the_same_bytes_again_keep_the_first_timestamp(course):
    first = submit(course, SOLVED)
    again = submit(course, SOLVED, NOON + timedelta(days=9))
    assert (again.again, again.timestamp, again.attempt) == (True, first.timestamp, 1)
    assert not (course.gradebook / "attempts").exists()


def test_earlier_attempts_are_kept(course):
    receipts = [
        submit(course, data, NOON + timedelta(minutes=number))
        for number, data in enumerate([SOLVED, OTHER, b"", SOLVED])
    ]
    assert [receipt.attempt for receipt in receipts] == [1, 2, 3, 4]
    kept = sorted((course.gradebook / "attempts/ivanov/hw").iterdir())
    assert [path.name.rpartition("-")[0] for path in kept] == [
        "20261231T120000.123456Z",
        "20261231T120100.123456Z",
        "20261231T120200.123456Z",
    ]
    assert [(path / "hw.ipynb").read_bytes() for path in kept] == [SOLVED, OTHER, b""]
    assert (stored(course) / "hw.ipynb").read_bytes() == SOLVED
    secrets = {(path / "submission_secret.txt").read_text() for path in [*kept, stored(course)]}
    assert len(secrets) == 4


@pytest.mark.parametrize(
    "student",
    ["", ".", "..", ".ivanov", "a/b", "a\\b", "a b", "x" * 65, "a\nb", "a\u202eb", "Ж" * 101, "a\x00"],
)
def test_student_ids_cannot_lead_anywhere(course, student):
    with pytest.raises(CourseError, match=r"student id .*: use 1-64 letters"):
        submit(course, SOLVED, student=student)
    assert not (course.gradebook / "submitted").exists()


@pytest.mark.parametrize("student", ["i.ivanov@example.org", "a+b-c_d", "X" * 64, "007", "Иванов", "李小龍"])
def test_usual_student_ids_are_taken(course, student):
    assert submit(course, SOLVED, student=student).student == student


def test_only_readable_plain_files_are_taken(course, tmp_path):
    (tmp_path / "secret.ipynb").write_bytes(SOLVED)
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "secret.ipynb")
    os.mkfifo(tmp_path / "fifo.ipynb")
    for name, reason in (
        ("link.ipynb", "a symbolic link"),
        ("fifo.ipynb", "not a plain file"),
        ("nothing.ipynb", "No such file"),
        (".", "Is a directory"),
    ):
        with pytest.raises(CourseError, match=reason):
            submit_file(course, "hw", "ivanov", tmp_path / name)
    assert not (course.gradebook / "submitted").exists()


def test_a_file_over_the_limit_is_refused(course, monkeypatch):
    monkeypatch.setattr(nbjudge.intake.archive, "MAX_BYTES", len(SOLVED) - 1)
    with pytest.raises(CourseError, match="larger than"):
        submit(course, SOLVED)


def test_an_unknown_assignment_and_a_missing_release(course):
    with pytest.raises(CourseError, match="no assignment 'other'; there is: hw"):
        submit_file(course, "other", "ivanov", course.root)
    shutil.rmtree(course.release("hw"))
    with pytest.raises(CourseError, match="run `nbjudge release hw`"):
        submit(course, SOLVED)


def kill_at(monkeypatch, step):
    """Makes the `step`-th rename or folder removal of the next submission fail as a kill would."""
    real, count = Path.rename, 0

    def rename(self, target):
        nonlocal count
        count += 1
        if count == step:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_kill_between_any_two_steps_loses_nothing(course, monkeypatch, step):
    submit(course, SOLVED)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        kill_at(patch, step)
        submit(course, OTHER, NOON + timedelta(minutes=1))
    [found] = read_submissions(course, "hw")
    assert found.path.read_bytes() == (SOLVED if step == 1 else OTHER)
    last = submit(course, OTHER, NOON + timedelta(minutes=2))
    assert (last.attempt, last.again) == (2, step > 1)
    [kept] = (course.gradebook / "attempts/ivanov/hw").iterdir()
    assert (kept / "hw.ipynb").read_bytes() == SOLVED


def test_reading_submissions(course):
    for student in ("petrov", "ivanov"):
        submit(course, SOLVED, student=student)
    found = read_submissions(course, "hw")
    assert [(each.student, each.assignment, each.timestamp) for each in found] == [
        ("ivanov", "hw", NOON),
        ("petrov", "hw", NOON),
    ]
    assert [each.student for each in read_submissions(course, "hw", ["petrov", "petrov"])] == ["petrov"]
    with pytest.raises(CourseError, match="'sidorov' has no submission of 'hw'"):
        read_submissions(course, "hw", ["sidorov"])


def test_a_submission_that_nbgrader_collected_is_read_too(course):
    folder = stored(course)
    folder.mkdir(parents=True)
    (folder / "hw.ipynb").write_bytes(SOLVED)
    (folder / "timestamp.txt").write_text("2026-12-31 15:00:00.5 +0300")
    assert read_submissions(course, "hw")[0].timestamp == datetime(2026, 12, 31, 12, 0, 0, 500000, tzinfo=UTC)
    (folder / "timestamp.txt").unlink()
    assert read_submissions(course, "hw")[0].timestamp.tzinfo is not None


def test_timestamps_survive_the_round_trip():
    local = NOON.astimezone(tz=None)
    assert format_timestamp(local) == "2026-12-31 12:00:00.123456 UTC"
    assert parse_moment(format_timestamp(local) + "\n", UTC) == NOON


# Folders and archives: the same files in every packing.


def as_folder(path, files):
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def as_zip(path, files):
    with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path.with_suffix(".zip")


def as_tar(path, files, mode="w:gz"):
    with tarfile.open(path.with_suffix(".tgz"), mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path.with_suffix(".tgz")


PACKINGS = [as_folder, as_zip, as_tar]


def collect(course, packed):
    done = collect_path(course, "hw", packed, now=NOON)
    receipts = {
        each.student: (stored(course, each.student) / "hw.ipynb").read_bytes() for each in done.receipts
    }
    return receipts, {each.name: each.reason for each in done.refusals}


@pytest.mark.parametrize("pack", PACKINGS)
@pytest.mark.parametrize(
    ("files", "students"),
    [
        ({"ivanov.ipynb": SOLVED, "petrov.IPYNB": OTHER}, {"ivanov": SOLVED, "petrov": OTHER}),
        ({"ivanov/any name.ipynb": SOLVED, "petrov.ipynb": OTHER}, {"ivanov": SOLVED, "petrov": OTHER}),
        ({"all/ivanov.ipynb": SOLVED, "all/petrov.ipynb": OTHER}, {"ivanov": SOLVED, "petrov": OTHER}),
        ({"all/ivanov/x.ipynb": SOLVED, "all/petrov/y.ipynb": OTHER}, {"ivanov": SOLVED, "petrov": OTHER}),
        ({"all/ivanov/x.ipynb": SOLVED, "all/petrov.ipynb": OTHER}, {"ivanov": SOLVED, "petrov": OTHER}),
        ({"ivanov/hw.ipynb": SOLVED}, {"ivanov": SOLVED}),
        ({"ivanov/work.ipynb": SOLVED, "petrov/p.ipynb": OTHER}, {"ivanov": SOLVED, "petrov": OTHER}),
        ({"ivanov/hw.ipynb": SOLVED, "ivanov/draft.ipynb": OTHER}, {"ivanov": SOLVED}),
        ({"ivanov/hw (2).ipynb": SOLVED, "ivanov/draft.ipynb": OTHER}, {"ivanov": SOLVED}),
        ({"ivanov/hw.ru.ipynb": SOLVED, "ivanov/data.csv": b"1"}, {"ivanov": SOLVED}),
        ({"ivanov (1).ipynb": SOLVED, "petrov.ipynb": OTHER}, {"ivanov": SOLVED, "petrov": OTHER}),
        ({"ivanov.ipynb": SOLVED, "__MACOSX/._ivanov.ipynb": b"x", ".DS_Store": b"x"}, {"ivanov": SOLVED}),
        ({"ivanov/hw.ipynb": SOLVED, "ivanov/.ipynb_checkpoints/hw.ipynb": OTHER}, {"ivanov": SOLVED}),
        ({"ivanov.ipynb": b""}, {"ivanov": b""}),
    ],
)
def test_layouts_that_learning_systems_pack(course, tmp_path, pack, files, students):
    receipts, refusals = collect(course, pack(tmp_path / "in", files))
    assert (receipts, refusals) == (students, {})


@pytest.mark.parametrize("pack", PACKINGS)
@pytest.mark.parametrize(
    ("files", "name", "reason"),
    [
        ({"ivanov.pdf": b"%PDF"}, "ivanov.pdf", "not an .ipynb file"),
        ({"Иван Иванов/hw.ipynb": SOLVED}, "Иван Иванов/hw.ipynb", "is not a student id"),
        ({"intro final.ipynb": SOLVED}, "intro final.ipynb", "is not a student id"),
        ({"Copy_of_hw.ipynb": SOLVED}, "Copy_of_hw.ipynb", "is the name of a notebook"),
    ],
)
def test_what_is_not_taken_says_why_and_the_rest_is(course, tmp_path, pack, files, name, reason):
    receipts, refusals = collect(course, pack(tmp_path / "in", {**files, "petrov.ipynb": SOLVED}))
    assert receipts == {"petrov": SOLVED}
    assert list(refusals) == [name]
    assert reason in refusals[name]


@pytest.mark.parametrize("pack", [as_zip, as_tar])
@pytest.mark.parametrize(
    "name", ["../evil.ipynb", "/evil.ipynb", "a/../../evil.ipynb", "..\\evil.ipynb", "C:\\evil.ipynb"]
)
def test_paths_that_lead_outside(course, tmp_path, pack, name):
    receipts, refusals = collect(course, pack(tmp_path / "in", {name: SOLVED, "petrov.ipynb": SOLVED}))
    assert receipts == {"petrov": SOLVED}
    assert "leads out" in next(iter(refusals.values()))
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("pack", [as_zip, as_tar])
def test_what_a_terminal_would_obey_is_not_repeated(course, tmp_path, pack):
    names = ["c1\x9b31m.ipynb", "bidi\u202excod.ipynb", "line\u2028two.ipynb"]
    _, refusals = collect(course, pack(tmp_path / "in", dict.fromkeys(names, SOLVED)))
    assert set(refusals) == {"c1\ufffd31m.ipynb", "bidi\ufffdxcod.ipynb", "line\ufffdtwo.ipynb"}


def test_a_zip_entry_without_a_name_costs_only_itself(course, tmp_path):
    packed = as_zip(tmp_path / "in", {"petrov.ipynb": SOLVED, "Q": b"1"})
    data = packed.read_bytes()
    at = data.rindex(
        b"PK\x01\x02"
    )  # of "Q" in the central directory: its name becomes part of the extra field
    assert data[at + 46 : at + 47] == b"Q"
    packed.write_bytes(data[: at + 28] + b"\x00\x00\x01\x00" + data[at + 32 :])
    receipts, _ = collect(course, packed)
    assert receipts == {"petrov": SOLVED}


def test_windows_separators_in_a_zip(course, tmp_path):
    receipts, _ = collect(
        course, as_zip(tmp_path / "in", {"ivanov\\hw.ipynb": SOLVED, "petrov\\x.ipynb": OTHER})
    )
    assert receipts == {"ivanov": SOLVED, "petrov": OTHER}


@pytest.mark.parametrize("pack", [as_zip, as_tar])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_both_refused(course, tmp_path, pack):
    packed = pack(
        tmp_path / "in", {"ivanov/hw.ipynb": SOLVED, "ivanov//hw.ipynb": OTHER, "petrov.ipynb": SOLVED}
    )
    receipts, refusals = collect(course, packed)
    assert receipts == {"petrov": SOLVED}
    assert list(refusals.values()) == ["the archive holds several files of this name"]


def test_links_in_a_folder_are_not_followed(course, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "hw.ipynb").write_bytes(SOLVED)
    folder = as_folder(tmp_path / "in", {"petrov.ipynb": SOLVED})
    (folder / "ivanov.ipynb").symlink_to(tmp_path / "outside" / "hw.ipynb")
    (folder / "sidorov").symlink_to(tmp_path / "outside")
    os.mkfifo(folder / "fifo.ipynb")
    receipts, refusals = collect(course, folder)
    assert receipts == {"petrov": SOLVED}
    assert refusals == {
        "fifo.ipynb": "not a plain file",
        "ivanov.ipynb": "a symbolic link",
        "sidorov": "a symbolic link",
    }


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar_are_refused(course, tmp_path, kind):
    with tarfile.open(tmp_path / "in.tar", "w") as archive:
        member = tarfile.TarInfo("ivanov.ipynb")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    assert collect(course, tmp_path / "in.tar") == ({}, {"ivanov.ipynb": "a link or special file"})


def test_links_in_a_zip_are_refused(course, tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        link = zipfile.ZipInfo("ivanov.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert collect(course, tmp_path / "in.zip") == ({}, {"ivanov.ipynb": "a link or special file"})


def test_bombs_are_refused(course, tmp_path, monkeypatch):
    bomb = as_zip(tmp_path / "in", {"ivanov.ipynb": bytes(20 << 20), "petrov.ipynb": SOLVED})
    receipts, refusals = collect(course, bomb)
    assert receipts == {"petrov": SOLVED}
    assert refusals == {"ivanov.ipynb": "packed more than 200 to 1"}
    monkeypatch.setattr(nbjudge.intake.archive, "MAX_TOTAL", 10 << 20)
    for path in (bomb, as_tar(tmp_path / "in", {"ivanov.ipynb": bytes(20 << 20)})):
        with pytest.raises(CourseError, match="unpacked: collect it in parts"):
            collect(course, path)
    monkeypatch.setattr(nbjudge.intake.archive, "MAX_ENTRIES", 3)
    many = {f"s{number}.ipynb": SOLVED for number in range(5)}
    for pack in PACKINGS:
        with pytest.raises(CourseError, match="more than 3 files"):
            collect(course, pack(tmp_path / pack.__name__, many))


def test_a_lying_tar_header_reads_nothing_huge(course, tmp_path):
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 1 << 33
    with gzip.open(tmp_path / "in.tgz", "wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT) + b"\0" * 1024)
    with pytest.raises(CourseError, match="cannot be read as a folder, zip or tar archive"):
        collect(course, tmp_path / "in.tgz")


def test_a_damaged_member_costs_only_itself(course, tmp_path):
    packed = as_zip(tmp_path / "in", {"ivanov.ipynb": os.urandom(4000), "petrov.ipynb": SOLVED})
    data = bytearray(packed.read_bytes())
    data[500:600] = bytes(100)
    packed.write_bytes(data)
    receipts, refusals = collect(course, packed)
    assert receipts == {"petrov": SOLVED}
    assert "cannot be read" in refusals["ivanov.ipynb"]


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04 broken", b"\x1f\x8b broken"])
def test_what_is_no_archive_is_one_clear_error(course, tmp_path, data):
    (tmp_path / "in.zip").write_bytes(data)
    with pytest.raises(CourseError, match=r"in\.zip cannot be read as a folder, zip or tar archive"):
        collect(course, tmp_path / "in.zip")
    with pytest.raises(CourseError, match=r"nothing\.zip"):
        collect(course, tmp_path / "nothing.zip")


def test_collecting_twice_changes_nothing(course, tmp_path):
    packed = as_zip(tmp_path / "in", {"ivanov.ipynb": SOLVED, "petrov.ipynb": OTHER})
    collect(course, packed)
    first = {each.student: each.timestamp for each in read_submissions(course, "hw")}
    done = collect_path(course, "hw", packed, now=NOON + timedelta(days=1))
    assert [(each.student, each.again, each.timestamp) for each in done.receipts] == [
        ("ivanov", True, first["ivanov"]),
        ("petrov", True, first["petrov"]),
    ]


def test_the_released_lab_makes_a_receipt_with_every_solution(tmp_path):
    root = ROOT
    for name in ("source", "release"):
        shutil.copytree(root / name, tmp_path / name)
    shutil.copy(root / "course_config.py", tmp_path)
    course = load_course(tmp_path)
    receipt = submit_file(course, "intro", "ivanov", root / "release/intro/intro.ru.ipynb", NOON)
    assert receipt.language == "ru"
    assert set(receipt.solutions.values()) == {"unchanged"}
    assert (
        read_notebook(read_submissions(course, "intro")[0].path.read_bytes())["metadata"]["nbjudge"][
            "language"
        ]
        == "ru"
    )
