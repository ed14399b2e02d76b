"""What Jupyter shows, a person sees or is told of: pictures in every form, progress bars, plots that need JavaScript."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import small_course as small

from nbjudge.feedback.outputs import clean_outputs
from nbjudge.feedback.pictures import clean_svg
from nbjudge.feedback.sanitise import MAX_MARKDOWN, clean_markdown
from nbjudge.feedback.terminal import as_on_screen
from nbjudge.languages import available, words

PNG = small.PNG
GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
LARGE = base64.b64encode(base64.b64decode(PNG) + bytes(300_000)).decode()
IMAGE = f'<img src="data:image/png;base64,{PNG}"'
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="3" height="3"/></svg>'


def display(**data: Any) -> dict[str, Any]:
    names = {name.replace("__", "/"): value for name, value in data.items()}
    return {"output_type": "display_data", "data": names, "metadata": {}}


def printed(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def seen(*outputs: dict[str, Any]) -> str:
    """Everything that is shown of the outputs."""
    parts = []
    for output in clean_outputs(list(outputs)):
        parts += [output.get("text", ""), *output.get("data", {}).values()]
    return "\n".join(parts)


# Pictures in Markdown


NAMES = ["image.png", "My plot.png", "Снимок экрана 2027-02-01.png", "a%20b.png", "100%.png", "i(1).png", "й.png",
         "Screenshot at 3.04\u202fPM.png", "x&y.png", "'q'.png"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("link", [quote, lambda name: quote(name, safe="%()&'"), str])
def test_an_attachment_of_any_name_is_shown(name: str, link: Any) -> None:
    if link is str and re.search(r"%|[\u202f]", name):
        return  # no link in any Markdown
    shown = clean_markdown(f"See ![{name}](attachment:{link(name)})", {name: {"image/png": PNG}})
    assert IMAGE in shown


def test_an_attachment_whose_name_another_system_wrote_apart_is_shown() -> None:
    import unicodedata

    apart = unicodedata.normalize("NFD", "й.png")
    assert IMAGE in clean_markdown(f"![x](attachment:{quote('й.png')})", {apart: {"image/png": PNG}})


@pytest.mark.parametrize(
    "source",
    [
        f"![x](data:image/png;base64,{PNG})",
        f'![x](data:image/png;base64,{PNG} "title")',
        f'<img src="data:image/png;base64,{PNG}" width="300">',
        f"<img src='data:image/png;charset=utf-8;base64,{PNG}'>",
        f'<img alt="a > b" src="DATA:image/png;base64,{PNG[:40]}\n{PNG[40:]}"/>',
        f"<center>\n<img src=data:image/png;base64,{PNG}>\n</center>",
        '<img src="attachment:a.png" width=300>',
        "[![x](attachment:a.png)](https://pytorch.org)",
        "![x][ref]\n\n[ref]: attachment:a.png",
    ],
    ids=lambda source: source[:30],
)
def test_a_picture_in_markdown_or_html_is_shown(source: str) -> None:
    shown = clean_markdown(f"before\n\n{source}\n\nAFTER", {"a.png": {"image/png": PNG}})
    assert re.search(rf'<img [^>]*src="data:image/png;base64,{re.escape(PNG)}"', shown)
    assert "AFTER" in shown
    assert "cannot be shown" not in shown


def test_a_large_picture_in_markdown_does_not_cost_what_follows() -> None:
    shown = clean_markdown(f"before\n\n![x](data:image/png;base64,{LARGE})\n\nAFTER")
    assert LARGE in shown and "AFTER" in shown


def test_drawings_and_animations_are_shown_in_markdown() -> None:
    drawing = base64.b64encode(SQUARE.encode()).decode()
    shown = clean_markdown(f"![x](data:image/svg+xml;base64,{drawing})")
    assert 'src="data:image/svg+xml;base64,' in shown
    assert f"data:image/gif;base64,{GIF}" in clean_markdown("![x](attachment:a)", {"a": {"image/gif": GIF}})
    assert "svg+xml;base64" in clean_markdown("![x](attachment:a)", {"a": {"image/svg+xml": SQUARE}})


@pytest.mark.parametrize(
    "source",
    ["![x](attachment:gone.png)", "![x](https://a.example/x.png)", "![x](plot.png)", "<img alt='>' src=x>",
     "![x](data:image/png;base64,AAAA)", "![x](data:image/tiff;base64,AAAA)", "![x](file:///x.png)"],
)  # fmt: skip
def test_a_picture_that_is_not_shown_is_named(source: str) -> None:
    shown = clean_markdown(f"text {source} text")
    assert shown.count("[a picture cannot be shown here") == (0 if "file:" in source else 1)
    assert "file:" not in source or source in shown


def test_one_picture_shown_a_thousand_times_stays_within_bounds() -> None:
    big = base64.b64encode(base64.b64decode(PNG) + bytes(4 << 20)).decode()
    started = time.monotonic()
    shown = clean_markdown("![x](attachment:a)\n\n" * 1000, {"a": {"image/png": big}})
    assert len(shown) < 20 << 20
    assert shown.count("cannot be shown") == 998
    assert time.monotonic() - started < 20


def test_a_long_answer_is_shown_to_its_end_as_text() -> None:
    shown = clean_markdown("# Why\n\n" + "word *b* <u>u</u>\n" * (MAX_MARKDOWN // 10) + "THE END")
    assert "THE END" in shown and "<h1>Why</h1>" in shown
    assert "&lt;u&gt;" in shown  # below the limit nothing is rendered
    assert "\n" not in shown


# Pictures among outputs


@pytest.mark.parametrize(
    "output",
    [
        display(image__png=PNG),
        display(text__html=f'<img src="data:image/png;base64,{PNG}" width="640">'),  # %matplotlib notebook
        display(
            text__html=f"<div><b>Figure</b><img src='data:image/png;base64,{PNG}' width=640.0/></div>",
            **{"application__vnd.jupyter.widget-view+json": {"model_id": "x"}},
        ),  # %matplotlib widget
        display(image__png=PNG, text__html="<div></div><script>x</script>"),
        display(
            image__png=PNG,
            text__html="<div>Loading</div>",
            **{"application__vnd.plotly.v1+json": {"data": []}},
        ),
        display(image__png=PNG, text__plain="<Figure>", **{"application__vnd.vegalite.v5+json": {}}),
    ],
)
def test_a_picture_is_shown_in_every_form(output: dict[str, Any]) -> None:
    [only] = clean_outputs([output])
    assert PNG in json.dumps(only["data"])
    assert ("text/html" in only["data"]) == (IMAGE in only["data"].get("text/html", ""))
    assert "cannot be shown" not in json.dumps(only)


def test_a_large_picture_in_html_does_not_cost_what_follows() -> None:
    shown = seen(display(text__html=f'<img src="data:image/png;base64,{LARGE}"><p>AFTER</p>'))
    assert LARGE in shown and "AFTER" in shown


def test_gif_and_webp_are_shown_where_renderers_know_only_png() -> None:
    [only] = clean_outputs([display(image__gif=GIF, text__plain="<Image>")])
    assert only["data"]["text/html"] == f'<img src="data:image/gif;base64,{GIF}">'


def test_digits_in_a_drawing_are_shown() -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    axes.imshow([[1, 2], [3, 4]])
    file = io.StringIO()
    figure.savefig(file, format="svg")
    plt.close(figure)
    cleaned = clean_svg(file.getvalue())
    assert cleaned is not None
    assert cleaned.count("<image ") == file.getvalue().count("<image ") == 1
    assert 'xlink:href="data:image/png;base64,iVBOR' in cleaned
    assert clean_svg(cleaned) == cleaned


@pytest.mark.parametrize(
    ("output", "what"),
    [
        (display(**{"application__vnd.plotly.v1+json": {"data": []}, "text__html": "<div></div>"}), "Plotly"),
        (display(text__html="<div id=x></div><script>Plotly.newPlot('x')</script>"), "Plotly"),
        (display(**{"application__vnd.vegalite.v5+json": {}}), "interactive chart"),
        (display(**{"application__vnd.bokehjs_exec.v0+json": ""}), "interactive chart"),
        (
            display(text__plain="HBox()", **{"application__vnd.jupyter.widget-view+json": {"model_id": "x"}}),
            "widget",
        ),
        (display(text__html="<video controls><source src='data:video/mp4;base64,AAAA'></video>"), "a video"),
        (display(video__mp4="AAAA", text__plain="<Video>"), "a video"),
        (display(text__html="<audio controls src='data:audio/wav;base64,AAAA'></audio>"), "a sound"),
        (display(text__html="<iframe src='https://tensorboard'></iframe>"), "another page"),
        (display(text__html="<div></div><script>x()</script>"), "JavaScript"),
        (display(application__javascript="x()"), "JavaScript"),
        (display(application__pdf="JVBERi0="), "a PDF"),
        (display(image__png="AAAA"), "a picture"),
        (display(image__png=PNG[:-5], text__plain="<Figure>"), "a picture"),
        (display(**{"image__svg+xml": "<svg>"}), "a picture"),
        (display(image__tiff="AAAA"), "an output"),
    ],
)
def test_what_is_not_shown_is_named(output: dict[str, Any], what: str) -> None:
    line = re.search(r"\[(.*) cannot be shown here: see the file that was handed in\]", seen(output))
    assert line and what in line[1]


def test_what_is_not_shown_is_named_once_and_in_the_readers_language() -> None:
    plots = [display(**{"application__vnd.plotly.v1+json": {}})] * 9
    for language in available():
        [line] = clean_outputs(plots, words(language))
        assert line["text"].strip() == words(language)(
            "cannot_be_shown", what=words(language).texts["not_shown"]["plotly"]
        )


@pytest.fixture(scope="module")
def animation() -> str:
    """A page that plays three pictures, as matplotlib's `to_jshtml` makes it."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt
    from matplotlib.animation import FuncAnimation

    figure, axes = plt.subplots(figsize=(2, 1))
    (line,) = axes.plot([0, 1])
    made = FuncAnimation(figure, lambda n: line.set_ydata([n, 1]), frames=3)
    page: str = made.to_jshtml()
    plt.close(figure)
    return page


