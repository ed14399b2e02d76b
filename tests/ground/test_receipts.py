"""Signed receipts: what they prove, and what they don't let pass."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbjudge.errors import CourseError
from nbjudge.receipts import (
    FIELDS,
    PRIVATE,
    SignedFacts,
    public_key_file,
    read_public_key,
    sign,
    verify,
)

FACTS = SignedFacts("course", "tiny", "anna", 2, datetime(2027, 2, 7, 20, 59, 59, 123_456, UTC), "a" * 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gradebook")


def test_a_receipt_says_what_was_signed(folder: Path) -> None:
    text = sign(folder, FACTS)
    assert verify(text, read_public_key(public_key_file(folder))) == FACTS
    assert sign(folder, FACTS) == text
    moved = replace(FACTS, received=FACTS.received.astimezone(UTC) + timedelta(0))
    assert sign(folder, moved) == text


@given(
    st.sampled_from([*FIELDS, "signature"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=70),
)
def test_not_one_field_can_be_changed(folder: Path, field: str, value: str) -> None:
    text = sign(folder, FACTS)
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith(f"{field}: "))
    old = lines[at].partition(": ")[2]
    lines[at] = f"{field}: {value}"
    key = read_public_key(public_key_file(folder))
    if unicodedata.normalize("NFC", value) != old and value.strip() != old:
        with pytest.raises(CourseError):
            verify("\n".join(lines), key)


def test_fields_can_not_be_moved_into_each_other(folder: Path) -> None:
    key = read_public_key(public_key_file(folder))
    one = replace(FACTS, course="a", assignment="b, c")
    text = sign(folder, one).replace("course: a\n", "course: a, b\n").replace("b, c", "c")
    with pytest.raises(CourseError, match="does not fit"):
        verify(text, key)


@pytest.mark.parametrize(
    "copied",
    [
        lambda text: f"Dear TA,\n\n{text}\n\nAnna",
        lambda text: "\n".join(f"> {line}" for line in text.splitlines()),
        lambda text: text.replace("\n", "\r\n") + "\r\n",
        lambda text: "\n".join(f"   {line}  " for line in text.splitlines()),
        lambda text: f"<pre>{text.replace('+', '&#43;')}</pre>",
        lambda text: unicodedata.normalize("NFD", text),
    ],
)
def test_a_receipt_survives_being_copied(folder: Path, copied: object) -> None:
    facts = replace(FACTS, student="Андрей-é")
    key = read_public_key(public_key_file(folder))
    found = verify(copied(sign(folder, facts)), key)  # type: ignore[operator]
    assert (found.attempt, unicodedata.normalize("NFC", found.student)) == (2, "Андрей-é")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no receipt in it"),
        ("-----BEGIN NBJUDGE RECEIPT-----\nstudent: anna", "no receipt in it"),
        (
            "-----BEGIN NBJUDGE RECEIPT-----\nstudent: anna\n-----END NBJUDGE RECEIPT-----",
            "not whole: no course, assignment",
        ),
    ],
)
def test_what_is_no_receipt(folder: Path, text: str, said: str) -> None:
    with pytest.raises(CourseError, match=said):
        verify(text, read_public_key(public_key_file(folder)))


def test_another_courses_receipt_is_told_from_a_forged_one(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="signed with another key"):
        verify(sign(tmp_path, FACTS), read_public_key(public_key_file(folder)))


def test_the_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        public_key_file(tmp_path / "gradebook")
    finally:
        os.umask(before)
    private = tmp_path / "gradebook" / PRIVATE
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert b"PRIVATE" not in public_key_file(tmp_path / "gradebook").read_bytes()
    assert len(list((tmp_path / "gradebook").iterdir())) == 2


def test_a_damaged_key_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / PRIVATE).write_text("oops")
    with pytest.raises(CourseError, match="Put back your copy"):
        sign(tmp_path, FACTS)
    assert (tmp_path / PRIVATE).read_text() == "oops"
    with pytest.raises(CourseError, match="no public key"):
        read_public_key(tmp_path / PRIVATE)


@pytest.mark.slow
def test_several_who_sign_first_at_once_share_one_key(tmp_path: Path) -> None:
    code = f"""if 1:
        from pathlib import Path
        from nbjudge.receipts import fingerprint, public_key_file, read_public_key
        print(fingerprint(read_public_key(public_key_file(Path({str(tmp_path)!r})))))"""
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)]
    prints = {process.communicate(timeout=60)[0] for process in started}
    assert len(prints) == 1 and prints != {b""}
