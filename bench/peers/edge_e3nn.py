"""e3nn's convolution along edges as NequIP and MACE do it: gather, TensorProduct "uvu" with a weight for each edge, path
and channel (its TorchScript code), and a sum over the edges of each receiver."""
import torch
from e3nn import o3


def product(channels, sender, harmonics, out):
    """A block of the output for every path with l1 + l2 + l3 even."""
    paths = [
        (a, b, c)
        for a in range(sender + 1)
        for b in range(harmonics + 1)
        for c in range(abs(a - b), min(out, a + b) + 1)
        if (a + b + c) % 2 == 0
    ]
    x = o3.Irreps([(channels, (l, (-1) ** l)) for l in range(sender + 1)])
    y = o3.Irreps([(1, (l, (-1) ** l)) for l in range(harmonics + 1)])
    z = o3.Irreps([(channels, (c, (-1) ** c)) for _, _, c in paths])
    z, order, _ = z.sort()
    wiring = sorted([(a, b, order[i], "uvu", True) for i, (a, b, _) in enumerate(paths)], key=lambda w: w[2])
    return x, y, z, o3.TensorProduct(x, y, z, wiring, shared_weights=False, internal_weights=False)


def case(words):
    """ATOMS EDGES CHANNELS SENDER HARMONICS OUT forward|both: what is timed, as a function, and a note."""
    atoms, edges, channels, *degrees = map(int, words[:6])
    x_irreps, y_irreps, out_irreps, tp = product(channels, *degrees)
    torch.manual_seed(1)
    receiver = torch.arange(edges) * atoms // edges
    first = torch.searchsorted(receiver, receiver)
    sender = (receiver + 1 + (torch.arange(edges) - first) % (atoms - 1)) % atoms
    x = x_irreps.randn(atoms, -1).requires_grad_()
    y = y_irreps.randn(edges, -1).requires_grad_()
    weight = torch.randn(edges, tp.weight_numel).requires_grad_()
    gradient = out_irreps.randn(atoms, -1)

    def convolve():
        message = tp(x[sender], y, weight)
        return torch.zeros(atoms, out_irreps.dim).index_add_(0, receiver, message)

    def forward():
        with torch.no_grad():
            convolve()

    def both():
        torch.autograd.grad(convolve(), [x, y, weight], gradient)

    step = forward if words[6] == "forward" else both
    for _ in range(4):  # TorchScript specialises in its first calls
        step()
    return step, {"paths": len(tp.instructions), "outputs": out_irreps.dim // channels}