def test_of_an_animation_the_first_picture_is_shown_and_it_is_named(animation: str) -> None:
    picture, note = clean_outputs([display(text__html=animation, text__plain="<HTML object>")])
    assert re.fullmatch('<img src="data:image/png;base64,[A-Za-z0-9+/=]+">', picture["data"]["text/html"])
    assert note["text"] == "[an animation cannot be shown here: see the file that was handed in]\n"


@pytest.mark.parametrize(
    "first", ["", "frame0.png", "data:image/png;base64,AAAA", 'data:image/png;base64,"><script>x()</script>']
)
def test_an_animation_without_a_first_picture_is_named(first: str) -> None:
    page = f'<div>Once Loop</div><script>frames[0] = "{first}"\nnew Animation(frames)</script>'
    assert seen(display(text__html=page)).startswith("[an animation cannot be shown here")


def test_a_table_beside_a_script_needs_no_word() -> None:
    shown = seen(display(text__html="<table><tr><td>1</td></tr></table><script>sort()</script>"))
    assert "<td>1</td>" in shown and "cannot be shown" not in shown


def test_a_formula_is_shown_as_text() -> None:
    assert "\\frac{1}{2}" in seen(display(text__latex="$\\frac{1}{2}$"))


def test_the_first_and_the_last_of_many_pictures_are_shown() -> None:
    outputs = [
        display(image__png=base64.b64encode(base64.b64decode(PNG) + bytes([n])).decode()) for n in range(200)
    ]
    shown = seen(*outputs)
    assert outputs[0]["data"]["image/png"] in shown and outputs[-1]["data"]["image/png"] in shown
    assert "150 outputs are not shown" in shown


