# The course's own solution.
# base: solution
# expected: all
