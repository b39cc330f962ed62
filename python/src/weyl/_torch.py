"""Tensor products as torch functions.

P(x, y, w) is linear in each argument, and its gradients G = (dx, dy, dw) by a cotangent g are derivatives of the form
<g, P(x, y, w)>, linear in all four.  So the derivatives of G are P and G again with one argument exchanged.
"""
from __future__ import annotations

from typing import Any, Optional, Sequence

import torch

from . import _native
from ._threads import get_num_threads

_KINDS = {torch.float32: 0, torch.float64: 1}
capsule = torch.utils.dlpack.to_dlpack  # in place, without copies


def check(x: Any, name: str) -> None:
    """A tensor that libweyl can read, or an error that says why not."""
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"{name} is a {type(x).__name__}, must be a torch tensor")
    if x.dtype not in _KINDS:
        raise TypeError(f"{name} is of {x.dtype}, must be torch.float32 or torch.float64")
    if x.device.type != "cpu":
        raise ValueError(f"{name} is on {x.device}, must be on the CPU")


class Spec:
    """A product: lists of irreps as text, paths (in1, in2, out) with their factors.  Plans are made at the first use of
    a type of numbers, and are not pickled."""

    def __init__(self, irreps: Sequence[Any], paths: Sequence[tuple], factors: Optional[Sequence[float]], wiring: int,
                 weights: int, gauge: int = 1):
        self.irreps = tuple(str(one) for one in irreps)
        self.paths, self.factors = list(paths), None if factors is None else [float(f) for f in factors]
        self.wiring, self.weights, self.gauge = wiring, weights, gauge
        self.plans: dict = {}

    def __getstate__(self):
        return {**self.__dict__, "plans": {}}

    def plan(self, dtype: torch.dtype, layout: int = 0) -> _native.Plan:
        plan = self.plans.get((dtype, layout))
        if plan is None:
            plan = _native.Plan(_KINDS[dtype], *self.irreps, self.paths, self.factors, self.wiring, self.weights,
                                self.gauge, layout)
            self.plans[dtype, layout] = plan
        return plan


def _weight(w):
    return None if w is None else capsule(w)


class Product(torch.autograd.Function):
    """x [n, dim1], y [n, dim2], w [weights], [n, weights] or None -> [n, dim_out]; all contiguous, of one type."""

    @staticmethod
    def forward(ctx, spec, x, y, w):
        ctx.spec = spec
        ctx.save_for_backward(x, y, w)
        plan = spec.plan(x.dtype)
        out = x.new_empty((x.shape[0], plan.size(2)))
        plan.forward(x.shape[0], capsule(x), capsule(y), _weight(w), capsule(out), get_num_threads())
        return out

    @staticmethod
    def backward(ctx, g):
        x, y, w = ctx.saved_tensors
        dx, dy, dw = Gradient.apply(ctx.spec, x, y, w, g.contiguous(), w is not None and ctx.needs_input_grad[3])
        return None, dx, dy, dw


class Gradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, spec, x, y, w, g, with_weights):
        ctx.spec = spec
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, y, w, g)
        plan = spec.plan(x.dtype)
        dx, dy = torch.empty_like(x), torch.empty_like(y)
        dw = torch.empty_like(w) if with_weights else None
        plan.backward(x.shape[0], capsule(x), capsule(y), _weight(w), capsule(g), capsule(dx), capsule(dy), _weight(dw),
                      get_num_threads())
        return dx, dy, dw

    @staticmethod
    def backward(ctx, a, b, c):
        x, y, w, g = ctx.saved_tensors
        _, by_x, by_y, by_w, by_g, _ = ctx.needs_input_grad
        by_w = by_w and w is not None
        sums: list = [None, None, None, None]

        def add(i, more):
            if more is not None:
                sums[i] = more if sums[i] is None else sums[i] + more

        for place, other in enumerate((a, b, c)):
            if other is None:
                continue
            args = [x, y, w]
            args[place] = other.contiguous()
            if by_g:
                add(3, Product.apply(ctx.spec, *args))
            if (by_x and place != 0) or (by_y and place != 1) or (by_w and place != 2):
                gradients = Gradient.apply(ctx.spec, *args, g, by_w and place != 2)
                for i in range(3):
                    if i != place and (by_x, by_y, by_w)[i]:
                        add(i, gradients[i])
        return None, sums[0], sums[1], sums[2], sums[3], None
