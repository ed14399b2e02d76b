# Other functions of PyTorch for nearly everything: gather, narrow, unfold, cdist, einsum, concat.
# base: solution
# expected: all
# %% creation_inline
ints = torch.as_tensor(numbers, dtype=torch.long)
floats = torch.FloatTensor(numbers)
grid = torch.arange(len(numbers)).double() / (len(numbers) - 1)
# %% creation_average
def average(x):
    return torch.mean(x, dtype=torch.double)
# %% memory_numpy
shared = torch.as_tensor
copied = lambda array: torch.from_numpy(array.copy())
# %% memory_storage
def same_storage(a, b):
    start = lambda t: t.data_ptr() - t.storage_offset() * t.element_size()
    return start(a) == start(b)
# %% memory_rescale
def rescale_(x):
    low, high = torch.aminmax(x)
    x -= low
    x /= high - low
    return x

def rescaled(x):
    return rescale_(x.clone())
# %% indexing_choose
def pick(scores, labels):
    return torch.gather(scores, 1, labels[:, None])[:, 0]

def positive_rows(X):
    kept = torch.nonzero(X.sum(-1).gt(0)).flatten()
    return X.index_select(0, kept)
# %% indexing_images
def mirror(images):
    return images[..., torch.arange(images.shape[-1] - 1, -1, -1)]

def framed(image, value):
    return torch.nn.functional.pad(image[1:-1, 1:-1], (1, 1, 1, 1), value=value)
# %% reshape_rows
def flat_rows(x):
    return x.flatten(start_dim=1)

def reshape_copies(x, shape):
    try:
        x.view(shape)
    except RuntimeError:
        return True
    return False
# %% reshape_patches
def patches(image, size):
    return image.unfold(0, size, size).unfold(1, size, size).flatten(0, 1)
# %% joining_batch
def as_batch(images):
    return torch.cat([image[None, None] for image in images])

def unbatch(batch):
    return [image[0] for image in batch]
# %% joining_ones
def add_ones(X):
    return torch.nn.functional.pad(X, (0, 1), value=1)
# %% broadcasting_rows
def row_shares(X):
    return torch.nn.functional.normalize(X, p=1, dim=1)

def normalise(images, mean, std):
    shape = (1, -1, 1, 1)
    return images.sub(mean.view(shape)).div(std.view(shape))
# %% broadcasting_distances
distances = torch.cdist
# %% matmul_vectors
def apply_each(matrices, vectors):
    return torch.einsum("bnm,bm->bn", matrices, vectors)
# %% matmul_gram
def gram(X):
    return torch.einsum("...id,...jd->...ij", X, X)
# %% device_pick
def pick_device():
    if torch.cuda.device_count() > 0:
        return torch.device("cuda", 0)
    return torch.device("cpu")
# %% device_move
def move_batch(batch, device):
    moved = dict(batch)
    for key in moved:
        if torch.is_tensor(moved[key]):
            moved[key] = moved[key].to(device, non_blocking=True)
    return moved
