"""e3nn's tensor product "uuu" of all degrees to L, one weight for each path and channel (its TorchScript code)."""
import torch
from e3nn import o3


def product(degree, channels, even):
    """All degrees of one parity, so that parities forbid no path."""
    irreps = o3.Irreps([(channels, (l, 1)) for l in range(degree + 1)])
    paths = [
        (a, b, c, "uuu", True)
        for a in range(degree + 1)
        for b in range(degree + 1)
        for c in range(abs(a - b), min(degree, a + b) + 1)
        if not even or (a + b + c) % 2 == 0
    ]
    return irreps, o3.TensorProduct(irreps, irreps, irreps, paths)


def case(words, compile=False):
    """DEGREE CHANNELS BATCH full|even forward|both: what is timed, as a function, and a note."""
    degree, channels, batch = map(int, words[:3])
    irreps, tp = product(degree, channels, words[3] == "even")
    if compile:
        from e3nn.util import jit  # the product as plain torch, for torch.compile

        tp = torch.compile(jit.prepare(lambda: product(degree, channels, words[3] == "even")[1])(), fullgraph=False)
    torch.manual_seed(1)
    x, y = (irreps.randn(batch, -1).requires_grad_() for _ in range(2))
    gradient = irreps.randn(batch, -1)
    weights = [p for p in tp.parameters()]

    def forward():
        with torch.no_grad():
            tp(x, y)

    def both():
        torch.autograd.grad(tp(x, y), [x, y, *weights], gradient)

    step = forward if words[4] == "forward" else both
    for _ in range(4):  # TorchScript specialises in its first calls
        step()
    return step, {"paths": len(getattr(tp, "instructions", []))}
