# Adds up the means of the pieces divided by their number: wrong where the last piece is smaller.
# base: solution
# expected: all accumulation=1.2
# %% accumulation_pieces
def accumulated_gradient(w, X, y, size):
    w.grad = None
    pieces = list(zip(X.split(size), y.split(size)))
    for rows, answers in pieces:
        (((rows @ w - answers) ** 2).mean() / len(pieces)).backward()
    return w.grad
