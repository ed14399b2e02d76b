"""Makes nbjudge/sandbox/docker_seccomp.json: Docker's default profile and one rule more, for the jail.

    python tools/make_seccomp.py DEFAULT_JSON

Docker's file is profiles/seccomp/default.json in the source of its engine (Debian: `apt-get source docker.io`). The
one committed was made from docker.io 20.10.24+dfsg1-1+deb12u1.
"""

import json
import sys
from pathlib import Path

PROFILE = Path(__file__).parents[1] / "nbjudge/sandbox/docker_seccomp.json"
JAIL = {
    "names": ["mount", "mount_setattr", "pivot_root", "setns", "umount2", "unshare"],
    "action": "SCMP_ACT_ALLOW",
    "comment": "nbjudge's jail: without capabilities they work in a user namespace of one's own only",
}


def main(arguments: list[str]) -> int:
    """Writes the profile."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    profile = json.loads(Path(arguments[0]).read_text())
    profile["syscalls"].append(JAIL)
    PROFILE.write_text(json.dumps(profile, indent="\t") + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
