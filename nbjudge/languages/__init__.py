"""What the feedback says, in the student's language: one catalogue, <language>.json, for each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from nbjudge.model import Language

CATALOGUES = Path(__file__).parent


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

    def counted(self, key: str, n: float, **values: object) -> str:
        """The form of `key` that goes with the number `n`."""
        form = self.texts[key].get(plural(self.language, n), self.texts[key]["other"])
        return str(form).format(n=self.number(n), **values)

    def number(self, value: float) -> str:
        """At most two decimals, without trailing zeros: "0.5", in Russian "0,5"."""
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        return ("0" if text == "-0" else text).replace(".", str(self.texts["decimal"]))

    def percent(self, fraction: float) -> str:
        """ "50%"."""
        return f"{self.number(100 * fraction)}%"

    def moment(self, when: datetime, zone: tzinfo | None) -> str:
        """A date and a time in `zone`: "14 March 2027, 23:59"."""
        local = when.astimezone(zone)
        month = self.texts["months"][local.month - 1]
        return self("date", day=local.day, month=month, year=local.year, time=f"{local:%H:%M}")


@cache
def words(language: Language) -> Words:
    """The texts of `language`."""
    return Words(language, json.loads((CATALOGUES / f"{language}.json").read_text("utf-8")))


def plural(language: Language, n: float) -> str:
    """The CLDR plural category of `n`: one, few, many or other."""
    if language == "ru" and n == int(n):
        ones, tens = int(n) % 10, int(n) % 100
        if ones == 1 and tens != 11:
            return "one"
        return "few" if 2 <= ones <= 4 and not 12 <= tens <= 14 else "many"
    return "one" if n == 1 and language == "en" else "other"
