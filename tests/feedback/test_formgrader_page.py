"""formgrader's page in a real browser: a student's text can't take the place of an exercise's boxes."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import small_course as small

from nbjudge.feedback.notebook import annotate_notebook
from nbjudge.feedback.outputs import clean_outputs
from nbjudge.feedback.pictures import clean_svg
from nbjudge.feedback.sanitise import clean_markdown, code
from nbjudge.languages import words
from nbjudge.model import Assignment
from nbjudge.notebooks.reader import write_notebook
from nbjudge.scoring import score

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
IDS = ("square", "scale", "plots", "report")
TEXTS = [
    "> # plots\n\n- # report\n\n1. # square\n\n> scale\n> =====\n",
    "plots\n: # report\n\n* * *\n\n+ report\n  ---\n",
    "<h1 id=report>x</h1> <input id='plots' name=plots> <a name=square></a>",
    "[^1]\n\n[^1]: # plots\n\n[report]: x\n\n# plots {#report}\n",
    "$\\cssId{report}{x}$ $$\\href{javascript:alert(1)}{x}$$ \\(\\class{plots}{x}\\)",
    "```mermaid\ngraph TD; report-->plots\n```\n",
    "</div></div><div id=report>",
    "<svg id=plots><g id=report></g></svg>",
    "- [ ] # square\n\n| # plots |\n|---|\n| # report |\n",
]
PROBE = (
    "<script>const found = {}; for (const id of IDS) { const e = document.getElementById(id);"
    " found[id] = e ? e.tagName + '.' + e.className : '' } document.body.setAttribute('data-found',"
    " JSON.stringify(found));</script>"
)


def formgrader(notebook: dict[str, Any], folder: Path) -> str:
    """formgrader's page of a notebook: its exporter, template and options."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    config.HTMLExporter.sanitize_html = True
    names = (
        "assignment_id",
        "notebook_id",
        "submission_id",
        "student",
        "last_name",
        "first_name",
        "notebook_path",
    )
    resources: dict[str, Any] = {**dict.fromkeys(names, "lab"), "index": 0, "total": 1, "base_url": ""}
    path = folder / "lab.ipynb"
    path.write_bytes(write_notebook(notebook))
    page, _ = HTMLExporter(config=config).from_filename(str(path), resources=resources)
    return str(page)


def in_browser(page: str, folder: Path) -> dict[str, str]:
    """Tag and class of the element that scripts find by each exercise's id."""
    file = folder / "page.html"
    probe = PROBE.replace("IDS", json.dumps(IDS))
    page = re.sub(r"<script[^>]*\bsrc=[^>]*></script>|<link[^>]*>", "", page)  # nothing is served here
    file.write_text(page.replace("</body>", f"{probe}</body>"))
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--dump-dom",
        f"--user-data-dir={folder}/p",
    ]
    done = subprocess.run([*command, file.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'data-found="([^"]*)"', done.stdout)
    assert found, done.stdout[-500:]
    got: dict[str, str] = json.loads(html.unescape(found[1]))
    return got


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a submission that says all of TEXTS everywhere."""
    from support.courses import write_course

    folder = tmp_path_factory.mktemp("page")
    lab: Assignment = write_course(folder, {"lab": small.LAB}, {}, **small.SETTINGS).assignments["lab"]
    theirs = small.submitted(report="\n\n".join(TEXTS))
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><g id="report"/><use href="#report"/></svg>'
    data = {"text/markdown": TEXTS[0], "text/html": "".join(TEXTS), "image/svg+xml": drawing}
    outputs = [
        {"output_type": "display_data", "data": {kind: text}, "metadata": {}} for kind, text in data.items()
    ]
    for n, text in enumerate(TEXTS):
        own = {"cell_type": "markdown", "id": f"own-{n}", "metadata": {}, "source": text}
        theirs["cells"].insert(n, own)
    for position, cell in enumerate(theirs["cells"], 1):
        if cell["cell_type"] == "code":
            cell["outputs"] = outputs
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "report":
            found = {"report": (position,), "plots": (position - 1,)}
    result = small.make_result(found=found)
    points = score(lab, small.EXERCISES, result)
    return formgrader(
        annotate_notebook(small.released(), theirs, replace(result, found=found), points), folder
    )


def test_no_foreign_id_stands_in_the_page(page: str) -> None:
    for name in IDS:
        tags = re.findall(rf"<(\w+)[^>]*\bid=[\"']?{name}[\"'\s>]", page)
        assert set(tags) <= {"input", "textarea"}, (name, tags)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_a_browser_finds_the_box_of_each_exercise(page: str, tmp_path: Path) -> None:
    found = in_browser(page, tmp_path)
    assert found.keys() == set(IDS)
    for name, element in found.items():
        assert element.startswith("INPUT.score"), (name, found)


def test_formulas_make_no_ids_and_no_links() -> None:
    shown = html.unescape(html.unescape(clean_markdown(TEXTS[4] + " $\\frac{1}{2} \\classes$")))
    assert not re.search(r"\\(cssId|href|class)\b", shown)
    assert "\\frac{1}{2} \\classes" in shown


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "java&#9;script:alert(1)", "data:text/html,x", " da\tta:text/html,x", "vbscript:x",
     "attachment:x", "JaVaScRiPt:x", "&#1;javascript:x", "/formgrader/api", "file:///etc", "blob:x"],
)  # fmt: skip
def test_only_known_schemes_are_links(link: str) -> None:
    page = clean_outputs(
        [{"output_type": "display_data", "data": {"text/html": f'<a href="{link}">here</a>'}}]
    )
    assert "href" not in json.dumps(page) and "here" in json.dumps(page)
    for known in ("https://pytorch.org", "http://x.org/a:b", "mailto:a@b.org", " HTTPS://x.org"):
        assert "href" in clean_markdown(f'<a href="{known}">x</a>')


def test_ids_of_a_drawing_are_its_own() -> None:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg"><defs><path id="plots" d="M0 0"/></defs>'
        '<g clip-path="url(#plots)"><use href="#plots"/></g></svg>'
    )
    cleaned = clean_svg(drawing)
    assert cleaned is not None
    assert 'id="svg.plots"' in cleaned and "#plots" not in cleaned
    assert cleaned.count("#svg.plots") == 2 and clean_svg(cleaned) == cleaned


def test_blanks_hide_no_code() -> None:
    say = words("en")
    hidden = "x = 1" + "\n" * 500 + "cheat()" + " " * 1000 + "; more()" + "\u3000" * 300 + "# end"
    shown = code(hidden, say)
    assert len(shown.splitlines()) < 15 and max(map(len, shown.splitlines())) < 60
    for part in ("cheat()", "; more()", "# end", "[500 blank lines]", "[1000 blanks]"):
        assert part in shown
    honest = "def f(x):\n" + "    " * 8 + "return x\n\n\n\nclass A:\n    pass"
    assert code(honest, say) == honest
