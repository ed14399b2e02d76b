"""The shell commands that notebooks use on files, done in Python: the jail starts no program.

They write below the folder that the notebook started in and nowhere else. Every other command is named as not run.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shlex
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from nbjudge.student.notices import say, say_not_run

SILENCED = re.compile(r"\s*(?:2>&1|2>>?\s*/dev/null|&>\s*/dev/null|1?>\s*/dev/null)")
OPERATORS = (";", "&&", "||", "&")
SHOWN = 1 << 20  # bytes of a file that cat and its like read
UNPACKED = 1 << 30  # bytes that one archive may hold
MEMBERS = 20_000  # files that one archive may hold
LINES = 10  # that head and tail show

Lines = list[str]
Command = Callable[[list[str], Lines, str], Lines]


class Failed(Exception):
    """The command ends with status 1 and this message."""


def run_command(line: str, home: str) -> tuple[Lines, int]:
    """Runs a shell command line; what it prints, and its exit status: 127 if it was not run.

    `home` is the folder below which files may be made, changed and removed.
    """
    try:
        words = _split(SILENCED.sub("", line))
    except ValueError as error:
        return [f"sh: {error}"], 2
    output: Lines = []
    code = 0
    with _same_folder():
        for operator, words_of_one in _commands(words):
            if (operator == "&&" and code) or (operator == "||" and not code):
                continue
            lines, code = _pipe(words_of_one, home)
            output += lines
    return output, code


def _split(line: str) -> list[str]:
    lexer = shlex.shlex(line.replace("\n", " ; "), posix=True, punctuation_chars=";|&<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


@contextlib.contextmanager
def _same_folder() -> Iterator[None]:
    """`cd` holds for its own line."""
    folder = os.getcwd()
    try:
        yield
    finally:
        os.chdir(folder)


def _commands(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The commands of a line, each with the operator before it."""
    operator, command = ";", list[str]()
    for word in [*words, ";"]:
        if word not in OPERATORS:
            command.append(word)
            continue
        if command:
            yield operator, command
        operator, command = word, []


def _pipe(words: list[str], home: str) -> tuple[Lines, int]:
    lines: Lines = []
    for part in _parts(words, "|"):
        name, code = Path(part[0]).name if part else "", 0
        if name not in COMMANDS or "<" in part:
            say_not_run(f"!{' '.join(words)[:80]}" if name in COMMANDS else f"!{name}")
            return [], 127
        part, target, mode = _redirect(part)
        try:
            lines = COMMANDS[name](_expand(part[1:]), lines, home)
            if target:
                with open(_inside(target, home), mode, encoding="utf-8") as file:
                    file.writelines(f"{line}\n" for line in lines)
                lines = []
        except Failed as error:
            lines, code = [f"{name}: {error}"], 1
        except (OSError, shutil.Error, tarfile.TarError, zipfile.BadZipFile) as error:
            lines, code = [f"{name}: {_reason(error)}"], 1
        if code:
            return lines, code
    return lines, 0


def _parts(words: list[str], separator: str) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word == separator:
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _redirect(words: list[str]) -> tuple[list[str], str, str]:
    """The words without `> file`, the file, and how to open it."""
    for sign, mode in ((">", "w"), (">>", "a")):
        if sign in words[:-1]:
            at = words.index(sign)
            return [*words[:at], *words[at + 2 :]], words[at + 1], mode
    return words, "", "w"


def _expand(words: Iterable[str]) -> list[str]:
    expanded: list[str] = []
    for word in words:
        word = os.path.expandvars(os.path.expanduser(word))
        found = sorted(glob.glob(word)) if glob.has_magic(word) else []
        expanded += found or [word]
    return expanded


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _options(words: list[str], valued: str = "") -> tuple[str, list[str], dict[str, str]]:
    """Letters and long names of the options, the other words, the values of options that have one."""
    letters, names, values, rest = "", list[str](), dict[str, str](), iter(words)
    for word in rest:
        if word == "--":
            names += rest
        elif len(word) == 2 and word[0] == "-" and word[1] in valued:
            values[word[1]] = next(rest, "")
        elif len(word) > 1 and word[0] == "-":
            letters += word[1:]
        else:
            names.append(word)
    return letters, names, values


