# DESC: scripts, event handlers, styles and frames in exception names, messages, outputs and function names
# SUCCESS: markup of the student's in the page or in formgrader's notebook
# DETECT: page
# KIND: cell
# WALLS: sanitise
html = "<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)><style>*{display:none}</style><iframe srcdoc=x></iframe></pre></td><a href=javascript:alert(1)>"
print(html)
Odd = type(html, (Exception,), {})


def double(x):
    raise Odd(html)


double.__code__ = double.__code__.replace(co_name=html)
raise Odd(html)
# --- check ---
def check(outcome):
    import re

    assert "alert(1)" in outcome.page  # it is shown, as text
    assert re.findall(r"<(?:script|img|svg[^>]*onload|iframe|a\s+href=.?javascript)", outcome.page, re.I) == []
    assert "*{display:none}" not in "".join(re.findall(r"<style[^>]*>(.*?)</style>", outcome.page, re.S))
