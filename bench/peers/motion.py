"""EqMotion (Xu et al., CVPR 2023) in PyTorch: the paper's equations, written as one writes PyTorch.

Scenes of one size lie in arrays [scenes, agents, ...]; pairs are [scenes, agents, agents, ...] with the diagonal, which the
sums leave out.
"""
import argparse
import math
import resource
import sys

import torch
from torch import nn
from torch.nn import functional as F


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def mlp(a, b, c, last=True):
    layers = [nn.Linear(a, b), nn.SiLU(), nn.Linear(b, c)]
    return nn.Sequential(*layers, nn.SiLU()) if last else nn.Sequential(*layers)


def cosines(n):
    t = torch.arange(n, dtype=torch.float64)
    d = torch.cos(math.pi * (t + 0.5) * t[:, None] / n) * math.sqrt(2 / n)
    d[0] /= math.sqrt(2)
    return d.float()


def pairs(h, edge):
    n = h.shape[1]
    receiver, sender = h.unsqueeze(2).expand(-1, -1, n, -1), h.unsqueeze(1).expand(-1, n, -1, -1)
    return torch.cat((receiver, sender, edge), -1)


def length(x):
    """Of [..., C, d] over d, without a slope at 0."""
    square = x.square().sum(-1)
    return torch.where(square > 0, square.clamp_min(1e-30).sqrt(), 0.0)


class Layer(nn.Module):
    def __init__(self, channels, hidden, categories):
        super().__init__()
        self.message = mlp(2 * hidden + channels, hidden, hidden)
        self.attention = nn.Linear(hidden, channels)
        self.category = nn.ModuleList(mlp(2 * hidden + channels, hidden, channels) for _ in range(categories))
        self.aggregate = mlp(channels, channels, channels)
        self.step = nn.Linear(channels, channels, bias=False)
        self.q = nn.Linear(channels, channels, bias=False)
        self.r = nn.Linear(channels, channels, bias=False)
        self.pattern = mlp(2 * hidden, hidden, hidden, last=False)

    def forward(self, g, u, h, category, off):
        delta = g.unsqueeze(2) - g.unsqueeze(1)
        z = pairs(h, length(delta))
        m = self.message(z)
        g = g + F.silu(self.attention(h)).unsqueeze(-1) * (g - g.mean((1, 2), keepdim=True))
        f = self.aggregate(sum(category[..., k : k + 1] * phi(z) for k, phi in enumerate(self.category)))
        g = g + (f.unsqueeze(-1) * delta).sum(2)
        g = g + self.step(u.transpose(-1, -2)).transpose(-1, -2)
        mean = g.mean((1, 2), keepdim=True)
        centred = (g - mean).transpose(-1, -2)
        q, r = self.q(centred), self.r(centred)
        dot = (q * r).sum(-2, keepdim=True)
        g = torch.where(dot >= 0, q, q - dot / (r.square().sum(-2, keepdim=True) + 1e-4) * r).transpose(-1, -2) + mean
        return g, h + self.pattern(torch.cat((h, (m * off).sum(2)), -1))


