"""Whose limits of the kernel a student process uses up: of a user id that no other worker's students have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbjudge.model import Limits
from nbjudge.sandbox import StudentProcess, Zygote, default_workers, ids, jail
from nbjudge.sandbox.linux import pid_of
from nbjudge.sandbox.walls import UIDS

FIRST = 200_000


def uids(student: StudentProcess) -> set[int]:
    """The user and group ids that this machine knows the process by."""
    lines = Path(f"/proc/{pid_of(student._handle)}/status").read_text().splitlines()
    return {int(number) for line in lines if line.startswith(("Uid:", "Gid:")) for number in line.split()[1:]}


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's ids depend on the machine")
def test_each_workers_students_have_a_uid_of_their_own() -> None:
    with Zygote("namespaces") as zygote, zygote.clone() as other:
        students = [one.spawn(Limits()) for one in (zygote, other)]
        found = [uids(student) for student in students]
        for student in students:
            student.kill()
    assert [len(one) for one in found] == [1, 1] and found[0] != found[1]
    for one in found:
        assert one.pop() - FIRST in UIDS


def test_without_subordinate_ids_one_worker_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_workers(jail.Jail("none")) == os.cpu_count()
    monkeypatch.setattr(
        "nbjudge.sandbox.jail.id_maps", lambda pid: ids.IdMaps(pid, "0 1 1", "0 1 1", many=False)
    )
    assert default_workers(jail.Jail("namespaces")) == 1
    assert default_workers(jail.Jail("none")) == os.cpu_count()
