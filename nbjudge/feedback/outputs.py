"""The saved outputs of a code cell, made safe to show to a person; what can't be shown is named. Pure."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from nbjudge.feedback.pictures import (
    DRAWING,
    PICTURES,
    clean_picture,
    clean_svg,
    first_frame,
    is_animation,
    joined,
)
from nbjudge.feedback.sanitise import (
    MAX_TEXT,
    Pictures,
    cannot_be_shown,
    clean_html,
    clean_markdown,
    shortened,
    visible,
)
from nbjudge.feedback.terminal import as_on_screen
from nbjudge.languages import Words, words

MAX_OUTPUTS, MAX_OUTPUT = 50, 16 << 20  # of one cell; characters of all its outputs
PLAIN_PICTURES = ("image/png", "image/jpeg")  # what every renderer shows
# What pages don't show, by the beginning of its type: a key of the catalogue's `not_shown`.
INTERACTIVE = {
    "application/vnd.plotly": "plotly",
    "application/vnd.vega": "chart",
    "application/vnd.bokeh": "chart",
    "application/vnd.holoviews": "chart",
    "application/vnd.jupyter.widget": "widget",
    "application/javascript": "script",
    "text/javascript": "script",
}
OTHER = {"video/": "video", "audio/": "audio", "application/pdf": "pdf"}
MEDIA = {"video": "video", "audio": "audio", "iframe": "frame"}  # tags
MEDIA_TAG = re.compile(r"<(video|audio|iframe)\b", re.IGNORECASE)
Item = TypeVar("Item")


def clean_outputs(outputs: object, say: Words | None = None) -> list[dict[str, Any]]:
    """A code cell's saved outputs: text, tables and pictures, the first and the last of many.

    JavaScript, widgets, videos and damaged pictures go; a line says what was there.
    """
    say = say or words("en")
    found = _one_stream(outputs if isinstance(outputs, list) else [])
    kept: dict[int, list[dict[str, Any]]] = {}
    said: set[str] = set()
    size = 0
    for index, output in _from_both_ends(found):
        if size + _drawn(output) > MAX_OUTPUT:  # before the work, not after it
            continue
        cleaned = _clean_output(output, say)
        length = sum(map(_length, cleaned))
        if size + length <= MAX_OUTPUT:
            size += length
            kept[index] = cleaned
        if len(kept) == MAX_OUTPUTS:
            break
    shown: list[dict[str, Any]] = []
    for before, index in itertools.pairwise([-1, *sorted(kept), len(found)]):
        if index - before > 1:
            shown.append(stream(say.counted("outputs_left_out", index - before - 1) + "\n"))
        for output in kept.get(index, ()):
            line = output.get("note", "")
            if line not in said:
                shown.append(stream(line + "\n") if line else output)
                said |= {line} - {""}
    return shown


def stream(text: str) -> dict[str, Any]:
    """A code cell's output that prints `text`."""
    return {"output_type": "stream", "name": "stdout", "text": visible(text[:MAX_TEXT])}


