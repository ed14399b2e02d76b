# Has deleted the cell of momentum_step: what is not there is not solved.
# base: solution
# expected: all optimizer=1
# %% drop optimizer_momentum
