"""Students' text, Markdown and HTML, made safe to show to a person. Pure.

formgrader renders autograded notebooks without cleaning them, on the page that holds the TA's session:
what this module lets through is all that stands between a student's notebook and the grades.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import quote, unquote

from nbjudge.feedback.pictures import DATA_URL, picture_url
from nbjudge.languages import Words, words

MAX_TEXT = 100_000  # characters of a code cell or a text output
MAX_MARKDOWN = 20_000  # characters; renderers need quadratic time for hostile text, and formgrader waits
MAX_SHOWN = 16 << 20  # characters of all pictures of one text
MAX_OPEN, MAX_REOPENED = 20, 200_000  # formatting elements left open; times the tags that open them again
MAX_SPACED = 100  # attachments with a space in their names
LINKS = ("http", "https", "mailto")
IMAGE = re.compile(r'<img((?: [a-z-]+="[^"]*")*)>')  # as nh3 writes one
# Elements that HTML's rules open again in each following paragraph, unless they were closed.
FORMATTING = re.compile(
    r"<(/?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE
)
INVISIBLE = re.compile(  # control, direction-changing, zero-width and unpaired surrogate characters
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
# What MathJax makes elements with ids, links and styles of; no other command can spell these.
TEX = re.compile(r"\\(?=(?:cssId|class|style|href|data|require|mmlToken|csname|texttip)(?![a-zA-Z]))")
# Many blank lines, or a line that goes on far to the right: what follows would be out of sight.
BLANK = "[^\\S\n]|[\u115f\u1160\u2800\u3164\uffa0]"
FAR = re.compile(rf"(?:(?:{BLANK})*\n){{40,}}|(?:{BLANK}){{120,}}(?=\S)")
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


def visible(text: str) -> str:
    """`text` with control, direction-changing and unpaired surrogate characters spelt out, "\\u202e"."""
    return INVISIBLE.sub(_spell, text.replace("\r\n", "\n"))


def code(text: str, say: Words) -> str:
    """A student's code as a person should see it: `shortened`, and no run of blanks pushes a part of it out of sight."""

    def tell(match: re.Match[str]) -> str:
        lines = match[0].count("\n")
        told = say.counted("blank_lines", lines) if lines else say.counted("blanks", len(match[0]))
        return f"\n{told}\n"

    return shortened(FAR.sub(tell, text), say)


def shortened(text: str, say: Words) -> str:
    """A long text's beginning and end, with the number of characters left out between them; invisible ones spelt out."""
    if len(text) <= MAX_TEXT:
        return visible(text)
    half = MAX_TEXT // 2
    left_out = say.counted("characters_left_out", len(text) - 2 * half)
    return visible(f"{text[:half]}\n{left_out}\n{text[-half:]}")


def clean_html(text: str, say: Words, pictures: Pictures | None = None) -> str:
    """HTML without scripts, styles, event handlers, forms, frames and links that run something.

    Its `pictures` take the places of their names; one that can't be shown is named. A few lines that would become
    millions of elements are shown as text.
    """
    import nh3

    own = pictures or Pictures()
    text = text if pictures else own.lift(text)
    if _is_tangled(text):
        return f"<pre>{html.escape(text)}</pre>"

    def keep(tag: str, attribute: str, value: str) -> str | None:
        # Pictures from elsewhere would tell their server who grades whom, and when.
        if attribute == "src":
            return own.url(value)
        return value if attribute != "href" or _scheme(value) in LINKS else None

    cleaned = nh3.clean(
        text,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "data", "attachment"},
        attribute_filter=keep,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    lost = html.escape(cannot_be_shown("picture", say))
    return IMAGE.sub(lambda match: match[0] if ' src="' in match[1] else f"{match[0]} {lost}", cleaned)


def _scheme(link: str) -> str:
    """The scheme of a link as a browser reads it, which passes over blanks and control characters; "" without one."""
    match = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*(?=:)", re.sub(r"[\x00-\x20]", "", link))
    return match[0].lower() if match else ""


def _is_tangled(text: str) -> bool:
    """Whether formatting that is never closed would be opened again and again: n tags would make n² elements."""
    most = left_open = 0
    for match in FORMATTING.finditer(text):
        left_open = max(left_open - 1, 0) if match[1] else left_open + 1
        most = max(most, left_open)
    return most > MAX_OPEN and most * text.count("<") > MAX_REOPENED


def cannot_be_shown(what: str, say: Words) -> str:
    """The line that stands in for something that a page can't show; `what` is a key of the catalogue's `not_shown`."""
    return say("cannot_be_shown", what=say.texts["not_shown"][what])


def clean_markdown(text: str, attachments: object = None, say: Words | None = None) -> str:
    """Markdown as one line of HTML, rendered and cleaned here, which any renderer shows without running anything.

    No renderer's own idea of Markdown can then bring something back, such as a heading that takes an exercise's id.
    What is too long to render is shown as plain text.
    """
    say = say or words("en")
    pictures = Pictures(attachments)
    text = TEX.sub("\u2216", visible(pictures.lift(text)))
    cut = len(text) if len(text) <= MAX_MARKDOWN else text.rfind("\n", 0, MAX_MARKDOWN) + 1 or MAX_MARKDOWN
    head, tail = text[:cut], text[cut:]
    page = clean_html(_render(head), say, pictures)
    if tail:
        page += f"<pre>{html.escape(shortened(tail, say))}</pre>"
    return _one_line(page)


class Pictures:
    """The pictures of one text: attached to its cell or written into it. Each is checked when it is shown."""

    def __init__(self, attachments: object = None) -> None:
        self._known: dict[str, list[tuple[str, object]]] = {}
        self._urls: dict[str, str | None] = {}
        self._left = MAX_SHOWN
        self._spaced: list[str] = []
        for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
            if isinstance(bundle, dict):
                pictures = [(str(kind), data) for kind, data in bundle.items()]
                self._known[_plain(str(name))] = self._known[_plain(unquote(str(name)))] = pictures
                if re.search(r"\s", str(name)) and len(self._spaced) < MAX_SPACED:
                    self._spaced.append(str(name))

    def lift(self, text: str) -> str:
        """The text with a short name, `attachment:...`, in the place of each data URL, so that it can be cut and rendered."""
        mark = "embedded-"
        while mark in text:
            mark += "x"

        def name(match: re.Match[str]) -> str:
            own = f"{mark}{len(self._known)}"
            self._known[own] = [(match[1].lower(), match[2])]
            return f"attachment:{own}"

        text = DATA_URL.sub(name, text)
        for spaced in self._spaced:  # as some editors write it, though Markdown has no such link
            text = text.replace(f"](attachment:{spaced})", f"](attachment:{quote(spaced)})")
        return text

    def url(self, source: str) -> str | None:
        """The data URL to show for an image's source; None for one that isn't of this text or no picture."""
        scheme, _, name = source.strip().partition(":")
        if scheme.lower() != "attachment":
            return None
        name = _plain(unquote(name))
        if name not in self._urls:
            urls = (picture_url(kind, data) for kind, data in self._known.get(name, ()))
            self._urls[name] = next(filter(None, urls), None)
        url = self._urls[name]
        if url is None or len(url) > self._left:
            return None
        self._left -= len(url)
        return url


def _plain(name: str) -> str:
    # macOS takes letters with accents apart.
    return unicodedata.normalize("NFC", visible(name))


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _render(text: str) -> str:
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
