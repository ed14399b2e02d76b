"""The bytes are those of the standard library's json, which readers of older files know."""

import json
from concurrent.futures import ThreadPoolExecutor
from math import inf, nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbjudge.files import counting_files, dump_json, is_litter, write_atomically

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_as_json_writes_it(value: object) -> None:
    expected = json.dumps(value, ensure_ascii=False, indent=1)
    assert dump_json(value) == expected.encode("utf-8", "backslashreplace") + b"\n"


@given(st.dictionaries(st.text(), SCALARS))
def test_sorted_as_json_sorts(value: dict[str, object]) -> None:
    expected = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    assert dump_json(value, sort_keys=True) == expected.encode("utf-8", "backslashreplace") + b"\n"


def test_a_lone_surrogate_stays_json() -> None:
    assert json.loads(dump_json({"text": "a\udc80"})) == {"text": "a\udc80"}


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_no_number_that_json_does_not_know(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        dump_json([number])


# Which files count


@pytest.mark.parametrize(
    "litter",
    [
        ".ipynb_checkpoints/lab-checkpoint.ipynb",
        "__pycache__/conftest.cpython-311.pyc",
        ".lab.ipynb.swp",
        "lab.ipynb~",
        "#lab.ipynb#",
        ".DS_Store",
        "data/Thumbs.db",
        "__MACOSX/._lab.ipynb",
    ],
)
def test_what_programs_leave_behind_does_not_count(tmp_path: Path, litter: str) -> None:
    for name in ("lab.ipynb", "data/digits.npz", litter):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [name for name, _ in counting_files(tmp_path)] == ["data/digits.npz", "lab.ipynb"]


def test_a_student_file_that_begins_with_a_hash_counts() -> None:
    assert not is_litter("#12 Ivanova.ipynb") and not is_litter("lab~1.ipynb")


def test_links_are_listed_and_folders_are_not(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("nowhere")
    assert [name for name, _ in counting_files(tmp_path)] == ["file", "link"]


# Atomic writes


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grades.csv"
    write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_two_writers_at_once_never_mix_and_never_take_each_others_file(tmp_path: Path) -> None:
    path, texts = tmp_path / "page.html", [bytes([65 + i]) * 200_000 for i in range(4)]
    seen: set[bytes] = set()

    def write(text: bytes) -> None:
        for _ in range(50):
            write_atomically(path, text)
            seen.add(path.read_bytes())

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, text) for text in texts]:
            done.result()
    assert seen <= set(texts) and list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new/page.html", b"x")
    write_atomically(tmp_path / "secret", b"x", mode=0o600)
    assert (tmp_path / "new/page.html").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
