"""Wigner matrices and 3j symbols, e3nn's axes and signs."""
from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from . import _native
from ._arrays import is_torch, numbers
from .irreps import Irreps


@functools.lru_cache(maxsize=512)
def _symbol(l1: int, l2: int, l3: int) -> np.ndarray:
    out = np.zeros((2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1))
    _native.wigner_3j(l1, l2, l3, True, out)
    return out


def wigner_3j(l1: int, l2: int, l3: int, dtype: Any = None, device: Any = None) -> Any:
    """The real 3j symbol with e3nn's signs, [2 l1 + 1, 2 l2 + 1, 2 l3 + 1], of norm 1; 0 off the triangle.

    A numpy array, or a torch tensor if dtype is one of torch's (weyl.o3.wigner_3j always gives a tensor).
    """
    out = _symbol(l1, l2, l3)
    if type(dtype).__module__.partition(".")[0] == "torch" or device is not None:
        import torch

        return torch.from_numpy(out).to(dtype=dtype or torch.get_default_dtype(), device=device, copy=True)
    return out.astype(dtype or np.float64)


def _matrix(l: int, rotation: np.ndarray) -> np.ndarray:
    out = np.empty((2 * l + 1, 2 * l + 1))
    _native.wigner_d(l, np.ascontiguousarray(rotation, np.float64), out)
    return out


@functools.lru_cache(maxsize=128)
def _swap(l: int) -> np.ndarray:
    """D of the rotation that takes the axis y to x: turns about x are turns about y between two of these."""
    return _matrix(l, np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))


def wigner_D(l: int, alpha: Any, beta: Any, gamma: Any) -> Any:
    """The matrix D^l of the rotation Ry(alpha) Rx(beta) Ry(gamma), [..., 2 l + 1, 2 l + 1]: Y_l(R r) = D^l(R) Y_l(r).

    Angles in radians, of any shapes that broadcast.  Torch tensors give a tensor, differentiable to any order; anything
    else gives a numpy array.
    """
    if l < 0:
        raise ValueError(f"degree {l} is negative")
    if any(is_torch(angle) for angle in (alpha, beta, gamma)):
        import torch as xp

        kind = next(angle.dtype for angle in (alpha, beta, gamma) if is_torch(angle))
        angles = xp.broadcast_tensors(*(xp.as_tensor(angle, dtype=kind) for angle in (alpha, beta, gamma)))
        swap = xp.from_numpy(_swap(l)).to(angles[0])
        order = xp.arange(l, -l - 1, -1).to(angles[0])
        unit, mirror = xp.eye(2 * l + 1).to(angles[0]), xp.eye(2 * l + 1).flip(0).to(angles[0])
    else:
        xp = np
        kind = np.result_type(*(np.asarray(angle) for angle in (alpha, beta, gamma)), np.float32)
        angles = np.broadcast_arrays(*(np.asarray(angle, kind) for angle in (alpha, beta, gamma)))
        swap, order, unit = _swap(l).astype(kind), np.arange(l, -l - 1, -1).astype(kind), np.eye(2 * l + 1, dtype=kind)
        mirror = unit[::-1]

    def turn(angle):  # about y: the orders m and -m mix by the angle m times this
        phase = angle[..., None] * order
        return xp.cos(phase)[..., None] * unit + xp.sin(phase)[..., None] * mirror

    a, b, c = (turn(angle) for angle in angles)
    return a @ (swap @ b @ swap.T) @ c


def transform(irreps: Any, R: Any, x: Any) -> np.ndarray:
    """What an element R of O(3) ([3, 3]) makes of x [..., dim]: degrees by D^l, parities by the sign of det R."""
    irreps = Irreps(irreps)
    x = numbers(x, "x")
    if x.ndim < 1 or x.shape[-1] != irreps.dim:
        raise ValueError(f"x has shape {list(x.shape)}, must be [..., {irreps.dim}] for {irreps}")
    out = np.empty_like(x)
    _native.irreps_act(str(irreps), np.ascontiguousarray(R, np.float64), math.prod(x.shape[:-1]), x, out)
    return out
