"""Taking in a folder or archive from a learning system: whose file is whose, when it was handed in, which one counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.app.intake import LatenessBy, Receipt, receipt_of, states_of, warn_of
from nbjudge.app.late import lateness_by
from nbjudge.app.reading import Reader
from nbjudge.model import Course
from nbjudge.notes import Note

if TYPE_CHECKING:
    from nbjudge.intake.archive import Entry
    from nbjudge.intake.choice import Chosen, Likeness
    from nbjudge.intake.hand_in_times import HandInTime
    from nbjudge.intake.layouts import HandedIn, Refusal, Scene
    from nbjudge.intake.people import People

NAMED = 5  # files that a receipt names


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """What a person adds to what the folder or archive says."""

    layout: str | None = None  # None: the one that recognises it
    pattern: str = ""  # of layout "pattern"
    record: Path | None = None  # the learning system's sheet of who handed in when
    mapping: Path | None = None  # names in the archive -> students
    submitted: datetime | None = None  # aware: of what has no time of its own
    dry_run: bool = False  # store nothing


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of a folder or archive."""

    layout: str
    receipts: tuple[Receipt, ...]  # by student; of a dry run, what would be stored
    refusals: tuple[Refusal, ...]  # files that wait for a person; nothing else waits for them


def collect(
    course: Course,
    name: str,
    path: Path,
    options: CollectOptions = CollectOptions(),
    *,
    now: datetime | None = None,
) -> Collected:
    """Stores every submission of a folder, zip or tar archive; `now` is aware, by default this machine's clock.

    CourseError if the folder or archive, the roster or a file of the options can't be read.
    """
    from nbjudge.course import pick_assignment
    from nbjudge.intake.archive import open_entries
    from nbjudge.intake.hand_in_times import packed_at_once
    from nbjudge.intake.layouts import LAYOUTS, HandedIn, Refusal, Scene, pick_layout
    from nbjudge.intake.people import know
    from nbjudge.intake.records import explained, read_record
    from nbjudge.intake.store import present_students
    from nbjudge.notebooks.released_form import load_released_form
    from nbjudge.roster import read_roster

    declared = pick_assignment(course, name)
    form = load_released_form(course, name)
    others = frozenset(course.assignments) - {name}
    people = know(read_roster(course), present_students(course), options.mapping)
    known = frozenset(people.by_id)
    scene = Scene(declared.name, others, course.zone, path.is_dir(), options.pattern, known)
    record = read_record(options.record, course.zone) if options.record else None
    with open_entries(path, course.zone) as (entries, refused), closing(Reader(course, form)) as reader:
        layout = pick_layout(options.layout, entries, scene)
        found = LAYOUTS[layout].read(entries, scene)
        handed_in = [each for each in found if isinstance(each, HandedIn)]
        if record is not None:
            handed_in = [explained(each, record) for each in handed_in]
        taker = _Taker(
            reader,
            lateness_by(course, name),
            scene,
            people,
            options,
            now or datetime.now(UTC),
            dated=LAYOUTS[layout].dated and not packed_at_once(entries, path),
        )
        outcomes = list(taker.take(handed_in))
        refusals = [
            *(Refusal(*each) for each in refused),
            *(each for each in (*found, *outcomes) if isinstance(each, Refusal)),
        ]
        mapped, left = taker.mapped(refusals, entries)
    receipts = (each for each in (*outcomes, *mapped) if isinstance(each, Receipt))
    return Collected(layout, tuple(receipts), tuple(left))


def layout_names() -> tuple[str, ...]:
    """What --layout may be."""
    from nbjudge.intake.layouts import LAYOUTS

    return tuple(LAYOUTS)


def read_time(course: Course, text: str) -> datetime:
    """A time that a person wrote, in the course's zone unless it names one; CourseError if it can't be read."""
    from nbjudge.errors import CourseError
    from nbjudge.intake.moments import parse_moment

    try:
        return parse_moment(text, course.zone)
    except ValueError as error:
        raise CourseError(f"--submitted: {error}") from None


