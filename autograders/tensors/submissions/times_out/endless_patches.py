# An endless loop in one function. The other functions and exercises keep their points.
# base: solution
# expected: all reshape=1
# %% reshape_patches
def patches(image, size):
    top, found = 0, []
    while top < image.shape[0]:
        found.append(image[top : top + size, :size])
    return torch.stack(found)