def _inside(path: str, home: str) -> str:
    """The path, if what is there may be written, links followed."""
    return _checked(path, os.path.realpath(path), home)


def _removable(path: str, home: str) -> str:
    """The path, if what is there may be taken away: of a link, the link itself."""
    folder, name = os.path.split(os.path.abspath(path))
    return _checked(path, os.path.join(os.path.realpath(folder), name), home)


def _checked(path: str, real: str, home: str) -> str:
    if not real.startswith(os.path.realpath(home) + os.sep):
        raise Failed(f"{path}: only files in the notebook's folder can be changed while grading")
    return path


def _needs(names: list[str], count: int) -> None:
    if len(names) < count:
        raise Failed("missing operand")


# Commands


def _mkdir(words: list[str], lines: Lines, home: str) -> Lines:
    letters, names, _ = _options(words, "m")
    _needs(names, 1)
    for name in names:
        if not (os.path.isdir(name) and "p" in letters):
            _inside(name, home)
            os.makedirs(name) if "p" in letters else os.mkdir(name)
    return []


def _rm(words: list[str], lines: Lines, home: str) -> Lines:
    letters, names, _ = _options(words)
    for name in names:
        if not os.path.lexists(name):
            if "f" not in letters:
                raise Failed(f"{name}: No such file or directory")
        elif os.path.isdir(name) and not os.path.islink(name):
            if not set(letters) & {"r", "R"}:
                raise Failed(f"{name}: Is a directory")
            shutil.rmtree(_removable(name, home))
        else:
            os.remove(_removable(name, home))
    return []


def _rmdir(words: list[str], lines: Lines, home: str) -> Lines:
    for name in _options(words)[1]:
        os.rmdir(_removable(name, home))
    return []


def _cp(words: list[str], lines: Lines, home: str) -> Lines:
    letters, names, _ = _options(words)
    for source, target in _pairs(names, home):
        if os.path.isdir(source):
            if not set(letters) & {"r", "R", "a"}:
                raise Failed(f"{source}: Is a directory (not copied)")
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)
    return []


def _mv(words: list[str], lines: Lines, home: str) -> Lines:
    for source, target in _pairs(_options(words)[1], home):
        shutil.move(_removable(source, home), target)
    return []


def _pairs(names: list[str], home: str) -> list[tuple[str, str]]:
    """Sources and where each goes: into the last name if that is a folder."""
    _needs(names, 2)
    *sources, target = names
    if os.path.isdir(target):
        targets = [os.path.join(target, os.path.basename(source.rstrip("/"))) for source in sources]
    elif len(sources) == 1:
        targets = [target]
    else:
        raise Failed(f"{target}: Not a directory")
    return [(source, _inside(goal, home)) for source, goal in zip(sources, targets, strict=True)]


def _touch(words: list[str], lines: Lines, home: str) -> Lines:
    for name in _options(words)[1]:
        Path(_inside(name, home)).touch()
    return []


def _ls(words: list[str], lines: Lines, home: str) -> Lines:
    letters, names, _ = _options(words)
    lines = []
    for name in names or ["."]:
        if not os.path.isdir(name) or "d" in letters:
            os.lstat(name)
            lines.append(_described(name, name, letters))
            continue
        if len(names) > 1:
            lines.append(f"{name}:")
        inside = sorted(entry for entry in os.listdir(name) if "a" in letters or not entry.startswith("."))
        lines += [_described(os.path.join(name, entry), entry, letters) for entry in inside]
    return lines


def _described(path: str, name: str, letters: str) -> str:
    if "l" not in letters:
        return name
    status = os.lstat(path)
    return f"{stat.filemode(status.st_mode)} {status.st_size:>10} {name}"


def _cat(words: list[str], lines: Lines, home: str) -> Lines:
    return [line for text in _texts(_options(words)[1], lines) for line in text]


def _head(words: list[str], lines: Lines, home: str) -> Lines:
    names, count = _count(words)
    return [line for text in _texts(names, lines) for line in text[:count]]


def _tail(words: list[str], lines: Lines, home: str) -> Lines:
    names, count = _count(words)
    return [line for text in _texts(names, lines) for line in text[len(text) - min(count, len(text)) :]]


