# An import that fails stands in a cell of the student's own and in a solution; all else is right.
# base: solution
# expected: all sin2-cos2=0.6
# %% + after imports
import a_package_that_nobody_has
# %% sin2-cos2_inline
import a_package_that_nobody_has
out = torch.sin(x) ** 2 + torch.cos(x) ** 2
