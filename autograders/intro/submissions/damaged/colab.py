# Came back without any metadata and cell ids, as from Colab.
# base: solution
# expected: all
# %% strip
