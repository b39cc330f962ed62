"""MACE's symmetric contraction (mace-torch), of which nothing but its own two files is loaded: the package itself wants
half of a potential's environment."""
import importlib.util
import os
import sys
import types

import torch
from e3nn import o3


def contraction_class():
    spec = importlib.util.find_spec("mace")
    if spec is None:
        raise ModuleNotFoundError("there is no mace-torch: pip install --no-deps mace-torch opt_einsum_fx")
    for name in ("mace", "mace.tools", "mace.modules"):
        module = types.ModuleType(name)
        module.__path__ = [os.path.join(spec.submodule_search_locations[0], *name.split(".")[1:])]
        sys.modules[name] = module
    from mace.modules.symmetric_contraction import SymmetricContraction

    return SymmetricContraction


made = None


def case(words):
    """L L_OUT ORDER CHANNELS BATCH ELEMENTS forward|both f32|f64: what is timed, and a note."""
    global made
    l_max, l_out, order, channels, batch, elements = map(int, words[:6])
    torch.set_default_dtype(torch.float64 if words[7] == "f64" else torch.float32)
    if made is None or made[0] != words[:6] + words[7:]:
        made = words[:6] + words[7:], contraction_class()(
            *(o3.Irreps([(channels, (l, (-1) ** l)) for l in range(top + 1)]) for top in (l_max, l_out)),
            correlation=order, num_elements=elements)
    module = made[1]
    torch.manual_seed(1)
    x = torch.randn(batch, channels, (l_max + 1) ** 2, requires_grad=True)
    element = torch.nn.functional.one_hot(torch.arange(batch) % elements, elements).to(x.dtype)
    weights = list(module.parameters())
    gradient = torch.randn_like(module(x, element))

    def forward():
        with torch.no_grad():
            module(x, element)

    def both():
        torch.autograd.grad(module(x, element), [x, *weights], gradient)

    step = forward if words[6] == "forward" else both
    for _ in range(3):
        step()
    return step, {"weights": sum(w.shape[1] for w in weights)}