class EqMotion(nn.Module):
    def __init__(self, channels=64, hidden=64, layers=4, categories=2, past=20, future=20, tau=0.5):
        super().__init__()
        self.tau = tau
        self.speed, self.angle = nn.Linear(past, hidden // 2), nn.Linear(past, hidden // 2)
        self.position, self.steps = nn.Linear(past, channels, bias=False), nn.Linear(past, channels, bias=False)
        self.distance = mlp(2 * channels, hidden, 2 * channels)
        self.edge = mlp(2 * hidden + 2 * channels, hidden, hidden)
        self.node = mlp(2 * hidden, hidden, hidden)
        self.category = mlp(2 * hidden + 2 * channels, hidden, categories)
        self.layers = nn.ModuleList(Layer(channels, hidden, categories) for _ in range(layers))
        self.out = nn.Linear(channels, future, bias=False)
        self.register_buffer("before", cosines(past), persistent=False)
        self.register_buffer("after", cosines(future), persistent=False)

    def forward(self, x):
        v = x.diff(dim=2)
        v = torch.cat((v[:, :, :1], v), 2)
        speed = v.norm(dim=-1)
        back, back_speed = torch.cat((v[:, :, :1], v[:, :, :-1]), 2), torch.cat((speed[:, :, :1], speed[:, :, :-1]), 2)
        cosine = (back * v).sum(-1) / ((back_speed + 1e-6) * (speed + 1e-6))
        h = torch.cat((self.speed(speed), self.angle(torch.acos(cosine.clamp(-1, 1)))), -1)
        centre = x.mean((1, 2), keepdim=True)
        x, v = self.before @ (x - centre), self.before @ v
        m = x.mean((1, 2), keepdim=True)
        g = self.position((x - m).transpose(-1, -2)).transpose(-1, -2) + m
        u = self.steps(v.transpose(-1, -2)).transpose(-1, -2)

        off = 1 - torch.eye(x.shape[1]).view(1, x.shape[1], -1, 1)
        a = torch.cat((g, u), 2)
        delta = self.distance(length(a.unsqueeze(2) - a.unsqueeze(1)))
        n = self.node(torch.cat((h, (self.edge(pairs(h, delta)) * off).sum(2)), -1))
        category = torch.softmax(self.category(pairs(n, delta)) / self.tau, -1)
        for layer in self.layers:
            g, h = layer(g, u, h, category, off)
        m = g.mean((1, 2), keepdim=True)
        y = self.out((g - m).transpose(-1, -2)).transpose(-1, -2) + m
        return self.after.T @ y + centre, category


def springs(batch, agents=5, past=20, future=20, seed=1):
    """Straight motion with noise: the arithmetic does not depend on it."""
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, agents, 1, 3, generator=g)
    v = 0.1 * torch.randn(batch, agents, 1, 3, generator=g)
    t = torch.arange(past + future).view(1, 1, -1, 1)
    x = x + v * t + 0.02 * torch.randn(batch, agents, past + future, 3, generator=g)
    return x[:, :, :past], x[:, :, past:]


def loss(model, batch):
    past, future = batch
    return (model(past)[0] - future).norm(dim=-1).mean()


MODELS = {"eqmotion": EqMotion}


def train(path, seed=0, epochs=150, **options):
    """The sheet's reduced run on the data that `weyl data make springs` wrote, as a check of the two against each other."""
    import numpy as np

    data = {k: torch.tensor(v).float() if v.dtype != np.int32 else torch.tensor(v) for k, v in np.load(path).items()}
    torch.manual_seed(seed)
    model = EqMotion(**options)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-4, weight_decay=1e-12)
    past, future, edges = data["test_past"], data["test_future"], data["test_edges"]
    off = ~torch.eye(past.shape[1], dtype=bool)
    for epoch in range(epochs + 1):
        if epoch % 10 == 0:
            with torch.no_grad():
                y, category = model(past)
                error = (y - future).norm(dim=-1)
                right = (category.argmax(-1) == edges)[:, off].float().mean().item()
                print(epoch, round(error.mean().item(), 4), round(error[..., -1].mean().item(), 4),
                      round(max(right, 1 - right), 4), file=sys.stderr, flush=True)
        order = torch.randperm(len(data["train_past"]))
        for i in range(0, len(order) - 99, 100):
            rows = order[i : i + 100]
            optimiser.zero_grad()
            loss(model, (data["train_past"][rows], data["train_future"][rows])).backward()
            optimiser.step()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="the sheet's reduced run of EqMotion on springs, in PyTorch")
    arguments.add_argument("path", help="what `weyl data make springs` wrote")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--epochs", type=int, default=150)
    arguments.add_argument("--channels", type=int, default=32, help="C, and H")
    arguments.add_argument("--layers", type=int, default=2)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    before = peak_mib()
    train(given.path, given.seed, given.epochs, channels=given.channels, hidden=given.channels, layers=given.layers)
    print(f"peak memory {peak_mib():.0f} MiB, {before:.0f} before training")
