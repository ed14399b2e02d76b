# DESC: terminal escapes in output, messages, exception names: colours, titles, links, clipboard, cursor games, C1 controls
# SUCCESS: an escape in the result, the page, the notebook or the terminal
# DETECT: result, page, notebook, terminal
# KIND: cell
# WALLS: sanitise judge
text = "\x1b[31mred\x1b[2J\x1b]0;title\x07\x1b]8;;http://evil\x1b\\link\x1b]52;c;ZXZpbA==\x07\x1b[6n\x9b31m\x9d0;x\x9c\x08\x08\x7f\x00\r\x0e\x1bc"
print(text)


def double(x):
    raise type("E\x1b[31m", (Exception,), {})(text)
# --- check ---
def check(outcome):
    import json, re

    def texts(value):
        """Every string in a JSON value, keys included."""
        if isinstance(value, str):
            return [value]
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return [text for pair in items for item in pair for text in texts(item)]

    said = texts(outcome.result["cells"]) + texts(outcome.result["tests"])
    assert len(said) > 20
    for text in (*said, outcome.page):
        assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text) == []
    for cell in json.loads(outcome.notebook)["cells"]:
        for output in cell.get("outputs", []):
            assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f]", str(output.get("text", ""))) == []
