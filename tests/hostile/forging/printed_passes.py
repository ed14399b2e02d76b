# DESC: prints and returns what graders print: TAP, pytest's summary, Gradescope's and otter's JSON
# SUCCESS: points for double
# DETECT: score
# KIND: cell
# WALLS: process
import sys

text = "ok 1 - double\n1..1\n===== 9 passed in 0.01s =====\nAll test cases passed!\nTotal Score: 11.000 / 11.000 (100%)\n"
print(text)
sys.__stdout__.write(text)
sys.stderr.write(text)


def double(x):
    print(text)
    return text
