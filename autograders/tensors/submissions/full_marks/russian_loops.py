# The Russian notebook, plain loops, cells of the student's own.
# base: solution ru
# expected: all
# %% + after imports
!nvidia-smi
import math
# %% creation_inline
# создаём тензоры
numbers = [3, 1, 4, 1, 5, 9, 2, 6]
ints = torch.tensor(numbers, dtype=torch.int64)
floats = torch.tensor([float(число) for число in numbers])
grid = torch.linspace(0., 1., steps=ints.numel(), dtype=torch.float64)
print(ints, floats, grid)
# %% creation_average
def average(x):
    x = x.double()
    return x.sum() / x.numel()
# %% + after memory-demo
проверка = torch.zeros(3)
print(проверка.untyped_storage())
# %% memory_storage
def same_storage(a, b):
    ответ = False
    if a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr():
        ответ = True
    return ответ
# %% memory_rescale
def rescale_(x):
    минимум = x.min().item()
    максимум = x.max().item()
    x[...] = (x - минимум) / (максимум - минимум)
    return x

def rescaled(x):
    y = x.clone()
    rescale_(y)
    return y
# %% indexing_choose
def pick(scores, labels):
    ответ = []
    for строка, метка in zip(scores, labels):
        ответ.append(строка[метка])
    return torch.stack(ответ)

def positive_rows(X):
    маска = torch.sum(X, axis=1) > 0
    return X[маска, :]
# %% indexing_images
def mirror(images):
    return torch.flip(images, dims=[images.dim() - 1])

def framed(image, value):
    рамка = torch.full_like(image, value)
    рамка[1:-1, 1:-1] = image[1:-1, 1:-1]
    return рамка
# %% reshape_rows
def flat_rows(x):
    try:
        return x.view(x.shape[0], -1)
    except RuntimeError:
        return x.contiguous().view(x.shape[0], -1)

def reshape_copies(x, shape):
    return x.reshape(shape).untyped_storage().data_ptr() != x.untyped_storage().data_ptr()
# %% reshape_patches
def patches(image, size):
    куски = []
    for y in range(0, image.shape[0], size):
        for x in range(0, image.shape[1], size):
            куски.append(image[y:y + size, x:x + size])
    return torch.stack(куски)
# %% joining_batch
def as_batch(images):
    h, w = images[0].shape
    batch = torch.zeros(len(images), 1, h, w)
    for i, image in enumerate(images):
        batch[i, 0] = image
    return batch

def unbatch(batch):
    return [batch[i, 0, :, :] for i in range(len(batch))]
# %% joining_ones
def add_ones(X):
    единицы = torch.ones((X.shape[0], 1)).to(X.dtype)
    return torch.hstack((X, единицы))
# %% broadcasting_rows
def row_shares(X):
    return (X.T / X.sum(1)).T

def normalise(images, mean, std):
    result = torch.empty_like(images)
    for c in range(images.shape[1]):
        result[:, c] = (images[:, c] - mean[c]) / std[c]
    return result
# %% broadcasting_distances
def distances(A, B):
    D = torch.zeros(len(A), len(B), dtype=A.dtype)
    for i in range(len(A)):
        for j in range(len(B)):
            D[i, j] = torch.norm(A[i] - B[j])
    return D
# %% matmul_vectors
def apply_each(matrices, vectors):
    return (matrices * vectors[:, None, :]).sum(-1)
# %% matmul_gram
def gram(X):
    return torch.matmul(X, X.mT)
# %% device_pick
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")

def pick_device():
    if torch.cuda.is_available():
        return torch.device("cuda:0")
    else:
        return torch.device("cpu")
# %% device_move
def move_batch(batch, device):
    новый = {}
    for ключ, значение in batch.items():
        try:
            новый[ключ] = значение.to(device)
        except AttributeError:
            новый[ключ] = значение
    return новый
