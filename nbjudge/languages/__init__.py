"""What students read, in their language: one catalogue, <language>.json, for each. CLDR (Babel) knows the grammar of
numbers and dates; it is loaded when the first of them is shown, which no grading process does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbjudge.model import Credit, Frame, Language
from nbjudge.notes import Note

if TYPE_CHECKING:
    from babel import Locale

CATALOGUES = Path(__file__).parent
GROUPED = 10_000  # from here on the digits of whole numbers are grouped: "12,000", but "cell 1234"


def available() -> tuple[Language, ...]:
    """The languages that there are catalogues for, in alphabetical order."""
    return tuple(sorted(path.stem for path in CATALOGUES.glob("*.json")))


def words(language: Language) -> Words:
    """The catalogue of `language`; FileNotFoundError if there is none."""
    return Words(language, _read(CATALOGUES / f"{language}.json"))


def english(message: str | Note) -> str:
    """The words of a message for those who read English: authors, operators, Python's tracebacks."""
    return message if isinstance(message, str) else words("en").message(message)


@dataclass(frozen=True, slots=True)
class Words:
    """One language's texts, numbers and dates."""

    language: Language
    texts: dict[str, Any]

    def __call__(self, key: str, **values: object) -> str:
        """The text called `key`, its {fields} filled in."""
        return str(self.texts[key]).format(**values)

    def outcome(self, name: str) -> str:
        """A test's or an exercise's outcome in words."""
        return str(self.texts["outcome"][name])

    def fact(self, name: str) -> str:
        """What an entry of Result.environment is called; names of programs are the same everywhere."""
        return str(self.texts["facts"].get(name, name))

    def counted(self, key: str, n: float, **values: object) -> str:
        """The form of `key` that goes with the number `n`."""
        return self._form(self.texts[key], n).format(n=self.number(n), **values)

    def message(self, message: str | Note) -> str:
        """A note in words; a text is somebody else's, and stays."""
        if isinstance(message, str):
            return message
        text = self.texts["notes"][message.kind]
        if isinstance(text, dict):
            text = self._form(text, message.values["n"])
        return str(text).format(**{name: self._shown(name, value) for name, value in message.values.items()})

    def trace(self, frames: Iterable[Frame]) -> str:
        """One line for each frame: "cell 7, line 3, in f: return x"."""
        return "\n".join(
            self(
                "frame_in" if frame.function else "frame",
                cell=frame.cell,
                line=frame.line,
                function=frame.function,
                source=frame.source,
            )
            for frame in frames
        )

    def credit(self, credit: Credit) -> str:
        """What one `credit` call gave: "accuracy: 0.7, which gives 50% (all points from 0.9 on, none up to 0.5)"."""
        return self(
            "credit_rising" if credit.full > credit.none else "credit_falling",
            what=credit.what or self("credit_value"),
            value=self("no_number") if credit.value is None else self.quantity(credit.value),
            percent=self.percent(credit.fraction, 0),
            full=self.quantity(credit.full),
            none=self.quantity(credit.none),
        )

    def number(self, value: float, decimals: int = 2) -> str:
        """At most so many decimals, without trailing zeros: "0.5", in Russian "0,5"."""
        from babel.numbers import format_decimal

        value = round(value, decimals) + 0.0  # never minus zero
        pattern = ("0." if abs(value) < GROUPED else "#,##0.") + "#" * decimals
        return str(format_decimal(value, pattern, self._locale))

    def quantity(self, value: float) -> str:
        """Six significant digits, for measured values: "0.000123457", "1e+20"."""
        from babel.numbers import get_decimal_symbol

        if (isinstance(value, int) or value.is_integer()) and abs(value) < 1e15:
            return self.number(value)
        return f"{value:.6g}".replace(".", str(get_decimal_symbol(self._locale)))

    def percent(self, fraction: float, decimals: int = 2) -> str:
        """At most so many decimals: "50%", in Russian "50 %"."""
        from babel.numbers import format_percent

        rounded = round(fraction, 2 + decimals) + 0.0
        return str(format_percent(rounded, locale=self._locale, decimal_quantization=False))

    def moment(self, when: datetime, zone: tzinfo | None = None) -> str:
        """A date and a time in `zone`, by default in its own: "14 March 2027, 23:59"."""
        from babel.dates import format_date, get_datetime_format

        local = when.astimezone(zone or when.tzinfo)
        parts = f"{local:%H:%M}", format_date(local, "long", self._locale)
        return str(get_datetime_format("medium", self._locale)).format(*parts)

    def span(self, duration: timedelta) -> str:
        """A duration in its two largest units: "2 days, 3 hours", "40 seconds"."""
        from babel.units import format_unit

        seconds = max(int(duration.total_seconds()), 0)
        counts = (("day", seconds // 86400), ("hour", seconds // 3600 % 24), ("minute", seconds // 60 % 60))
        found = [(n, unit) for unit, n in counts if n][:2] or [(seconds, "second")]
        return ", ".join(str(format_unit(n, f"duration-{unit}", locale=self._locale)) for n, unit in found)

    def listed(self, items: Iterable[object]) -> str:
        """ "2, 3 and 5"."""
        from babel.lists import format_list

        return str(format_list([str(item) for item in items], locale=self._locale))

    @property
    def _locale(self) -> Locale:
        return _parse_locale(str(self.texts["locale"]))

    def _form(self, forms: dict[str, str], n: Any) -> str:
        """The form for the number that is shown of `n`."""
        return forms.get(self._locale.plural_form(round(n, 2)), forms["other"])

    def _shown(self, name: str, value: object) -> str:
        match value:
            case Note():
                return self.message(value)
            case str():
                return self.moment(datetime.fromisoformat(value)) if name == "when" else value
            case int() | float():
                return self.quantity(value)
            case tuple():
                return self.listed(value)
        raise TypeError(f"a note's {name!r} cannot be a {type(value).__name__}")


@cache
def _read(catalogue: Path) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads(catalogue.read_text("utf-8"))
    return texts


@cache
def _parse_locale(name: str) -> Locale:
    from babel import Locale

    return Locale.parse(name)
