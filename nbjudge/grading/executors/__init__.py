"""Where judges run: a dictionary of functions, one for each kind of machine."""
