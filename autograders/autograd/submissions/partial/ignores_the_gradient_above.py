# The derivative alone, without the gradient from above; the check runs in the type of the point.
# base: solution
# expected: all function=0.66..0.67
# %% function_swish
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_y):
        (x,) = ctx.saved_tensors
        sigma = torch.sigmoid(x)
        return sigma + x * sigma * (1 - sigma)
# %% function_check
def gradient_is_right(f, x):
    return torch.autograd.gradcheck(f, x.clone().requires_grad_(), raise_exception=False)
