"""Students' text, Markdown, HTML, pictures and outputs, made safe to show to a person. Pure.

formgrader renders autograded notebooks without cleaning them, on the page that holds the TA's session:
what this module lets through is all that stands between a student's notebook and the grades.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any
from xml.etree import ElementTree

MAX_TEXT = 100_000  # characters of a code cell or a text output
MAX_MARKDOWN = 20_000  # characters; renderers need quadratic time for hostile text, and formgrader waits
MAX_PICTURE = 8 << 20  # bytes
MAX_OUTPUTS, MAX_OUTPUT = 50, 16 << 20  # of one cell; characters of all its outputs
MAX_DEPTH = 60  # of a drawing's groups
INVISIBLE = re.compile(  # control, direction-changing, zero-width and unpaired surrogate characters
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
# Markdown with none of these holds no raw HTML and no link, and no heading, whose id could be an exercise's.
LIVELY = re.compile(r"[<&\[\]]|^[ \t]*#|^[ \t]*(?:=+|-+)[ \t]*$", re.MULTILINE)
MATH = re.compile(
    r"\$\$.{1,999}?\$\$|\$[^$\n]{1,999}\$|\\\[.{1,999}?\\\]|\\\(.{1,999}?\\\)"
    r"|\\begin\{(\w{1,20}\*?)\}.{1,999}?\\end\{\1\}",
    re.DOTALL,
)
TAGS = set(
    re.findall(
        r"\S+",
        "a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i "
        "img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th "
        "thead tr u ul var",
    )
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    "ol": {"start"},
}
PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
SVG = "http://www.w3.org/2000/svg"
SVG_TAGS = set(
    re.findall(
        r"\S+",
        "svg g defs path rect circle ellipse line polyline polygon text tspan title desc use clipPath "
        "linearGradient radialGradient stop marker symbol",
    )
)
SVG_ATTRIBUTES = set(
    re.findall(
        r"\S+",
        "id d x y x1 y1 x2 y2 cx cy r rx ry width height viewBox version points transform style fill stroke "
        "fill-opacity stroke-opacity stroke-width stroke-dasharray stroke-linecap stroke-linejoin opacity "
        "offset stop-color stop-opacity clip-path clipPathUnits gradientUnits gradientTransform font-size "
        "font-family font-weight font-style text-anchor dominant-baseline preserveAspectRatio dx dy rotate",
    )
)
HREF = "{http://www.w3.org/1999/xlink}href"
OUTSIDE = re.compile(r"url\s*\(\s*['\"]?(?!#)|@import|expression\s*\(|javascript:|\\", re.IGNORECASE)


def visible(text: str) -> str:
    """`text` with control, direction-changing and unpaired surrogate characters spelt out, "\\u202e"."""
    return INVISIBLE.sub(_spell, text.replace("\r\n", "\n"))


def clean_html(text: str) -> str:
    """HTML without scripts, styles, event handlers, forms, frames and links that run something."""
    import nh3

    def keep(tag: str, attribute: str, value: str) -> str | None:
        # Pictures from elsewhere would tell their server who grades whom, and when.
        if attribute == "src":
            return value if any(value.startswith(f"data:{kind};base64,") for kind in PICTURES) else None
        data_link = attribute == "href" and value.strip().lower().startswith("data:")
        return None if data_link else value

    return nh3.clean(
        text,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "data"},
        attribute_filter=keep,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def clean_markdown(text: str, attachments: object = None) -> str:
    """Markdown that any renderer shows without running anything.

    Text without HTML and links stays as it is. Anything else is rendered and cleaned here, and becomes
    one line of HTML: no renderer's own idea of Markdown can then bring something back.
    """
    text = (
        text if len(text) <= MAX_MARKDOWN else text[:MAX_MARKDOWN] + "\n\n(cut here: see the submitted file)"
    )
    text = visible(text)
    if not LIVELY.search(text):
        return text
    return _one_line(clean_html(_render(text, clean_attachments(attachments))))


def clean_attachments(value: object) -> dict[str, dict[str, str]]:
    """A cell's attachments: name -> picture type -> base64; what is not a picture goes."""
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in value.items() if isinstance(value, dict) else ():
        for kind, data in bundle.items() if isinstance(bundle, dict) else ():
            picture = clean_picture(str(kind), data)
            if picture is not None:
                kept[str(name)] = {str(kind): picture}
    return kept


def clean_picture(kind: str, data: object) -> str | None:
    """Base64 of a picture that is what its type says; None if it isn't, or is too large."""
    text = _joined(data)
    if kind not in PICTURES or text is None or len(text) > MAX_PICTURE * 4 // 3:
        return None
    try:
        picture = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(picture).decode() if picture.startswith(PICTURES[kind]) else None


def clean_svg(data: object) -> str | None:
    """An SVG drawing reduced to shapes and text that point nowhere outside; None if it can't be read."""
    text = _joined(data)
    if text is None or len(text) > MAX_PICTURE:
        return None
    text = re.sub(r"<!DOCTYPE[^\[>]*>", "", text, count=1)  # matplotlib writes one
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        root = _parse_svg(text)
        if root is None or root.tag != f"{{{SVG}}}svg":
            return None
        _clean_element(root)
        ElementTree.register_namespace("", SVG)
        return ElementTree.tostring(root, encoding="unicode")
    except (ElementTree.ParseError, ValueError):
        return None