def _count(words: list[str]) -> tuple[list[str], int]:
    letters, names, values = _options(words, "n")
    number = values.get("n") or letters.lstrip("n")
    return names, int(number) if number.isdigit() else LINES


def _wc(words: list[str], lines: Lines, home: str) -> Lines:
    letters, names, _ = _options(words)
    result = []
    for name, text in zip(names or [""], _texts(names, lines), strict=True):
        joined = "".join(f"{line}\n" for line in text)
        counts = {"l": len(text), "w": len(joined.split()), "c": len(joined.encode(errors="replace"))}
        shown = [str(counts[letter]) for letter in "lwc" if not letters or letter in letters]
        result.append(" ".join([*shown, *([name] if name else [])]))
    return result


def _texts(names: list[str], lines: Lines) -> Iterator[Lines]:
    if not names:
        yield lines
    for name in names:
        with open(name, "rb") as file:
            yield file.read(SHOWN).decode(errors="replace").splitlines()


def _echo(words: list[str], lines: Lines, home: str) -> Lines:
    newline = words[:1] in (["-n"], ["-e"])
    return [" ".join(words[1:] if newline else words)]


def _pwd(words: list[str], lines: Lines, home: str) -> Lines:
    return [os.getcwd()]


def _cd(words: list[str], lines: Lines, home: str) -> Lines:
    os.chdir(words[0] if words else home)
    return []


def _unzip(words: list[str], lines: Lines, home: str) -> Lines:
    letters, names, values = _options(words, "d")
    _needs(names, 1)
    target = values.get("d") or "."
    with zipfile.ZipFile(names[0] if os.path.exists(names[0]) else f"{names[0]}.zip") as archive:
        wanted = [info for info in archive.infolist() if not names[1:] or info.filename in names[1:]]
        _check_size(len(wanted), sum(info.file_size for info in wanted))
        if "l" in letters:
            return [f"{info.file_size:>9}  {info.filename}" for info in wanted]
        _inside(os.path.join(target, "file"), home)
        archive.extractall(target, [info.filename for info in wanted])  # noqa: S202 (drops .. and /)
    return [] if "q" in letters else [f"  inflating: {info.filename}" for info in wanted]


def _tar(words: list[str], lines: Lines, home: str) -> Lines:
    if words and not words[0].startswith("-"):
        words = [f"-{words[0]}", *words[1:]]
    # -xzf FILE: the last letter of a group has the value.
    words = [
        part for word in words for part in (re.findall(r"-.+(?=[fC]$)|.+", word) if _group(word) else [word])
    ]
    words = [f"-{word}" if word in ("f", "C") else word for word in words]
    letters, names, values = _options(words, "fC")
    target, file = values.get("C") or ".", values.get("f") or ""
    if not file or not set(letters) & {"x", "t"}:
        raise Failed("only -x and -t of a file work while grading")
    with tarfile.open(file) as archive:
        members = [member for member in archive.getmembers() if not names or member.name in names]
        _check_size(len(members), sum(member.size for member in members))
        if "x" in letters:
            _inside(os.path.join(target, "file"), home)
            archive.extractall(target, members, filter="data")
    return [member.name for member in members] if set(letters) & {"v", "t"} else []


def _group(word: str) -> bool:
    return len(word) > 2 and word[0] == "-" and word[1] != "-" and word[-1] in "fC"


def _check_size(members: int, size: int) -> None:
    if members > MEMBERS or size > UNPACKED:
        raise Failed("the archive holds more than can be unpacked while grading")


def _not_there(what: str) -> Command:
    def command(words: list[str], lines: Lines, home: str) -> Lines:
        say(f"!{what} is not run while grading: there is no internet")
        return []

    return command


COMMANDS: dict[str, Command] = {
    **{
        name: _not_there(name)
        for name in ("wget", "curl", "pip", "pip3", "conda", "apt", "apt-get", "git", "gdown")
    },
    "mkdir": _mkdir,
    "rm": _rm,
    "rmdir": _rmdir,
    "cp": _cp,
    "mv": _mv,
    "touch": _touch,
    "ls": _ls,
    "cat": _cat,
    "head": _head,
    "tail": _tail,
    "wc": _wc,
    "echo": _echo,
    "pwd": _pwd,
    "cd": _cd,
    "unzip": _unzip,
    "tar": _tar,
}
