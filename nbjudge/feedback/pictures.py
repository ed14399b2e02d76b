"""Pictures and drawings of students, reduced to what draws and does nothing else. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from io import StringIO
from xml.etree import ElementTree

MAX_PICTURE = 8 << 20  # bytes
MAX_DEPTH = 60  # of a drawing's groups
MAX_SHAPES = 250_000  # tags of a drawing: a second of reading, and more than a browser draws at once
PICTURES = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
    "image/bmp": b"BM",
}
DRAWING = "image/svg+xml"
DATA_URL = re.compile(
    r"data:([\w.+-]+/[\w.+-]+)(?:;[\w=.-]+)*?;base64,\s*([A-Za-z0-9+/=]+(?:\s+[A-Za-z0-9+/=]{20,})*)",
    re.IGNORECASE,
)
# As matplotlib's `to_jshtml` writes the pictures of an animation into a page.
FIRST_FRAME = 'frames[0] = "'
SVG = "http://www.w3.org/2000/svg"
SVG_TAGS = set(
    re.findall(
        r"\S+",
        "svg g defs path rect circle ellipse line polyline polygon text tspan title desc use clipPath "
        "linearGradient radialGradient stop marker symbol image",
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
OWN_IDS = "svg."  # before each id of a drawing: no exercise's id has a dot
INSIDE = re.compile(r"(url\s*\(\s*['\"]?#)(?:svg\.)?", re.IGNORECASE)
OUTSIDE = re.compile(r"url\s*\(\s*['\"]?(?!#)|@import|expression\s*\(|javascript:|\\", re.IGNORECASE)


ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", HREF[1:].partition("}")[0])


def first_frame(page: str) -> str:
    """The first picture of an animation that a page plays by JavaScript, as HTML; "" if there is none."""
    start = page.find(FIRST_FRAME) + len(FIRST_FRAME)
    url = page[start : page.find('"', start)].replace("\\\n", "")
    match = DATA_URL.fullmatch(url) if is_animation(page) else None
    picture = clean_picture(match[1].lower(), match[2]) if match else None
    return f'<img src="data:{match[1].lower()};base64,{picture}">' if match and picture else ""


def is_animation(page: str) -> bool:
    """Whether the page plays pictures by JavaScript, as matplotlib's `to_jshtml` makes it."""
    return FIRST_FRAME in page and "new Animation(" in page


def clean_picture(kind: str, data: object) -> str | None:
    """Base64 of a picture that is what its type says; None if it isn't, or is too large."""
    text = joined(data)
    if kind not in PICTURES or text is None or len(text) > MAX_PICTURE * 4 // 3 + 4:
        return None
    try:
        picture = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(picture).decode() if picture.startswith(PICTURES[kind]) else None


def picture_url(kind: str, data: object) -> str | None:
    """A data URL of the cleaned picture or drawing, `data` being its base64, or a drawing's text; None if there is none."""
    if kind != DRAWING:
        picture = clean_picture(kind, data)
        return picture and f"data:{kind};base64,{picture}"
    text = joined(data) or ""
    try:
        source = text if "<" in text else base64.b64decode(text).decode(errors="replace")
    except (binascii.Error, ValueError):
        return None
    drawing = clean_svg(source)
    return drawing and f"data:{kind};base64,{base64.b64encode(drawing.encode()).decode()}"


def joined(data: object) -> str | None:
    """A text that may come as a list of lines; None for anything else."""
    if isinstance(data, list) and all(isinstance(part, str) for part in data):
        return "".join(data)
    return data if isinstance(data, str) else None


def clean_svg(data: object) -> str | None:
    """An SVG drawing reduced to shapes and text that point nowhere outside; None if it can't be read."""
    text = joined(data)
    if text is None or len(text) > MAX_PICTURE or text.count("<") > MAX_SHAPES:
        return None
    text = re.sub(r"<!DOCTYPE[^\[>]*>", "", text, count=1)  # matplotlib writes one
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        root = _parse_svg(text)
        if root is None or root.tag != f"{{{SVG}}}svg":
            return None
        _clean_element(root)
        return ElementTree.tostring(root, encoding="unicode")
    except (ElementTree.ParseError, ValueError):
        return None


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
        inside = name in (HREF, "href") and value.startswith(("#", "data:"))
        if not (inside or (name in SVG_ATTRIBUTES and not OUTSIDE.search(value))):
            del element.attrib[name]
        elif name == "id":
            element.set(name, OWN_IDS + value.removeprefix(OWN_IDS))
        elif inside and value.startswith("#"):
            element.set(name, f"#{OWN_IDS}{value[1:].removeprefix(OWN_IDS)}")
        else:
            element.set(name, INSIDE.sub(rf"\1{OWN_IDS}", value))
    for child in list(element):
        if _stays(child):
            _clean_element(child)
        else:
            element.remove(child)


def _stays(element: ElementTree.Element) -> bool:
    """Whether a drawing keeps the element: a shape, or an embedded picture that is one."""
    tag = element.tag.removeprefix(f"{{{SVG}}}") if isinstance(element.tag, str) else ""
    links = [name for name in (HREF, "href") if not element.get(name, "#").startswith("#")]
    for name in links:
        match = DATA_URL.fullmatch(element.attrib.pop(name).strip())
        url = clean_picture(match[1].lower(), match[2]) if match and tag == "image" else None
        if match and url:
            element.set(HREF, f"data:{match[1].lower()};base64,{url}")
    return tag in SVG_TAGS and (tag != "image" or element.get(HREF, "").startswith("data:"))
