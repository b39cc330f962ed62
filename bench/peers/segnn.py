"""SEGNN (Brandstetter et al., ICLR 2022) for weyl's n-body task, written with e3nn as its authors do: every layer is a
fully connected tensor product with harmonics, biases on scalars, e3nn's gate."""
import torch
from e3nn import o3
from e3nn.nn import Gate
from torch import nn


class Product(nn.Module):
    """All couplings of x with the attributes, weights and biases uniform in 1/sqrt(fan_in)."""

    def __init__(self, irreps_in, attribute, irreps_out):
        super().__init__()
        self.tp = o3.FullyConnectedTensorProduct(irreps_in, attribute, irreps_out)
        fan_in = {}
        for weight, path in zip(self.tp.weight_views(), self.tp.instructions):
            fan_in[path.i_out] = fan_in.get(path.i_out, 0) + weight.shape[0] * weight.shape[1]
        rescale = torch.zeros(irreps_out.dim)
        self.scalars = sum(mul for mul, ir in irreps_out if ir.l == 0)  # they come first
        self.bias = nn.Parameter(torch.zeros(self.scalars)) if self.scalars else None
        with torch.no_grad():
            for weight, path in zip(self.tp.weight_views(), self.tp.instructions):
                bound = fan_in[path.i_out] ** -0.5
                weight.uniform_(-bound, bound)
                rescale[irreps_out.slices()[path.i_out]] = 1 / bound
            if self.scalars:
                bound = fan_in[0] ** -0.5
                self.bias.uniform_(-bound, bound)
        self.register_buffer("rescale", rescale)

    def forward(self, x, attribute):
        y = self.tp(x, attribute) * self.rescale
        if self.bias is None:
            return y
        return torch.cat((y[:, : self.scalars] + self.bias, y[:, self.scalars :]), -1)


class Gated(nn.Module):
    def __init__(self, irreps_in, attribute, irreps_out):
        super().__init__()
        scalars, gated = irreps_out[:1], irreps_out[1:]
        gates = o3.Irreps(f"{gated.num_irreps}x0e")
        self.gate = Gate(scalars, [nn.functional.silu], gates, [torch.sigmoid], gated)
        self.product = Product(irreps_in, attribute, (scalars + gates + gated).simplify())

    def forward(self, x, attribute):
        return self.gate(self.product(x, attribute))


class Layer(nn.Module):
    def __init__(self, hidden, attribute):
        super().__init__()
        pair = (2 * hidden + o3.Irreps("2x0e")).simplify()
        self.message_1 = Gated(pair, attribute, hidden)
        self.message_2 = Gated(hidden, attribute, hidden)
        self.update_1 = Gated((hidden + hidden).simplify(), attribute, hidden)
        self.update_2 = Product(hidden, attribute, hidden)

    def forward(self, h, edge, a_edge, a_node, receiver, sender):
        m = self.message_1(torch.cat((h[receiver], h[sender], edge), -1), a_edge)
        m = self.message_2(m, a_edge)
        m = torch.zeros_like(h).index_add(0, receiver, m)
        u = self.update_1(torch.cat((h, m), -1), a_node)
        return h + self.update_2(u, a_node)


class SEGNN(nn.Module):
    def __init__(self, hidden=32, layers=4):
        super().__init__()
        self.attribute = o3.Irreps.spherical_harmonics(1)
        features = o3.Irreps(f"{hidden}x0e+{hidden}x1o")
        self.embedding = Product(o3.Irreps("2x1o+1x0e"), self.attribute, features)
        self.layers = nn.ModuleList(Layer(features, self.attribute) for _ in range(layers))
        self.pool_1 = Gated(features, self.attribute, features)
        self.pool_2 = Product(features, self.attribute, o3.Irreps("1x1o"))

    def harmonics(self, r):
        return o3.spherical_harmonics(self.attribute, r, normalize=True, normalization="integral")

    def forward(self, x, v, charge, receiver, sender, degree):
        r = x[receiver] - x[sender]
        a_edge = self.harmonics(r)
        a_node = torch.zeros(x.shape[0], 4).index_add(0, receiver, a_edge) / degree + self.harmonics(v)
        a_node = torch.cat((torch.ones_like(a_node[:, :1]), a_node[:, 1:]), -1)
        bodies = int(degree[0, 0]) + 1
        centred = (x.view(-1, bodies, 3) - x.view(-1, bodies, 3).mean(1, keepdim=True)).view(-1, 3)
        edge = torch.cat((r.norm(dim=-1, keepdim=True), charge), -1)
        h = self.embedding(torch.cat((centred, v, v.norm(dim=-1, keepdim=True)), -1), a_node)
        for layer in self.layers:
            h = layer(h, edge, a_edge, a_node, receiver, sender)
        return x + self.pool_2(self.pool_1(h, a_node), a_node)
