# torch.func and torch.autograd.grad instead of backward, decorators instead of with.
# base: solution
# expected: all
# %% derivative_hand
by_hand = lambda x: x + x + 5.0
# %% derivative_autograd
def derivative(f, x):
    return torch.func.vjp(f, x)[1](torch.ones_like(x))[0]
# %% leaves_which
def receives_grad(t):
    if not t.requires_grad:
        return False
    return t.grad_fn is None or t.retains_grad
# %% leaves_neuron
def neuron_gradients(x, y, w1, w0):
    weights = torch.stack([w1, w0]).requires_grad_()
    s = weights[0] * x + weights[1]
    sigma = s.sigmoid()
    loss = nn.functional.mse_loss(sigma, y)
    weights_grad, s_grad, sigma_grad = torch.autograd.grad(loss, (weights, s, sigma))
    return dict(w1=weights_grad[0], w0=weights_grad[1], s=s_grad, sigma=sigma_grad)
# %% accumulation_pieces
def accumulated_gradient(w, X, y, size):
    if w.grad is not None:
        w.grad.zero_()
    for rows, answers in zip(X.split(size), y.split(size)):
        loss = nn.functional.mse_loss(rows @ w, answers) * len(rows) / len(X)
        loss.backward()
    return w.grad.clone()
# %% accumulation_descent
def minimise(f, start, steps, lr):
    gradient = torch.func.grad(f)
    point = start
    for _ in range(steps):
        point = point - lr * gradient(point)
    return point
# %% vjp_product
def vjp(f, x, v):
    return torch.autograd.functional.vjp(f, x, v)[1]
# %% vjp_jacobian
def jacobian(f, x):
    return torch.func.jacrev(f)(x)
# %% no-grad_modules
@torch.inference_mode()
def predict(model, x):
    return model(x)

def apply_head(features, head, x):
    return head(features(x).detach())
# %% no-grad_tensors
class Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, grad):
        return grad

straight_through = Round.apply

def for_training(t):
    return torch.empty_like(t).copy_(t) if not t.is_inference() else torch.tensor(t.tolist(), dtype=t.dtype)
# %% loop_doubling
def doubled(x, limit, count=0):
    if torch.linalg.vector_norm(x) >= limit:
        return x, count
    return doubled(x + x, limit, count + 1)

def doubling_gradient(x, limit):
    return torch.func.grad(lambda t: doubled(t, limit)[0].mean())(x)
# %% function_swish
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return nn.functional.silu(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        [x] = ctx.saved_tensors
        e = torch.exp(-x)
        return grad * (1 + e + x * e) / (1 + e) ** 2
# %% function_check
from torch.autograd import gradcheck

def gradient_is_right(f, x):
    try:
        return gradcheck(f, x.detach().double().requires_grad_(True))
    except Exception:
        return False
# %% backprop_layers
def linear_backward(X, W, G):
    grad_X = torch.einsum("nk,dk->nd", G, W)
    grad_W = torch.einsum("nd,nk->dk", X, G)
    return [grad_X, grad_W, torch.ones(len(G), dtype=G.dtype) @ G]

def tanh_backward(A, G):
    return (1 - A) * (1 + A) * G
