# The instructor's solution.
# base: solution
# expected: all