def clean_outputs(outputs: object) -> list[dict[str, Any]]:
    """A code cell's saved outputs: text, tables and pictures; JavaScript, widgets and unknown types go."""
    found = outputs if isinstance(outputs, list) else []
    kept, size = [], 0
    for output in found[:MAX_OUTPUTS]:
        cleaned = _clean_output(output) if isinstance(output, dict) else None
        size += len(str(cleaned))
        if cleaned is not None and size <= MAX_OUTPUT:
            kept.append(cleaned)
    if len(kept) < len(found):
        kept.append(stream(f"[{len(found) - len(kept)} outputs are not shown]\n"))
    return kept


def stream(text: str) -> dict[str, Any]:
    """A code cell's output that prints `text`."""
    return {"output_type": "stream", "name": "stdout", "text": visible(text[:MAX_TEXT])}


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _joined(data: object) -> str | None:
    if isinstance(data, list) and all(isinstance(part, str) for part in data):
        return "".join(data)
    return data if isinstance(data, str) else None


def _render(text: str, attachments: Mapping[str, Mapping[str, str]]) -> str:
    from markdown_it import MarkdownIt

    # Formulas would lose backslashes and underscores to Markdown, so letters stand for them meanwhile.
    formulas: list[str] = []
    mark = "formula"
    while mark in text:
        mark += "x"

    def hide(match: re.Match[str]) -> str:
        formulas.append(match[0])
        return f"{mark}{len(formulas) - 1}z"

    hidden = MATH.sub(hide, text)
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    try:
        page = str(markdown.render(hidden))
    except RecursionError:
        page = f"<pre>{html.escape(hidden)}</pre>"
    for name, bundle in attachments.items():
        for kind, data in bundle.items():
            page = page.replace(f'src="attachment:{html.escape(name)}"', f'src="data:{kind};base64,{data}"')
    return re.sub(rf"{mark}(\d+)z", lambda match: html.escape(formulas[int(match[1])]), page)


def _one_line(page: str) -> str:
    # A blank line would end the HTML block, and a dollar or backslash start a formula, in the renderer's eyes.
    escapes: dict[str, str | int | None] = {
        "\n": "&#10;",
        "$": "&#36;",
        "\\": "&#92;",
        "`": "&#96;",
        "\t": "&#9;",
    }
    return f"<div>{page.strip().translate(str.maketrans(escapes))}</div>"


def _parse_svg(text: str) -> ElementTree.Element | None:
    """The drawing; None if it is deep, or if copies hold copies: a few lines could draw billions of shapes."""
    open_ids: list[str | None] = []
    holders: set[str | None] = set()
    copied: set[str] = set()
    root = None
    for event, element in ElementTree.iterparse(StringIO(text), ("start", "end")):  # noqa: S314
        if event == "end":
            open_ids.pop()
            root = element
            continue
        if element.tag == f"{{{SVG}}}use":
            holders.update(open_ids)
            copied |= {element.get(name, "").removeprefix("#") for name in (HREF, "href")}
        open_ids.append(element.get("id"))
        if len(open_ids) > MAX_DEPTH:
            return None
    return None if holders & copied else root


def _clean_element(element: ElementTree.Element) -> None:
    for name, value in list(element.attrib.items()):
        inside = name in (HREF, "href") and value.startswith("#")
        if not (inside or (name in SVG_ATTRIBUTES and not OUTSIDE.search(value))):
            del element.attrib[name]
    for child in list(element):
        if isinstance(child.tag, str) and child.tag.removeprefix(f"{{{SVG}}}") in SVG_TAGS:
            _clean_element(child)
        else:
            element.remove(child)


def _clean_output(output: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        return stream(_joined(output.get("text")) or "")
    if kind == "error":
        lines = output.get("traceback")
        text = "\n".join(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ""
        return stream(_without_colours(text or f"{output.get('ename')}: {output.get('evalue')}"))
    if kind not in ("display_data", "execute_result") or not isinstance(output.get("data"), dict):
        return None
    data = _clean_data(output["data"])
    return {"output_type": "display_data", "data": data, "metadata": {}} if data else None


def _clean_data(data: Mapping[str, Any]) -> dict[str, str]:
    cleaners: dict[str, Callable[[object], str | None]] = {
        "text/plain": lambda value: visible((_joined(value) or "")[:MAX_TEXT]),
        "text/html": lambda value: clean_html((_joined(value) or "")[:MAX_TEXT]),
        "text/markdown": lambda value: clean_markdown(_joined(value) or ""),
        "image/svg+xml": clean_svg,
        **{kind: lambda value, kind=kind: clean_picture(kind, value) for kind in PICTURES},  # type: ignore[misc]
    }
    cleaned = {kind: clean(data[kind]) for kind, clean in cleaners.items() if kind in data}
    return {kind: value for kind, value in cleaned.items() if value}


def _without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
