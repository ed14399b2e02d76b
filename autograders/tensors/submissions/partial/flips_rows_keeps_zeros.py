# mirror flips dimension 1, which is the last one only in a single image; >= keeps rows whose sum is 0.
# base: solution
# expected: all indexing=1
# %% indexing_choose
def pick(scores, labels):
    return scores[range(len(labels)), labels]

def positive_rows(X):
    return X[X.sum(dim=1) >= 0]
# %% indexing_images
def mirror(images):
    return torch.flip(images, dims=(1,))

def framed(image, value):
    image = image.clone()
    image[[0, -1], :] = value
    image[:, [0, -1]] = value
    return image
