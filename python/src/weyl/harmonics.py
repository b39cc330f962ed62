"""Real spherical harmonics of numpy arrays and torch tensors."""
from __future__ import annotations

from typing import Any, Sequence, Union

import numpy as np

from . import _native
from ._arrays import empty, is_torch, numbers
from ._threads import get_num_threads
from .irreps import Irrep, Irreps

NORMS = {"integral": 0, "component": 1, "norm": 2}


def _degrees(l: Any) -> list[int]:
    if isinstance(l, (int, np.integer)):
        return [int(l)]
    if isinstance(l, Irrep):
        return [l.l]
    if not isinstance(l, (str, Irreps)) and all(isinstance(one, (int, np.integer)) for one in l):
        return [int(one) for one in l]
    irreps = Irreps(l)
    parities = {ir.p for mul, ir in irreps if ir.l % 2 == 1}
    for mul, ir in irreps:
        if ir.l % 2 == 0 and ir.p != 1:
            raise ValueError(f"{ir} is no spherical harmonic: even degrees have even parity")
    if len(parities) > 1:
        raise ValueError(f"{irreps}: odd degrees of both parities are not the harmonics of one vector")
    return irreps.ls


def spherical_harmonics(l: Union[int, Sequence[int], str, Irreps], x: Any, normalize: bool,
                        normalization: str = "integral") -> Any:
    """Real spherical harmonics, e3nn's order, axes and signs.

    l              a degree, a list of degrees, or irreps ("0e + 1o + 2e")
    x              [..., 3], float32 or float64: numpy array or torch tensor
    normalize      True: of the direction x / |x|; False: the polynomials |x|^l Y(x / |x|)
    normalization  "integral": orthonormal on the sphere; "component": the squares of a degree sum to 2 l + 1; "norm": to 1

    Returns [..., sum of 2 l + 1], of the kind and type of x.  A zero vector has no direction: its degrees above 0 are 0,
    and so are their derivatives.  NaN stays at its own point.  Of torch tensors, differentiable to any order.
    """
    degrees = _degrees(l)
    if normalization not in NORMS:
        raise ValueError(f"normalization is {normalization!r}, must be one of {', '.join(NORMS)}")
    if any(one < 0 for one in degrees):
        raise ValueError(f"degree {min(degrees)} is negative")
    if len(getattr(x, "shape", ())) < 1 or x.shape[-1] != 3:
        raise ValueError(f"x has shape {list(getattr(x, 'shape', ()))}, must be [..., 3]")
    lmax, norm = max(degrees, default=0), NORMS[normalization]
    if is_torch(x):
        from ._torch_harmonics import harmonics

        y = harmonics(lmax, norm, not normalize, x)
    else:
        points = numbers(x, "x")
        n = points.size // 3
        y = empty((*points.shape[:-1], (lmax + 1) ** 2), points.dtype)
        _native.harmonics(lmax, norm, not normalize, n, points, y, None, get_num_threads())
    if degrees == list(range(lmax + 1)):
        return y
    parts = [y[..., one * one : (one + 1) ** 2] for one in degrees]
    if len(parts) == 1:
        return parts[0]
    if is_torch(y):
        import torch

        return torch.cat(parts, -1) if parts else y[..., :0]
    return np.concatenate(parts, -1) if parts else y[..., :0]
