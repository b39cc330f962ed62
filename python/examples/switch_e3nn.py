"""A small interatomic potential in the manner of NequIP, with e3nn and with weyl: only the import differs.

    python switch_e3nn.py [--molecules N] [--seconds S]

Prints the largest difference of energies, forces and gradients of a training step between the two, relative to their size,
and the times of that step, everything included that Python does around the products.
"""
import argparse
import importlib
import statistics
import time

import torch


def bessel(r, cutoff, n):
    """Radial basis of n functions, smoothly 0 at the cutoff."""
    x = (r / cutoff).clamp(max=1)[:, None]
    waves = torch.sin(torch.arange(1, n + 1, dtype=r.dtype) * torch.pi * x) / r[:, None]
    return waves * (1 - 10 * x**3 + 15 * x**4 - 6 * x**5)


class Layer(torch.nn.Module):
    """Messages: features of the sender times harmonics of the edge, weighted by a network of its length."""

    def __init__(self, o3, irreps_in, irreps_edge, irreps_out, basis):
        super().__init__()
        irreps_in, irreps_edge, irreps_out = map(o3.Irreps, (irreps_in, irreps_edge, irreps_out))
        middle, paths = [], []
        for i, (mul, a) in enumerate(irreps_in):
            for j, (_, b) in enumerate(irreps_edge):
                for l in range(abs(a.l - b.l), a.l + b.l + 1):
                    ir = (l, a.p * b.p)
                    if ir in [(c.l, c.p) for _, c in irreps_out]:
                        paths.append((i, j, len(middle), "uvu", True))
                        middle.append((mul, ir))
        middle = o3.Irreps(middle)
        order = middle.sort()
        paths = [(i, j, order.p[k], mode, train) for i, j, k, mode, train in paths]
        self.product = o3.TensorProduct(irreps_in, irreps_edge, order.irreps, paths, shared_weights=False)
        self.before = o3.Linear(irreps_in, irreps_in)
        self.after = o3.Linear(order.irreps, irreps_out)
        self.skip = o3.Linear(irreps_in, irreps_out)
        self.radial = torch.nn.Sequential(torch.nn.Linear(basis, 32), torch.nn.SiLU(),
                                          torch.nn.Linear(32, self.product.weight_numel))

    def forward(self, x, harmonics, basis, sender, receiver, neighbours):
        messages = self.product(self.before(x)[sender], harmonics, self.radial(basis))
        summed = messages.new_zeros(len(x), messages.shape[1]).index_add(0, receiver, messages)
        return self.skip(x) + self.after(summed / neighbours**0.5)


class Potential(torch.nn.Module):
    def __init__(self, o3, kinds=3, channels=32, lmax=2, cutoff=4.0, basis=8):
        super().__init__()
        self.o3, self.cutoff, self.basis, self.lmax = o3, cutoff, basis, lmax
        edge = o3.Irreps.spherical_harmonics(lmax)
        hidden = o3.Irreps([(channels, (l, (-1) ** l)) for l in range(lmax + 1)])
        self.embed = torch.nn.Embedding(kinds, channels)
        self.layers = torch.nn.ModuleList([Layer(o3, [(channels, (0, 1))], edge, hidden, basis),
                                           Layer(o3, hidden, edge, hidden, basis),
                                           Layer(o3, hidden, edge, [(channels, (0, 1))], basis)])
        self.read = torch.nn.Sequential(torch.nn.SiLU(), torch.nn.Linear(channels, 1))

    def forward(self, kinds, positions, sender, receiver, molecule, molecules):
        arrow = positions[receiver] - positions[sender]
        basis = bessel(arrow.norm(dim=-1), self.cutoff, self.basis)
        harmonics = self.o3.spherical_harmonics(list(range(self.lmax + 1)), arrow, True, normalization="component")
        x = self.embed(kinds)
        for layer in self.layers:
            x = layer(x, harmonics, basis, sender, receiver, len(sender) / len(kinds))
        return x.new_zeros(molecules).index_add(0, molecule, self.read(x)[:, 0])


def molecules(count, atoms=12, cutoff=4.0):
    generator = torch.Generator().manual_seed(2)
    positions = 1.6 * torch.randn(count, atoms, 3, generator=generator)
    kinds = torch.randint(3, (count * atoms,), generator=generator)
    near = (torch.cdist(positions, positions) < cutoff) & ~torch.eye(atoms, dtype=torch.bool)
    m, i, j = near.nonzero(as_tuple=True)
    molecule = torch.arange(count).repeat_interleave(atoms)
    return kinds, positions.reshape(-1, 3), m * atoms + i, m * atoms + j, molecule, count


def step(model, data, target):
    """Energies and forces, and the gradients of a loss on both: second derivatives of the products."""
    kinds, positions, *rest = data
    positions = positions.clone().requires_grad_()
    energy = model(kinds, positions, *rest)
    (gradient,) = torch.autograd.grad(energy.sum(), positions, create_graph=True)
    loss = ((energy - target) ** 2).mean() + (gradient**2).mean()
    return [energy, -gradient, *torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--molecules", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = molecules(arguments.molecules)
    target = torch.zeros(arguments.molecules)
    models = {}
    for package in ("e3nn", "weyl"):
        try:
            o3 = importlib.import_module(f"{package}.o3")  # from e3nn import o3, or: from weyl import o3
        except ImportError as error:
            print(f"switch_e3nn: {error}: nothing to compare with")
            continue
        torch.manual_seed(0)
        models[package] = Potential(o3)
    if "e3nn" in models:
        weights = {k: v for k, v in models["e3nn"].state_dict().items() if "_compiled" not in k}
        models["weyl"].load_state_dict(weights)
        results = [step(models[name], data, target) for name in ("e3nn", "weyl")]
        difference = max((a - b).abs().max().item() / max(a.abs().max().item(), 1e-30)
                         for a, b in zip(*results) if a is not None)
        print(f"largest relative difference of energies, forces, gradients: {difference:.1e}")
        if not difference < 1e-5:
            raise SystemExit("switch_e3nn: the two do not agree")
    times = {name: [] for name in models}
    for model in models.values():
        for _ in range(4):  # TorchScript specialises in its first calls
            step(model, data, target)
    end = time.perf_counter() + arguments.seconds
    while time.perf_counter() < end:
        for name, model in models.items():
            start = time.thread_time()
            step(model, data, target)
            times[name].append(time.thread_time() - start)
    print(f"training step with forces, {arguments.molecules} molecules of 12 atoms, {len(data[2])} edges, CPU ms "
          "(best, median):")
    for name, taken in times.items():
        print(f"  {name}  {1e3 * min(taken):7.1f} {1e3 * statistics.median(taken):7.1f}")
    if len(times) == 2:
        print(f"weyl is {min(times['e3nn']) / min(times['weyl']):.1f} times as fast")


if __name__ == "__main__":
    main()
