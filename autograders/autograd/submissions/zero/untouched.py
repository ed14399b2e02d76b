# Handed in as it was released.
# base: release
# expected: none
