# Handed in as it was given out.
# base: release ru
# expected: none
