# The Russian notebook, backward everywhere, step by step, with cells of the student's own.
# base: solution ru
# expected: all
# %% + after imports
!pip install --quiet torchviz
import math
# %% derivative_autograd
def derivative(f, x):
    копия = x.clone()
    копия.requires_grad = True
    z = f(копия)
    z.backward(torch.ones_like(z))
    return копия.grad
# %% leaves_which
def receives_grad(t):
    ответ = False
    if t.requires_grad:
        if t.is_leaf:
            ответ = True
        elif t.retains_grad:
            ответ = True
    return ответ
# %% leaves_neuron
def neuron_gradients(x, y, w1, w0):
    w1 = w1.clone().requires_grad_(True)
    w0 = w0.clone().requires_grad_(True)
    a = x * w1
    s = a + w0
    sigma = 1 / (1 + torch.exp(-s))
    for промежуточный in (a, s, sigma):
        промежуточный.retain_grad()
    ошибка = torch.mean((sigma - y) ** 2)
    ошибка.backward()
    return {"w1": w1.grad, "w0": w0.grad, "s": s.grad, "sigma": sigma.grad}
# %% + after leaves
проверка = neuron_gradients(torch.ones(1), torch.ones(1), torch.tensor(0.417), torch.tensor(0.72))
print(проверка)
# %% accumulation_pieces
def accumulated_gradient(w, X, y, size):
    # обнуляем старый градиент
    w.grad = torch.zeros_like(w)
    n = len(X)
    i = 0
    while i < n:
        ошибка = X[i:i + size].mv(w) - y[i:i + size]
        потери = (ошибка ** 2).sum() / n
        потери.backward()
        i += size
    return w.grad
# %% accumulation_descent
def minimise(f, start, steps, lr):
    точка = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.SGD([точка], lr=lr)
    for шаг in range(steps):
        optimizer.zero_grad()
        f(точка).backward()
        optimizer.step()
    return точка.data
# %% vjp_product
def vjp(f, x, v):
    x = x.clone().requires_grad_(True)
    y = f(x)
    y.backward(v)
    return x.grad
# %% vjp_jacobian
def jacobian(f, x):
    x = x.clone().requires_grad_(True)
    y = f(x)
    J = torch.zeros(len(y), len(x), dtype=x.dtype)
    for i in range(len(y)):
        x.grad = None
        y[i].backward(retain_graph=True)
        J[i] = x.grad
    return J
# %% no-grad_modules
def predict(model, x):
    torch.set_grad_enabled(False)
    try:
        результат = model(x)
    finally:
        torch.set_grad_enabled(True)
    return результат

def apply_head(features, head, x):
    with torch.no_grad():
        признаки = features(x)
    return head(признаки)
# %% no-grad_tensors
def straight_through(x):
    with torch.no_grad():
        поправка = torch.round(x) - x
    return x + поправка

def for_training(t):
    return t.detach().clone()
# %% loop_doubling
def doubled(x, limit):
    раз = 0
    while torch.norm(x).item() < limit:
        x = 2 * x
        раз = раз + 1
    return x, раз

def doubling_gradient(x, limit):
    x = x.clone().requires_grad_()
    y = x
    y, раз = doubled(y, limit)
    z = y.mean()
    z.backward()
    return x.grad
# %% function_swish
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x / (1 + torch.exp(-x))

    @staticmethod
    def backward(ctx, градиент):
        x, = ctx.saved_tensors
        s = torch.sigmoid(x)
        y = x * s
        return градиент * (y + s * (1 - y))
# %% function_check
def gradient_is_right(f, x):
    x = x.clone().double()
    x.requires_grad = True
    try:
        torch.autograd.gradcheck(f, [x], eps=1e-6, atol=1e-4)
    except RuntimeError as ошибка:
        print(ошибка)
        return False
    return True
# %% backprop_layers
def linear_backward(X, W, G):
    dX = torch.mm(G, W.t())
    dW = torch.mm(X.t(), G)
    db = G.sum(0)
    return dX, dW, db

def tanh_backward(A, G):
    производная = 1 - A * A
    return производная * G
# %% backprop_network
def network_gradients(X, Y, W1, b1, W2, b2):
    n, k = Y.shape
    Z = X @ W1 + b1
    A = torch.tanh(Z)
    Y_pred = A @ W2 + b2
    E = ((Y_pred - Y) ** 2).sum() / (n * k)
    # обратный проход
    dY = 2 / (n * k) * (Y_pred - Y)
    dW2 = A.T @ dY
    db2 = dY.sum(dim=0)
    dA = dY @ W2.T
    dZ = dA * (1 - A ** 2)
    dW1 = X.T @ dZ
    db1 = dZ.sum(dim=0)
    return E, dW1, db1, dW2, db2