def test_pictures_are_shown_however_many_lines_were_printed() -> None:
    shown = seen(*[printed(f"{n}\n") for n in range(900)], display(image__png=PNG), printed("end"))
    assert PNG in shown and "\n899\n" in shown and "not shown" not in shown


def test_large_outputs_keep_both_ends() -> None:
    big = base64.b64encode(base64.b64decode(PNG) + bytes(5 << 20)).decode()
    outputs = [display(image__png=big), *[display(image__png=big, text__plain=str(n)) for n in range(5)]]
    cleaned = clean_outputs([*outputs, display(image__png=PNG)])
    assert cleaned[0]["data"]["image/png"] == big and cleaned[-1]["data"]["image/png"] == PNG
    assert sum(len(json.dumps(output)) for output in cleaned) < 17 << 20


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    shown = seen(printed("START" + "x" * 300_000 + "END"))
    assert shown.startswith("START") and shown.endswith("END") and len(shown) < 101_000
    assert "[200,008 characters are not shown]" in shown


# Text as a terminal shows it


@pytest.mark.parametrize(
    ("text", "screen"),
    [
        ("plain\n\ttext\n", "plain\n\ttext\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("\r  0%|\r 50%|\r100%|\n", "100%|\n"),
        ("long line\rshort", "shortline"),
        ("12345\r\x1b[Kab", "ab"),
        ("12345\x1b[2K\rab", "ab"),
        ("1/2 [=>]\x08\x08\x08\x08\x08\x08\x08\x082/2 [==]\n", "2/2 [==]\n"),
        ("\x1b[32mok\x1b[0m \x1b[1;38;5;208mred\x1b[m", "ok red"),
        ("\x1b]8;;https://a.example\x1b\\link\x1b]8;;\x07 \x1b]0;title\x07x", "link x"),
        ("one\ntwo\x1b[1A\rONE", "ONE\ntwo"),
        ("0: 0%\n1: 0%\x1b[A\r0: 9%\n\r1: 9%\x1b[A\r0: 10%\n\r1: 10%\n", "0: 10%\n1: 10%\n"),
        ("xyz\x1b[2Dy\x1b[Cw\x1b[1Ga", "ayzw"),
        ("\x1b[999999999999Ax\x1b[;;Hy\x1b[", "xy["),
        ("\x08\x08a\x1b", "a"),
    ],
)
def test_text_is_as_a_terminal_shows_it(text: str, screen: str) -> None:
    assert as_on_screen(text) == screen


def test_a_progress_bar_in_many_outputs_is_one_line() -> None:
    bars = [printed(f"\r{n:3}%|{'█' * (n // 10):10}|", "stderr") for n in range(101)]
    shown = seen(*bars, printed("\ndone\n", "stderr"))
    assert shown == "100%|██████████|\ndone\n"


def test_an_error_keeps_its_text_without_its_colours() -> None:
    trace = ["\x1b[0;31m----\x1b[0m", "\x1b[0;31mValueError\x1b[0m: no"]
    assert (
        seen({"output_type": "error", "ename": "x", "evalue": "y", "traceback": trace})
        == "----\nValueError: no"
    )


@given(st.text(st.sampled_from("ab\r\n\x08\x1b[];0129AKmCG ?\x07\\"), max_size=80))
def test_no_text_keeps_a_control_character_that_moves(text: str) -> None:
    assert not re.search("[\r\x08\x1b]", as_on_screen(text))


MEGABYTE = 1 << 20
LONG_TEXTS = {
    "carriage returns after a long line": "x" * (MEGABYTE // 2) + "\ry" * (MEGABYTE // 4),
    "backspaces": "x\x08" * (MEGABYTE // 2),
    "erased lines": "xy\x1b[1D\x1b[K" * (MEGABYTE // 9),
    "lines up": "x\n\x1b[A" * (MEGABYTE // 5),
    "far to the right": "\x1b[1000Cx\r" * (MEGABYTE // 9),
    "always further right": "\x1b[1000C" * (MEGABYTE // 7) + "x",
    "links that never end": "\x1b]8;;" * (MEGABYTE // 5),
    "unfinished sequences": "\x1b[;" * (MEGABYTE // 3),
    "data URLs that never start": "data:image/png;base64," * (MEGABYTE // 22),
    "data URLs with parameters": "data:a/b;" + "x;" * (MEGABYTE // 2),
    "spaced data": "data:a/b;base64," + "A " * (MEGABYTE // 2),
    "tags": "<img " * (MEGABYTE // 5),
    "pictures": '<img src="data:image/png;base64,AAAA">' * (MEGABYTE // 40),
    "videos": "<video" * (MEGABYTE // 6),
}


@pytest.mark.parametrize("name", LONG_TEXTS)
def test_a_megabyte_takes_no_longer_than_it_should(name: str) -> None:
    text, started = LONG_TEXTS[name], time.process_time()
    clean_outputs([printed(text), display(text__html=text, text__markdown=text, text__plain=text)])
    clean_markdown(text, {f"a b{n}": {"image/png": PNG} for n in range(1000)})
    assert time.process_time() - started < 20
