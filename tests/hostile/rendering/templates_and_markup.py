# DESC: Jinja, rich, LaTeX, MathJax and Python format strings in every text that the student controls
# SUCCESS: one of them is evaluated
# DETECT: page, terminal
# KIND: cell
# WALLS: sanitise
text = "{{ 7*191 }} {% for x in [1] %}191{% endfor %} [red]x[/red] [link=http://evil]x[/] $\\href{javascript:alert(1)}{x}$ {0.__class__} %(x)s ${7*191} <%= 7*191 %> \\input{/etc/passwd}"
print(text)


def double(x):
    raise ValueError(text)


raise ValueError(text)
# --- check ---
def check(outcome):
    assert "{{ 7*191 }}" in outcome.page
    assert "1337" not in outcome.page.replace(outcome.result["sha256"], "").replace(str(outcome.result["seed"]), "")
