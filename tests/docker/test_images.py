"""The images, the compose file and Docker's seccomp profile: what docs/containers.md says, on real containers."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.images import real_image
from support.places import ROOT

from nbjudge.gradebook import open_gradebook, read_grades

COMPOSE = ROOT / "docker/compose.yaml"
PROFILE = ROOT / "nbjudge/sandbox/docker_seccomp.json"
JAIL = {"mount", "mount_setattr", "pivot_root", "setns", "umount2", "unshare"}
DOCKERS_DEFAULT = "baf4378620238530"  # SHA-256, of docker.io 20.10.24's profile in canonical JSON
WALLS = (
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--network=none",
)


@dataclass(frozen=True)
class Engine:
    """podman or docker, with the images of this repository."""

    name: str

    def run(self, *arguments: object, image: str = "nbjudge-grader") -> subprocess.CompletedProcess[str]:
        """`run` with the walls that compose.yaml puts up; `arguments` are options, then "--", then the command."""
        words = [str(word) for word in arguments]
        cut = words.index("--")
        options = [*WALLS, f"--security-opt=seccomp={PROFILE}", "--no-healthcheck", *words[:cut]]
        return self.ask("run", "--rm", *options, image, *words[cut + 1 :])

    def ask(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Any command of the engine's."""
        command = [self.name, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def has(self, image: str) -> bool:
        """Whether the image is in its storage."""
        return self.ask("image", "inspect", image).returncode == 0


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The engine that has the grader's image."""
    image = real_image()
    if image is None:
        pytest.skip("no podman or docker with the image nbjudge-grader: make image")
    return Engine(image.engine)


def needs(image: str, engine: Engine) -> str:
    """The image's name; skips where it was not built."""
    if not engine.has(image):
        pytest.skip(f"no image {image}: make labs")
    return image


# The profile


def write_profile(folder: Path, without: str) -> Path:
    """The profile with one call less for the jail."""
    profile = json.loads(PROFILE.read_text())
    profile["syscalls"][-1]["names"].remove(without)
    path = folder / "profile.json"
    path.write_text(json.dumps(profile))
    return path


def rules() -> list[dict[str, Any]]:
    return list(json.loads(PROFILE.read_text())["syscalls"])


def test_the_profile_adds_what_the_jail_needs_and_nothing_else() -> None:
    profile = json.loads(PROFILE.read_text())
    *dockers, ours = profile["syscalls"]
    assert set(ours["names"]) == JAIL
    assert ours.keys() == {"names", "action", "comment"}
    rest = json.dumps({**profile, "syscalls": dockers}, sort_keys=True).encode()
    assert hashlib.sha256(rest).hexdigest().startswith(DOCKERS_DEFAULT)


@pytest.mark.parametrize(
    "name", ["keyctl", "add_key", "bpf", "perf_event_open", "userfaultfd", "open_by_handle_at"]
)
def test_the_profile_keeps_closed_what_docker_closes(name: str) -> None:
    for rule in rules():
        assert name not in rule["names"] or rule["includes"].get("caps")


@pytest.mark.slow
@pytest.mark.container
@pytest.mark.parametrize("name", sorted(JAIL))
def test_the_jail_needs_each_of_them(engine: Engine, name: str, tmp_path: Path) -> None:
    with waiting(engine, write_profile(tmp_path, without=name)) as container:
        done = engine.ask("exec", container, "nbjudge", "doctor")
    assert done.returncode == 1
    assert "missing the jail" in done.stdout


# The grader


@pytest.mark.slow
@pytest.mark.container
@pytest.mark.parametrize("user", [None, "4711:4711"])
def test_the_jail_works_in_it(engine: Engine, user: str | None) -> None:
    done = engine.run(*([f"--user={user}"] if user else []), "--", "doctor")
    assert "grading is safe here" in done.stdout, done.stderr
    assert done.returncode == 0


@pytest.mark.container
def test_it_is_not_root_and_can_write_nowhere_but_into_its_state(engine: Engine) -> None:
    look = (
        "id -u; find / -xdev -writable -not -path '/proc*' -not -path '/dev*' -not -type l 2>/dev/null | sort"
    )
    done = engine.ask("run", "--rm", "--no-healthcheck", "--entrypoint=sh", "nbjudge-grader", "-c", look)
    uid, *writable = done.stdout.split()
    assert uid == "10001"
    assert set(writable) <= {"/course/gradebook", "/tmp", "/var/tmp", "/run/lock", "/run/secrets"}


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.container
@pytest.mark.timeout(1200)
def test_the_samples_get_exactly_their_scores(engine: Engine) -> None:
    # One of each kind: tests/course/test_samples.py grades them all, by the same code outside.
    names = [
        "always-equal",
        "grows-without-end",
        "os-exit",
        "colab",
        "objects",
        "always-one",
        "endless-momentum",
        "empty",
    ]
    chosen = [part for name in names for part in ("--sample", name)]
    done = engine.run("--volume=/course/gradebook", "--", "demo", "intro", *chosen)
    expected = f"{len(names)} samples, {len(names)} with exactly their expected score"
    assert expected in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


@contextmanager
def waiting(engine: Engine, profile: Path) -> Iterator[str]:
    """The name of a grader's container that does nothing, under a seccomp profile."""
    options = [*WALLS, f"--security-opt=seccomp={profile}", "--no-healthcheck", "--entrypoint=sleep"]
    done = engine.ask("run", "--detach", *options, "nbjudge-grader", "300")
    assert done.returncode == 0, done.stderr
    try:
        yield done.stdout.strip()
    finally:
        engine.ask("kill", done.stdout.strip())  # podman's rm waits ten seconds for sleep to heed a SIGTERM
        engine.ask("rm", "--force", done.stdout.strip())


def check_health(engine: Engine, container: str) -> subprocess.CompletedProcess[str]:
    """Runs the image's health check in a container, as the engine does from time to time."""
    found = json.loads(engine.ask("image", "inspect", "nbjudge-grader").stdout)[0]
    kind, *command = (found.get("Healthcheck") or found["Config"]["Healthcheck"])["Test"]
    assert kind == "CMD"
    return engine.ask("exec", container, *command)


@pytest.mark.slow
@pytest.mark.container
def test_the_health_check_grades(engine: Engine) -> None:
    with waiting(engine, PROFILE) as container:
        done = check_health(engine, container)
        assert "2 samples, 2 with exactly their expected score" in done.stdout
        assert done.returncode == 0


@pytest.mark.slow
@pytest.mark.container
def test_the_health_check_fails_where_it_can_not_grade(engine: Engine, tmp_path: Path) -> None:
    with waiting(engine, write_profile(tmp_path, without="unshare")) as container:
        assert check_health(engine, container).returncode != 0


@pytest.mark.slow
@pytest.mark.container
def test_it_grades_into_postgresql_without_a_network(
    engine: Engine, postgres_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbjudge.course import load_course

    steps = "nbjudge submit release/tensors/tensors.ipynb --student anna --assignment tensors && nbjudge grade tensors"
    with postgres_server.make_database() as url:
        options = [
            "--volume=/course/gradebook",
            f"--volume={postgres_server.folder}:{postgres_server.folder}",
            f"--env=NBJUDGE_DATABASE={url}",
            "--entrypoint=sh",
        ]
        done = engine.run(*options, "--", "-c", steps)
        assert done.returncode == 0, done.stderr
        monkeypatch.setenv("NBJUDGE_DATABASE", url)
        with open_gradebook(load_course(ROOT)) as book:
            (row,) = read_grades(book)
        assert (row.student, row.assignment, row.final, row.points) == ("anna", "tensors", 0, 10)


# The labs


@pytest.mark.container
def test_a_student_finds_the_release_and_no_test(engine: Engine) -> None:
    image = needs("nbjudge-student-lab", engine)
    look = "ls /home/student; find / -xdev -name 'autograders' -o -xdev -name 'hidden_*' -o -xdev -path '/course/*' | wc -l"
    done = engine.run("--entrypoint=sh", "--", "-c", look, image=image)
    *folders, tests = done.stdout.split()
    assert folders == sorted(path.name for path in (ROOT / "release").iterdir())
    assert tests == "0"


@pytest.mark.slow
@pytest.mark.container
@pytest.mark.parametrize(
    ("image", "wanted"), [("nbjudge-student-lab", False), ("nbjudge-instructor-lab", True)]
)
def test_formgrader_is_for_instructors(engine: Engine, image: str, wanted: bool) -> None:
    needs(image, engine)
    look = (
        "from jupyterlab.commands import get_app_info\n"
        "from jupyter_core.paths import jupyter_config_path\n"
        "from jupyter_server.extension.config import ExtensionConfigManager\n"
        "servers = ExtensionConfigManager(read_config_path=jupyter_config_path()).get_jpserver_extensions()\n"
        "pages = get_app_info()['disabled']\n"
        "print(servers['nbgrader.server_extensions.formgrader'], '@jupyter/nbgrader:formgrader' not in pages)"
    )
    done = engine.run("--entrypoint=python", "--env=HOME=/tmp", "--", "-c", look, image=image)
    assert done.stdout.split() == [str(wanted), str(wanted)], done.stderr


# The compose file


def test_the_compose_file_follows_the_specification() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [str(checker), "--builtin-schema=vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_compose_takes_the_file_for_its_own() -> None:
    if not (program := shutil.which("docker-compose")):
        pytest.skip("no docker-compose on this machine: apt-get install docker-compose")
    # This old one looks for the profile where it stands, the new ones where the file does.
    command = [program, "--file", str(COMPOSE), "--profile", "grade", "--profile", "gpu", "config"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=COMPOSE.parent)
    assert done.returncode == 0, done.stderr
    for service in ("grader", "grader-gpu", "database", "student-lab", "instructor-lab"):
        assert f"\n  {service}:\n" in done.stdout
