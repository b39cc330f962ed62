"""Tensor products of all degrees to L by e3nn ("uuu", one weight for each path and channel), and torch's product of
functions on a dense grid of the sphere."""
import e3nn
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


def compiled(degree, channels, even):
    """The product as plain torch, for torch.compile."""
    usual = dict(e3nn.get_optimization_defaults())
    e3nn.set_optimization_defaults(jit_script_fx=False)
    try:
        return torch.compile(product(degree, channels, even)[1])
    finally:
        e3nn.set_optimization_defaults(**usual)


class Dense(torch.nn.Module):
    """Both functions to the points of a grid that is exact, times each other, and back: three matrix products on
    [item][coefficient], weights a degree and channel."""

    def __init__(self, degree, channels):
        super().__init__()
        import numpy

        z, weight = numpy.polynomial.legendre.leggauss((3 * degree + 2) // 2)
        phi = 2 * numpy.pi * numpy.arange(3 * degree + 1) / (3 * degree + 1)
        sine = numpy.sqrt(1 - z**2)[:, None]
        points = numpy.stack([sine * numpy.cos(phi), sine * numpy.sin(phi), z[:, None] + 0 * phi], -1).reshape(-1, 3)
        values = o3.spherical_harmonics(list(range(degree + 1)), torch.tensor(points), False, "integral")
        weights = torch.tensor(numpy.repeat(weight * 2 * numpy.pi / len(phi), len(phi)))
        real = torch.get_default_dtype()
        self.register_buffer("forth", values.T.contiguous().to(real))
        self.register_buffer("back", (values * weights[:, None]).contiguous().to(real))
        self.register_buffer("row", torch.tensor([l for l in range(degree + 1) for _ in range(2 * l + 1)]))
        self.w = torch.nn.ParameterList([torch.randn(channels, degree + 1) for _ in range(3)])

    def forward(self, x, y):
        wx, wy, wz = (w[:, self.row] for w in self.w)
        return (((x * wx) @ self.forth) * ((y * wy) @ self.forth)) @ self.back * wz


made, warm = {}, set()  # of the last degree: torch.compile takes its time


def case(words):
    """DEGREE CHANNELS BATCH full|even forward|both script|compile|dense f32|f64: what is timed, and a note."""
    degree, channels, batch = map(int, words[:3])
    torch.set_default_dtype(torch.float64 if words[6] == "f64" else torch.float32)
    key = (*words[:4], *words[5:])
    if key not in made:
        if any(k[0] != key[0] for k in made):
            made.clear()
            warm.clear()
        torch.manual_seed(1)
        irreps, tp = product(degree, channels, words[3] == "even")
        shape = (batch, irreps.dim)
        if words[5] == "compile":
            tp = compiled(degree, channels, words[3] == "even")
        if words[5] == "dense":
            tp, shape = Dense(degree, channels), (batch, channels, (degree + 1) ** 2)
        x, y = (torch.randn(shape).requires_grad_() for _ in range(2))
        made[key] = tp, x, y, torch.randn(shape), list(tp.parameters())
    tp, x, y, gradient, weights = made[key]

    def forward():
        with torch.no_grad():
            tp(x, y)

    def both():
        torch.autograd.grad(tp(x, y), [x, y, *weights], gradient)

    step = forward if words[4] == "forward" else both
    if (key, words[4]) not in warm:  # TorchScript specialises in its first calls
        warm.add((key, words[4]))
        for _ in range(4):
            step()
    return step, {}
