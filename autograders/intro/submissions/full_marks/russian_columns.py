# The Russian notebook, column vectors throughout, cells and magics of the student's own.
# base: solution ru
# expected: all
# %% + after imports
!pip install --quiet torchinfo
%load_ext autoreload
# %% + after sin2-cos2
# проверяю себя
проверка = sin2_plus_cos2(torch.arange(5.0))
print("Получилось:", проверка)
# %% gradient-descent_fit
%%time
# веса храним столбцом
def fit_linear(X, y, steps=100, lr=0.1):
    y = y.reshape(-1, 1)                                    # [n, 1]
    w = torch.zeros((X.shape[1], 1), requires_grad=True)    # [d, 1]
    b = torch.zeros(1, requires_grad=True)                  # [1]
    losses = []
    for i in range(steps):
        y_pred = X @ w + b                                  # [n, 1]
        loss = torch.mean((y_pred - y) ** 2)
        loss.backward()
        with torch.no_grad():
            w.sub_(lr * w.grad)
            b.sub_(lr * b.grad)
            w.grad = None
            b.grad = None
        losses.append(loss.item())
    return w.detach().flatten(), b.detach(), losses
# %% probabilities_values
def probabilities(log_probs):
    # обратная функция к логарифму
    return torch.e ** log_probs
# %% probabilities_classes
def predict(log_probs):
    return torch.argmax(probabilities(log_probs), axis=-1)
