"""A container as the outermost wall: podman or docker starts the zygote in an image that holds Python and nbjudge.

The judge stays outside. The two meet on a socket in a folder that is all the container sees of the host; from then on
everything is as in the jail on the host, which stands inside the container, too.
"""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbjudge.errors import SandboxError

ENGINES = ("podman", "docker")
IMAGE = "nbjudge-grader"
ANSWER_SECONDS = 60.0  # of an engine that is only asked something
START_SECONDS = 120.0  # from the engine's start until the zygote calls
SWAP = 1 << 20  # bytes; without any, v1 counts no hits of the limit
RENDEZVOUS = "/run/nbjudge"  # inside the container
PROCESSES = 1024  # of a whole container; each student's own limit is lower
# What runs on both sides of a container's wall, as patterns inside the package.
SHARED_CODE = (
    "notebooks/python_source.py",
    "notebooks/statements.py",
    "sandbox/*.py",
    "student/*.py",
    "wire/*.py",
)
# Python's options: nothing from the environment, no bytecode written, and the zygote's main function.
BOOT = (
    "-I",
    "-B",
    "-X",
    "utf8",
    "-c",
    "import sys; from nbjudge.sandbox.zygote import main; main(sys.argv[1])",
)
WALLS = (
    "--network=none",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--security-opt=label=disable",  # or SELinux forbids the rendezvous on a socket of the host
    "--security-opt=apparmor=unconfined",  # or AppArmor forbids the inner jail's mounts
    f"--pids-limit={PROCESSES}",
    "--tmpfs=/tmp:rw,nosuid,nodev,size=64m",  # where the zygote mounts its root
    "--no-healthcheck",
)


@dataclass(frozen=True, slots=True)
class Image:
    """A grader image and the engine that holds it."""

    engine: str  # path of podman or docker
    name: str
    id: str  # hash of its content: results depend on it


def find_image(name: str = IMAGE) -> Image:
    """The image called `name` in the first engine that has it; SandboxError says what each engine answered."""
    engines = [path for engine in ENGINES if (path := shutil.which(engine))]
    if not engines:
        raise SandboxError("isolation container: neither podman nor docker is installed")
    answers = []
    for engine in engines:
        done = _ask(engine, "image", "inspect", "--format={{.Id}}", name)
        if done.returncode == 0:
            return Image(engine, name, done.stdout.strip().removeprefix("sha256:"))
        answers.append(f"{engine}: {_last_line(done.stderr)}")
    raise SandboxError(
        "\n".join(
            [
                f"no image {name}: build it with `make image` (docs/containers.md), or name one with --image",
                *answers,
            ]
        )
    )


@dataclass(frozen=True, slots=True)
class Container:
    """A running container with a zygote in it."""

    image: Image
    name: str
    process: subprocess.Popen[bytes]  # the engine's client, which ends with the container
    control: socket.socket  # SOCK_SEQPACKET, to the zygote
    log: Path  # what engine and zygote write

    def limit(self, memory: int) -> None:
        """Bounds the memory (bytes) of all that runs in it; SandboxError if the engine can't."""
        swap = memory + SWAP
        done = _ask(self.image.engine, "update", f"--memory={memory}", f"--memory-swap={swap}", self.name)
        if done.returncode:
            raise SandboxError(
                f"{self.image.engine} cannot bound a container's memory: {_last_line(done.stderr)}"
            )

    def kill(self) -> None:
        """Ends it with all that runs in it."""
        _ask(self.image.engine, "kill", self.name)


def start_container(
    image: Image, name: str, folder: Path, environment: Mapping[str, str], *, card: str | None = None
) -> Container:
    """Starts a zygote in a new container and waits for its call; SandboxError with the engine's reason if none comes.

    `folder` is private to this user and stays until the container ends. `card`: the UUID of a GPU to see.
    """
    rendezvous, log_file = folder / "rendezvous", folder / "engine.log"
    for path in (rendezvous, folder / "empty"):
        path.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        _bind(listener, rendezvous)
        # The container's user is another one; on the host nobody else gets into `folder`.
        (rendezvous / "control").chmod(0o666)
        rendezvous.chmod(0o755)
        listener.listen(1)
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                _command(image, name, folder, environment, card),
                cwd=folder,  # podman's monitor leaves a file `oom` where it stands
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            _wait_for_call(listener, process, log_file, image)
            control, _ = listener.accept()
        except BaseException:
            process.kill()
            process.wait()
            raise
    return Container(image, name, process, control, log_file)


def code_hash() -> str:
    """Hash of the code that must be the same on both sides: the jail's, the wire's and the student's side's."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for pattern in SHARED_CODE:
        for path in sorted(package.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _command(
    image: Image, name: str, folder: Path, environment: Mapping[str, str], card: str | None
) -> list[str]:
    docker = Path(image.engine).name == "docker"
    options = [
        f"--name={name}",
        "--rm",
        "--pull=never",
        f"--volume={folder / 'rendezvous'}:{RENDEZVOUS}",
        f"--volume={folder / 'empty'}:/course:ro",  # over the course that the image may hold, hidden tests and all
        "--entrypoint=python",
    ]
    options += [f"--env={key}={value}" for key, value in environment.items()]
    if docker:  # its own profile lets nobody make namespaces
        options.append(f"--security-opt=seccomp={Path(__file__).with_name('docker_seccomp.json')}")
    if card:
        options.append(f"--gpus=device={card}" if docker else f"--device=nvidia.com/gpu={card}")
    return [image.engine, "run", *WALLS, *options, image.name, *BOOT, f"{RENDEZVOUS}/control"]


def _bind(listener: socket.socket, rendezvous: Path) -> None:
    # By way of a descriptor: the path may be longer than the 107 bytes that a socket's address has.
    place = os.open(rendezvous, os.O_PATH | os.O_DIRECTORY)
    try:
        listener.bind(f"/proc/self/fd/{place}/control")
    finally:
        os.close(place)


def _wait_for_call(
    listener: socket.socket, process: subprocess.Popen[bytes], log: Path, image: Image
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not select.select([listener], [], [], 0.05)[0]:
        if process.poll() is not None:
            text = log.read_text(errors="replace")
            raise SandboxError(f"{image.engine} did not start {image.name}: {_last_line(text)}")
        if time.monotonic() > deadline:
            raise SandboxError(f"{image.engine} did not start {image.name} within {START_SECONDS:.0f} s")


def _ask(engine: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [engine, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise SandboxError(
            f"{engine} {arguments[0]}: no answer within {ANSWER_SECONDS:.0f} s; restart the engine"
        ) from None
    except OSError as error:
        raise SandboxError(f"{engine} cannot be run: {error}") from error


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it gave no reason"])[-1]
