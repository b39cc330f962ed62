"""Spherical harmonics as a torch function with derivatives of any order.

The derivative of a solid harmonic of degree l is a combination of those of degree l - 1 with constant coefficients A,
so that every derivative is made of harmonics, their first derivatives and A.
"""
import functools

import numpy as np
import torch

from . import _native
from ._threads import get_num_threads
from ._torch import capsule, check


def _call(lmax, norm, solid, x):
    y = torch.empty((*x.shape[:-1], (lmax + 1) ** 2), dtype=x.dtype)
    _native.harmonics(lmax, norm, solid, x.numel() // 3, capsule(x), capsule(y), None, get_num_threads())
    return y


@functools.lru_cache(maxsize=64)
def _derivatives(lmax: int, norm: int, dtype: torch.dtype) -> torch.Tensor:
    """A [3, (lmax + 1)^2, (lmax + 1)^2]: dY_k/dx_j = sum over i of A[j, k, i] Y_i, for solid harmonics. Its blocks are
    couplings of 1 and l - 1 to l, up to a factor that one point settles."""
    k = (lmax + 1) ** 2
    a = np.zeros((3, k, k))
    point = np.array([[0.3, -0.8, 0.5]])
    y, dy = np.empty((1, k)), np.empty((1, 3, k))
    _native.harmonics(lmax, norm, True, 1, point, y, dy, 1)
    for l in range(1, lmax + 1):
        w = np.empty((3, 2 * l - 1, 2 * l + 1))
        _native.wigner_3j(1, l - 1, l, False, w)
        low, high = slice((l - 1) ** 2, l * l), slice(l * l, (l + 1) ** 2)
        shape = np.einsum("jik,i->jk", w, y[0, low])
        factor = np.vdot(shape, dy[0, :, high]) / np.vdot(shape, shape)
        a[:, high, low] = factor * w.transpose(0, 2, 1)
    return torch.from_numpy(a).to(dtype)


class _Solid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, lmax, norm, x):
        ctx.lmax, ctx.norm = lmax, norm
        ctx.save_for_backward(x)
        return _call(lmax, norm, True, x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return None, None, _SolidGradient.apply(ctx.lmax, ctx.norm, x, g.contiguous())


class _SolidGradient(torch.autograd.Function):
    """dx[j] = sum over k of g[k] dY_k/dx_j"""

    @staticmethod
    def forward(ctx, lmax, norm, x, g):
        ctx.lmax, ctx.norm = lmax, norm
        ctx.save_for_backward(x, g)
        dx = torch.empty_like(x, memory_format=torch.contiguous_format)
        _native.harmonics_backward(lmax, norm, True, x.numel() // 3, capsule(x), capsule(g), capsule(dx),
                                   get_num_threads())
        return dx

    @staticmethod
    def backward(ctx, a):
        x, g = ctx.saved_tensors
        d = _derivatives(ctx.lmax, ctx.norm, x.dtype)
        dx = dg = None
        if ctx.needs_input_grad[3]:
            y = _Solid.apply(ctx.lmax, ctx.norm, x)
            dg = torch.einsum("...j,jki,...i->...k", a, d, y)
        if ctx.needs_input_grad[2]:
            h = torch.einsum("...j,jki,...k->...i", a, d, g)
            dx = _SolidGradient.apply(ctx.lmax, ctx.norm, x, h.contiguous())
        return None, None, dx, dg


def _direction(x):
    """x / |x|, and 0 with a derivative of 0 for a zero vector; scaled so that no square over- or underflows."""
    scale = x.detach().abs().amax(-1, keepdim=True)
    zero = scale == 0
    x = torch.where(zero, torch.zeros_like(x), x / torch.where(zero, torch.ones_like(scale), scale))
    square = (x * x).sum(-1, keepdim=True)
    return x / torch.where(zero, torch.ones_like(square), square).sqrt()


def harmonics(lmax: int, norm: int, solid: bool, x: torch.Tensor) -> torch.Tensor:
    check(x, "x")
    if not (torch.is_grad_enabled() and x.requires_grad):
        return _call(lmax, norm, solid, x.contiguous())
    return _Solid.apply(lmax, norm, (x if solid else _direction(x)).contiguous())
