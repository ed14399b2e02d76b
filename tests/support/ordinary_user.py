"""An interpreter for the tests that run programs as an ordinary user, who can't read root's folders."""

import atexit
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from support.places import ROOT

NO_PYTHON = "no Python interpreter that other users may read"


@cache
def python_for_all() -> Path | None:
    """A venv of the system's interpreter that sees our packages and that everybody may read; None if there can't be one."""
    packages = [path for path in sys.path if path.endswith("site-packages")]
    system = Path("/usr/bin") / f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not system.exists() or not all(_for_all(Path(path)) for path in [*packages, str(ROOT)]):
        return None
    folder = Path(
        tempfile.mkdtemp(prefix="python-for-all-", dir="/tmp")
    )  # pytest's folders are closed to others
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    subprocess.run([str(system), "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "ours.pth").write_text("\n".join([*packages, str(ROOT)]) + "\n")
    return folder / "bin/python"


def _for_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in (path, *path.parents))
