# The product rule is forgotten, and a failed check raises.
# base: solution
# expected: all function=0.33..0.34
# %% function_swish
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        sigma = torch.sigmoid(x)
        ctx.save_for_backward(x, sigma)
        return x * sigma

    @staticmethod
    def backward(ctx, grad_y):
        x, sigma = ctx.saved_tensors
        return grad_y * x * sigma * (1 - sigma)
# %% function_check
def gradient_is_right(f, x):
    return torch.autograd.gradcheck(f, x.double().clone().requires_grad_())
