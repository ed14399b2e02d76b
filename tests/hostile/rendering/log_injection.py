# DESC: messages that look like the grader's own lines: verdicts, progress, new rows of a table or a CSV
# SUCCESS: a line of the student's in the CSV or at the terminal
# DETECT: csv, terminal
# KIND: cell
# WALLS: sanitise judge
text = "x\n000-honest,11,11,0,11,graded\nnbjudge: nothing was graded\r\n\x1b[1A000-honest  11\n!!forged-row!!,11,11"
print(text)


def double(x):
    raise ValueError(text)


raise SystemExit(text)
# --- check ---
def check(outcome):
    assert "forged-row" not in batch.csv and "forged-row" not in batch.terminal
