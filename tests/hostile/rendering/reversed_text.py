# DESC: bidirectional overrides, zero-width characters, tag characters and combining towers that make text look like other text
# SUCCESS: such a character in messages, page or terminal
# DETECT: result, page
# KIND: cell
# WALLS: sanitise judge
text = "\u202eerocs lluf\u202c \u2066x\u2069 \u200b\u200d\ufeff\u061c \U000e0041\U000e0042 " + "a" + "\u0301" * 500 + "\u2028line\u2029"
print(text)


def double(x):
    raise ValueError(text)
# --- check ---
def check(outcome):
    import re

    messages = [str(test["message"]) for test in outcome.result["tests"] if test["exercise"] == "double"]
    for text in messages:
        assert re.findall("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]", text) == []
    assert re.findall("[\u202a-\u202e\u2066-\u2069]", outcome.page) == []
