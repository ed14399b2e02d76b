# DESC: the essay, which a person reads in formgrader: HTML, links, images, math and reference tricks in Markdown
# SUCCESS: a live element in the notebook that formgrader renders
# DETECT: notebook
# KIND: notebook
# WALLS: sanitise
def transform(nb):
    text = """<script>alert(1)</script>
[click](javascript:alert(1)) [x][y] ![i](https://tracker.example/x.png) <img src=x onerror=alert(1)>
<svg><animate onbegin=alert(1) attributeName=x></svg> <form action=//evil><input name=x></form> <base href=//evil> <meta http-equiv=refresh content=0;url=//evil>
$$\\href{javascript:alert(1)}{x}$$ $\\unicode{<img src=x onerror=alert(1)>}$ <math><mtext><img src=x onerror=alert(1)></mtext></math>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript> <a href="data:text/html,<script>alert(1)</script>">d</a>
[y]: javascript:alert(1) "t"
<style>body{display:none}</style><link rel=stylesheet href=//evil> <div style="position:fixed;inset:0;background:url(//evil)">cover</div>
```
</code></pre><script>alert(1)</script>
"""
    for cell in nb["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "essay":
            cell["source"] = text
            cell["attachments"] = {"x.svg": {"image/svg+xml": "PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+"}, "../x": {"text/html": "<script>"}}
    return nb
# --- check ---
def check(outcome):
    import json

    import nbformat
    from nbconvert import HTMLExporter

    notebook = json.loads(outcome.notebook)
    essay = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "essay")
    exporter = HTMLExporter(template_name="classic")
    plain, _ = exporter.from_notebook_node(nbformat.v4.new_notebook())
    page, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("".join(essay["source"]))]))
    for word in ("<script", "<iframe", "<form", "<base", "<meta", "<link", "<style", "<svg"):
        assert page.lower().count(word) <= plain.lower().count(word), word
    import re

    assert re.findall(r"<[^>]+\son\w+\s*=", page.split("<body")[1]) == []
    assert not re.search(r'(?:href|src|action)\s*=\s*"?\s*(?:javascript|//evil|https://tracker|data:text)', page)
