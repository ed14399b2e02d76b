# Net returns raw scores, not log-probabilities.
# base: solution
# expected: all mnist-train=0.6..1.8
# %% mnist-train_net
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))
