#!/usr/bin/env python3
"""Builds one target of the Dockerfile: build.py TARGET IMAGE [OPTION ...].

With podman the build sees this machine's network and its settings of pip, wheel folders included, so that it works where
pip works. With Docker it is `docker build --file docker/Dockerfile --target TARGET --tag IMAGE .` and no more. Options
are the engine's, such as --build-arg=BASE=debian:12-slim.
"""

import ast
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# Docker's format, because OCI's has no health check; chroot, because it needs no more rights than we have.
PODMAN = ("--format=docker", "--isolation=chroot", "--network=host", "--layers")
HOST = "/run/host"  # where the build sees the machine's folders: nothing that is installed may find them in its way


def read_pip_settings() -> RawConfigParser:
    """What `pip config list` says (files, then PIP_* variables) as one pip.conf."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    settings = RawConfigParser()
    for line in sorted(lines, key=lambda line: line.startswith(":env:")):  # variables win over files
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        section = "global" if section == ":env:" else section
        if not settings.has_section(section):
            settings.add_section(section)
        settings.set(section, key, ast.literal_eval(value))
    return settings


def move_to_host(settings: RawConfigParser) -> Iterator[Path]:
    """Puts every local path in the settings below HOST, and yields what must be mounted there."""
    for section in settings.sections():
        for key, value in settings[section].items():
            words = value.split()
            for position, word in enumerate(words):
                path = Path(word.removeprefix("file://"))
                if path.is_absolute() and path.exists():
                    words[position] = word.replace(str(path), f"{HOST}{path}")
                    # The pages of an index point to the files beside it.
                    yield path.parent if word.startswith("file://") else path
            settings.set(section, key, " ".join(words))


def build(target: str, image: str, *options: str) -> None:
    """Runs podman, or docker where it is not installed; what they print is ours."""
    arguments = [f"--file={FOLDER / 'Dockerfile'}", f"--target={target}", f"--tag={image}", *options]
    if not shutil.which("podman"):
        subprocess.run(["docker", "build", *arguments, FOLDER.parent], check=True)
        return
    settings = read_pip_settings()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "pip.conf")
        volumes = {f"{HOST}{path}": path for path in move_to_host(settings)} | {"/etc/pip.conf": config}
        with config.open("w") as file:
            settings.write(file)
        arguments += [f"--volume={outside}:{inside}:ro" for inside, outside in volumes.items()]
        subprocess.run(["podman", "build", *PODMAN, *arguments, FOLDER.parent], check=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        build(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]} ended with {error.returncode}")