def ends(items: Sequence[Item], n: int) -> list[Item]:
    """The first and the last of `items`, at most `n` together, in their order."""
    return list(items) if len(items) <= n else [*items[: n - n // 2], *items[-(n // 2) :]]


def _one_stream(outputs: list[Any]) -> list[dict[str, Any]]:
    """The outputs, those in a row that print to the same stream made one, as on a screen."""
    merged: list[dict[str, Any]] = []
    for name, group in itertools.groupby(filter(_is_output, outputs), key=_stream_name):
        if name is None:
            merged += group
        else:
            text = "".join(joined(output.get("text")) or "" for output in group)
            merged.append({"output_type": "stream", "text": text})
    return merged


def _is_output(output: object) -> bool:
    return isinstance(output, dict)


def _stream_name(output: Mapping[str, Any]) -> str | None:
    return str(output.get("name")) if output.get("output_type") == "stream" else None


def _from_both_ends(items: Sequence[Item]) -> Iterator[tuple[int, Item]]:
    """The first, the last, the second, the last but one ..., each with its index."""
    for step in range((len(items) + 1) // 2):
        yield step, items[step]
        if (other := len(items) - 1 - step) > step:
            yield other, items[other]


def _drawn(output: Mapping[str, Any]) -> int:
    """Characters of the pictures and drawings of an output as it was saved; they hardly shrink by being cleaned."""
    data = output.get("data")
    texts = [joined(data.get(kind)) or "" for kind in (*PICTURES, DRAWING)] if isinstance(data, dict) else []
    return sum(len(text) for text in texts)


def _length(output: Mapping[str, Any]) -> int:
    return len(output.get("text", "")) + sum(map(len, output.get("data", {}).values()))


def _clean_output(output: Mapping[str, Any], say: Words) -> list[dict[str, Any]]:
    """What to show of an output; {"note": ...} for a line about what can't be."""
    kind = output.get("output_type")
    if kind == "stream":
        return [_printed(joined(output.get("text")) or "", say)]
    if kind == "error":
        lines = output.get("traceback")
        text = "\n".join(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ""
        return [_printed(text or f"{output.get('ename')}: {output.get('evalue')}", say)]
    if kind not in ("display_data", "execute_result") or not isinstance(output.get("data"), dict):
        return []
    data = {str(name): value for name, value in output["data"].items()}
    cleaned = _clean_data(data, say)
    if not cleaned and "text/latex" in data:
        return [_printed(joined(data["text/latex"]) or "", say)]
    notes = [{"note": cannot_be_shown(what, say)} for what in _unseen(data, cleaned)]
    return [*([{"output_type": "display_data", "data": cleaned, "metadata": {}}] if cleaned else []), *notes]


def _printed(text: str, say: Words) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": shortened(as_on_screen(text), say)}


def _clean_data(data: Mapping[str, Any], say: Words) -> dict[str, str]:
    cleaned: dict[str, str | None] = {
        kind: clean_picture(kind, data[kind]) for kind in PLAIN_PICTURES if kind in data
    }
    if DRAWING in data:
        cleaned[DRAWING] = clean_svg(data[DRAWING])
    if "text/html" in data:
        page = joined(data["text/html"]) or ""
        cleaned["text/html"] = first_frame(page) if is_animation(page) else _clean_page(page, say)
    if "text/markdown" in data:
        cleaned["text/markdown"] = clean_markdown(joined(data["text/markdown"]) or "", None, say)
    if "text/plain" in data:
        cleaned["text/plain"] = shortened(as_on_screen(joined(data["text/plain"]) or ""), say)
    if not any(cleaned.get(kind) for kind in (*PLAIN_PICTURES, DRAWING)):
        for kind in (kind for kind in PICTURES if kind in data and kind not in PLAIN_PICTURES):
            picture = clean_picture(kind, data[kind])
            if picture:
                cleaned["text/html"] = f'<img src="data:{kind};base64,{picture}">'
    elif not _says_something(cleaned.get("text/html") or "") or _interactive(data):
        cleaned.pop("text/html", None)  # renderers prefer it to the picture
    return {kind: value for kind, value in cleaned.items() if value}


def _clean_page(text: str, say: Words) -> str:
    pictures = Pictures()
    text = pictures.lift(text)
    cleaned = clean_html(text[:MAX_TEXT], say, pictures)
    end = html.escape(say("cut_here")) if len(text) > MAX_TEXT else ""
    return f"{cleaned}<p>{end}</p>" if end else cleaned


def _says_something(page: str) -> bool:
    return "<img " in page or bool(re.sub("<[^>]*>", "", page).strip())


def _interactive(data: Mapping[str, Any]) -> list[str]:
    return [what for start, what in INTERACTIVE.items() if any(kind.startswith(start) for kind in data)]


def _unseen(data: Mapping[str, Any], cleaned: Mapping[str, str]) -> list[str]:
    """What of an output a person does not see: keys of the catalogue's `not_shown`."""
    page = joined(data.get("text/html")) or ""
    unseen = [what for start, what in OTHER.items() if any(kind.startswith(start) for kind in data)]
    unseen += [MEDIA[tag.lower()] for tag in MEDIA_TAG.findall(page)]
    unseen += ["animation"] if is_animation(page) else []
    if any(kind in cleaned for kind in (*PLAIN_PICTURES, DRAWING)) or "<img " in cleaned.get("text/html", ""):
        return list(dict.fromkeys(unseen))
    unseen += _interactive(data)
    if any(kind in data for kind in (*PICTURES, DRAWING)):
        unseen.append("picture")
    if not unseen and page.strip() and not _says_something(cleaned.get("text/html", "")):
        unseen.append("plotly" if "plotly" in page[:MAX_TEXT].lower() else "script")
    if not unseen and not cleaned and data:
        unseen.append("unknown")
    return list(dict.fromkeys(unseen))
