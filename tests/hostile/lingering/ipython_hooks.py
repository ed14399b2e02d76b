# DESC: IPython's events, input transformers and magics that answer for later cells
# SUCCESS: points for inline
# DETECT: score
# KIND: cell
# WALLS: process wire
shell = get_ipython()
for event in ("pre_run_cell", "post_run_cell", "pre_execute", "post_execute"):
    shell.events.register(event, lambda *a: shell.user_ns.update(out=6, double=lambda x: 6))
shell.input_transformers_cleanup.append(lambda lines: ["out = x * 0 + 6\n"])
shell.transform_cell = lambda source: "out = 6\ndef double(x): return 7\n"
# --- check ---
def check(outcome):
    assert outcome.scores["inline"] == 0
