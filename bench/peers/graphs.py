"""The point models of weyl's n-body task in PyTorch: the authors' arithmetic, written as one writes PyTorch.

Nodes of all samples lie in one array [nodes, ...]; edge e goes from sender[e] to receiver[e].
"""
import torch
from torch import nn


def mlp(*widths, last=False):
    """Linear layers with a SiLU between them, and behind the last one if asked."""
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(a, b))
        if last or i + 2 < len(widths):
            layers.append(nn.SiLU())
    return nn.Sequential(*layers)


def segment_sum(values, segment, rows):
    return values.new_zeros((rows,) + values.shape[1:]).index_add(0, segment, values)


class GraphLayer(nn.Module):
    """Messages from pairs of nodes, summed by receiver, update the nodes."""

    def __init__(self, hidden, edge_width):
        super().__init__()
        self.edge_mlp = mlp(2 * hidden + edge_width, hidden, hidden, last=True)
        self.node_mlp = mlp(2 * hidden, hidden, hidden)

    def messages(self, h, edge, receiver, sender):
        return self.edge_mlp(torch.cat((h[receiver], h[sender], edge), -1))

    def update(self, h, m, receiver):
        return h + self.node_mlp(torch.cat((h, segment_sum(m, receiver, h.shape[0])), -1))

    def forward(self, h, edge, receiver, sender):
        return self.update(h, self.messages(h, edge, receiver, sender), receiver)


class EGNNLayer(GraphLayer):
    """Satorras, Hoogeboom, Welling, ICML 2021, equations 3 to 7."""

    def __init__(self, hidden, edge_width):
        super().__init__(hidden, edge_width)
        self.coord_mlp = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 1, bias=False))
        nn.init.xavier_uniform_(self.coord_mlp[2].weight, gain=0.001)
        self.coord_mlp_vel = mlp(hidden, hidden, 1)

    def forward(self, h, x, v, attribute, receiver, sender, degree):
        r = x[receiver] - x[sender]
        edge = torch.cat((r.square().sum(-1, keepdim=True), attribute), -1)
        m = self.messages(h, edge, receiver, sender)
        x = x + segment_sum(r * self.coord_mlp(m), receiver, x.shape[0]) / degree + self.coord_mlp_vel(h) * v
        return self.update(h, m, receiver), x


class EGNN(nn.Module):
    def __init__(self, hidden=64, layers=4):
        super().__init__()
        self.embedding = nn.Linear(1, hidden)
        self.layers = nn.ModuleList(EGNNLayer(hidden, 3) for _ in range(layers))

    def forward(self, x, v, charge, receiver, sender, degree):
        attribute = torch.cat((charge, (x[receiver] - x[sender]).square().sum(-1, keepdim=True)), -1)
        h = self.embedding(v.norm(dim=-1, keepdim=True))
        start = v
        for layer in self.layers:
            h, x = layer(h, x, start, attribute, receiver, sender, degree)
        return x


class GNN(nn.Module):
    """Gilmer et al., ICML 2017: raw coordinates, no symmetry of space."""

    def __init__(self, hidden=64, layers=4):
        super().__init__()
        self.embedding = nn.Linear(6, hidden)
        self.layers = nn.ModuleList(GraphLayer(hidden, 1) for _ in range(layers))
        self.decoder = mlp(hidden, hidden, 3)

    def forward(self, x, v, charge, receiver, sender, degree):
        h = self.embedding(torch.cat((x, v), -1))
        for layer in self.layers:
            h = layer(h, charge, receiver, sender)
        return self.decoder(h)


class FAGNN(nn.Module):
    """Puny et al., ICLR 2022: averaged over the 8 PCA frames of O(3), framed anew after every layer.

    Hidden features are stacks of 3-vectors; [nodes, 8, hidden] inside the frames.  Gradients do not pass through the
    frames, but do pass through the centring.
    """

    def __init__(self, hidden=60, layers=4, bodies=5):
        super().__init__()
        self.bodies = bodies
        self.embedding = nn.Linear(6, hidden)
        self.layers = nn.ModuleList(GraphLayer(hidden, 2) for _ in range(layers))
        self.decoder = mlp(hidden, hidden, 3)
        self.register_buffer("signs", torch.cartesian_prod(*[torch.tensor([1.0, -1.0])] * 3))  # [8, 3]

    def frames(self, z):
        """[samples, bodies * k, 3] centred vectors -> [samples, 8, 3, 3], axes in columns."""
        with torch.no_grad():
            axes = torch.linalg.eigh(z.transpose(1, 2) @ z).eigenvectors
            return axes.unsqueeze(1) * self.signs[:, None, :]

    @staticmethod
    def into(z, frames):
        """[samples, bodies, k, 3] -> [nodes, 8, 3 k]"""
        framed = torch.einsum("bnkd,bfde->bnfke", z, frames)
        return framed.reshape(z.shape[0] * z.shape[1], 8, -1)

    def back(self, h, frames):
        """[nodes, 8, 3 k] -> [samples, bodies, k, 3]"""
        h = h.view(-1, self.bodies, 8, h.shape[-1] // 3, 3)
        return torch.einsum("bnfke,bfde->bnkd", h, frames) / 8

    def forward(self, x, v, charge, receiver, sender, degree):
        attribute = torch.cat((charge, (x[receiver] - x[sender]).square().sum(-1, keepdim=True)), -1)
        edge = attribute.unsqueeze(1).expand(-1, 8, -1)
        z = x.view(-1, self.bodies, 1, 3)
        center = z.mean((1, 2), keepdim=True)
        z = z - center
        frames = self.frames(z.flatten(1, 2))
        h = self.embedding(self.into(torch.cat((z, v.view_as(z)), 2), frames))
        for i, layer in enumerate(self.layers):
            h = layer(h, edge, receiver, sender)
            if i + 1 < len(self.layers):
                z = self.back(h, frames)
                z = z - z.mean((1, 2), keepdim=True)
                frames = self.frames(z.flatten(1, 2))
                h = self.into(z, frames)
        vector = self.back(self.decoder(h), frames)
        return (center + vector).view(-1, 3)


MODELS = {"egnn": EGNN, "gnn": GNN, "fa-gnn": FAGNN}


def nbody(batch, bodies=5, seed=1):
    """A batch like those of the task: inputs of a model, and the target."""
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(batch * bodies, 3, generator=g)
    v = torch.randn(batch * bodies, 3, generator=g)
    v = 0.5 * v / v.norm(dim=-1, keepdim=True)
    target = x + v + 0.1 * torch.randn(batch * bodies, 3, generator=g)
    q = torch.randint(0, 2, (batch, bodies), generator=g) * 2.0 - 1
    i, j = (torch.tensor(k) for k in zip(*((i, j) for i in range(bodies) for j in range(bodies) if i != j)))
    first = bodies * torch.arange(batch).unsqueeze(1)
    receiver, sender = (first + i).flatten(), (first + j).flatten()
    charge = (q[:, i] * q[:, j]).reshape(-1, 1)
    degree = torch.full((batch * bodies, 1), bodies - 1.0)
    return (x, v, charge, receiver, sender, degree), target
