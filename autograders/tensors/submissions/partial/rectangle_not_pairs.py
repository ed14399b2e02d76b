# scores[:, labels] chooses columns: n × n numbers. framed writes into the given image.
# base: solution
# expected: all indexing=1
# %% indexing_choose
def pick(scores, labels):
    return scores[:, labels]

def positive_rows(X):
    return X[X.sum(dim=1) > 0]
# %% indexing_images
def mirror(images):
    return images.flip(-1)

def framed(image, value):
    image[0, :] = image[-1, :] = value
    image[:, 0] = image[:, -1] = value
    return image