@dataclass(slots=True)
class _Taker:
    """What one call of `collect` needs for each student."""

    reader: Reader
    late: LatenessBy
    scene: Scene
    people: People
    options: CollectOptions
    now: datetime
    dated: bool  # an entry's time is the file's own

    @property
    def course(self) -> Course:
        """Whose submissions they are."""
        return self.reader.course

    def take(self, handed_in: Iterable[HandedIn]) -> Iterator[Receipt | Refusal]:
        """One outcome for each student and time, a student's attempts in order."""
        from nbjudge.intake.layouts import Refusal
        from nbjudge.intake.people import Question, whose
        from nbjudge.student_ids import fold

        grouped: dict[tuple[str, datetime | None], list[HandedIn]] = {}
        spelled: dict[str, str] = {}
        for each in handed_in:
            student = whose(each.who, each.files[0].name, self.people, self.scene)
            if isinstance(student, Question):
                yield Refusal(each.files[0].name, student.reason, student.candidates)
            else:
                student = spelled.setdefault(fold(student), student)
                grouped.setdefault((student, each.when), []).append(each)
        long_ago = datetime.min.replace(tzinfo=UTC)
        for student, when in sorted(grouped, key=lambda key: (key[0], key[1] or long_ago)):
            yield self._take_one(student, grouped[student, when])

    def mapped(
        self, refusals: list[Refusal], entries: list[Entry]
    ) -> tuple[list[Receipt | Refusal], list[Refusal]]:
        """Takes in what a layout refused and --map names."""
        from nbjudge.intake.layouts import HandedIn, Refusal, Who
        from nbjudge.student_ids import fold

        by_name = {entry.name: entry for entry in entries}
        named = [each for each in refusals if each.name in by_name and fold(each.name) in self.people.mapped]
        outcomes = list(self.take(HandedIn(Who(), (by_name[each.name],)) for each in named))
        left = [each for each in (*refusals, *outcomes) if each not in named]
        return outcomes, [each for each in left if isinstance(each, Refusal)]

    def _take_one(self, student: str, handed_in: list[HandedIn]) -> Receipt | Refusal:
        from nbjudge.intake.archive import Unreadable
        from nbjudge.intake.choice import choose
        from nbjudge.intake.hand_in_times import hand_in_time
        from nbjudge.intake.layouts import Refusal

        files = [file for each in handed_in for file in each.files]
        try:
            chosen = choose(files, self.scene, self._likeness)
        except Unreadable as error:
            return Refusal(files[0].name, str(error))
        declared = self.course.assignments[self.scene.assignment]
        time = hand_in_time(
            handed_in[0],
            chosen.entry,
            declared,
            dated=self.dated,
            submitted=self.options.submitted,
            now=self.now,
        )
        if reason := self._worse_than_before(student, chosen.data):
            return Refusal(chosen.entry.name, reason, (student,))
        extra, notes = self._extra(chosen)
        if any(each.late for each in handed_in) and not warn_of(self.late(student, time.moment), time.how):
            notes = (Note("marked_late"), *notes)
        return self._store(student, chosen, time, extra, notes)

    def _store(
        self, student: str, chosen: Chosen, time: HandInTime, extra: dict[str, bytes], notes: tuple[Note, ...]
    ) -> Receipt:
        from nbjudge.intake.notices import notices_of_name
        from nbjudge.intake.store import preview, store_submission

        name, file = self.scene.assignment, chosen.entry.name
        if self.options.dry_run:
            stored = preview(self.course, name, student, chosen.data, time)
        else:
            stored = store_submission(
                self.course, name, student, file, chosen.data, self.now, time=time, extra=extra
            )
        notes = (*notes, *notices_of_name(file))
        return receipt_of(self.reader, self.late, stored, self.reader.read(chosen.data, extra), notes, file)

    def _likeness(self, data: bytes) -> Likeness:
        from nbjudge.intake.choice import Likeness

        reading = self.reader.read(data)
        answers = sum(state == "changed" for state in states_of(reading, self.reader).values())
        return Likeness(answers, -1 if reading.program.rejected else len(reading.program.found))

    def _worse_than_before(self, student: str, data: bytes) -> str:
        """Why a person should look before this takes the place of a good attempt; "" if it may."""
        from nbjudge.intake.store import current_attempt

        new = self._likeness(data)
        if new.answers > 0:
            return ""
        before = current_attempt(self.course, self.scene.assignment, student)
        if before is None or before == data or self._likeness(before).answers <= 0:
            return ""
        what = "no notebook of this assignment" if new.found <= 0 else "a notebook without an answer"
        return (
            f"{what}, and {student} has handed in answers before: these stay; if it is meant,"
            f" `nbjudge submit FILE --student {student} --assignment {self.scene.assignment}`"
        )

    def _extra(self, chosen: Chosen) -> tuple[dict[str, bytes], tuple[Note, ...]]:
        """The declared files beside the notebook, and what the receipt says of all that lay there."""
        from nbjudge.intake.archive import Unreadable
        from nbjudge.intake.store import is_extra_file

        declared = self.course.assignments[self.scene.assignment]
        taken: dict[str, bytes] = {}
        left: list[str] = []
        beside = chosen.entry.parts[:-1]
        for file in chosen.left:
            name = file.parts[-1]
            if file.parts[:-1] == beside and name not in taken and is_extra_file(name, declared):
                try:
                    data = file.read()
                except Unreadable:
                    left.append(file.name)
                    continue
                if len(data) + sum(map(len, taken.values())) <= declared.extra_bytes:
                    taken[name] = data
                    continue
            left.append(file.name)
        notes = []
        if taken:
            notes.append(Note("file_taken", {"n": len(taken), "files": ", ".join(sorted(taken))}))
        if left:
            names = [file.rpartition("/")[2] for file in left[:NAMED]] + ["…"] * (len(left) > NAMED)
            notes.append(Note("file_left_out", {"n": len(left), "files": ", ".join(names)}))
        return taken, tuple(notes)
