"""A real PostgreSQL server for tests: its own data folder, its own socket, no network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

ACCOUNT = "postgres"  # Debian's; the server refuses to run as root
INITDB = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
_numbers = count(1)


class Server:
    """A running server whose databases are reached through a socket in `folder`."""

    def __init__(self, folder: Path, programs: Path):
        self.folder = folder
        self._programs = programs

    def run(self, program: str, *arguments: object) -> None:
        """Runs one of PostgreSQL's programs as the server's account; CalledProcessError shows what it printed."""
        command = [str(self._programs / program), *map(str, arguments)]
        account = {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []} if os.geteuid() == 0 else {}
        with (self.folder / "log").open("a") as log:
            subprocess.run(command, check=True, stdout=log, stderr=log, cwd="/", **account)

    @contextmanager
    def make_database(self) -> Iterator[str]:
        """The URL of a new, empty database, which is dropped in the end, whoever still has it open."""
        name = f"gradebook{next(_numbers)}"
        login = ("--host", self.folder, "--username", "nbjudge")
        self.run("createdb", *login, name)
        yield f"postgresql+psycopg://nbjudge@/{name}?host={self.folder}"
        self.run("dropdb", *login, "--force", name)


@contextmanager
def serve(programs: Path) -> Iterator[Server]:
    """A server that lives as long as the context."""
    # Not below pytest's folders: they are closed to the account, and a socket's path must be short.
    with TemporaryDirectory(prefix="postgres-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
        server, data = Server(folder, programs), folder / "data"
        server.run("initdb", "--pgdata", data, "--username=nbjudge", *INITDB)
        settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        server.run("pg_ctl", "--pgdata", data, "--wait", "--options", settings, "start")
        try:
            yield server
        finally:
            server.run("pg_ctl", "--pgdata", data, "--mode=immediate", "--wait", "stop")


def find_programs() -> Path | None:
    """Where initdb and its sisters are: Debian keeps them off PATH; None if they are not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).parent if found else None
