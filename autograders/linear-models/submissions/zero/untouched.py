# Handed in as it was given out.
# base: release
# expected: none
