"""Which of libweyl's products make a tensor product of e3nn's instructions."""
from __future__ import annotations

import math
from typing import Any, NamedTuple, Optional, Sequence

import torch

from ._mix import mix
from ._torch import Product, Spec
from .irreps import Irreps

UUU, UVU = 0, 1  # weyl_wiring
SHARED, EACH, NONE = 0, 1, 2  # weyl_path_weights


class Instruction(NamedTuple):
    i_in1: int
    i_in2: int
    i_out: int
    connection_mode: str
    has_weight: bool
    path_weight: float  # the factor of the path, normalisation included
    path_shape: tuple


def _swap_sign(ins: Instruction, lists: Sequence[Irreps]) -> float:
    """Of the coupling with its first two degrees exchanged."""
    l = lists[0][ins.i_in1].ir.l + lists[1][ins.i_in2].ir.l + lists[2][ins.i_out].ir.l
    return -1.0 if l % 2 else 1.0


def _pieces(w: Optional[torch.Tensor], slices: Sequence[slice], whole: bool) -> Any:
    if w is None or whole:
        return w
    return torch.cat([w[..., s] for s in slices], -1)


class Direct:
    """Instructions of one mode that libweyl runs as they are: uuu, uvu, and uvv as uvu with its arguments exchanged."""

    def __init__(self, lists, instructions, slices, numel, shared):
        first = instructions[0]
        self.swapped = first.connection_mode == "uvv"
        self.shapes = [ins.path_shape for ins in instructions]
        self.weighted, self.slices = first.has_weight, slices
        self.whole = sum(s.stop - s.start for s in slices) == numel if self.weighted else True
        one, two = (1, 0) if self.swapped else (0, 1)
        blocks = [(ins[one], ins[two], ins.i_out) for ins in instructions]
        factors = [ins.path_weight * (_swap_sign(ins, lists) if self.swapped else 1) for ins in instructions]
        weights = NONE if not self.weighted else SHARED if shared else EACH
        self.spec = Spec((lists[one], lists[two], lists[2]), blocks, factors,
                         UUU if first.connection_mode == "uuu" else UVU, weights)

    def __call__(self, x, y, w):
        if not self.weighted:
            w = None
        elif self.swapped:  # weights [u, v] of a path become [v, u]
            w = torch.cat([w[..., s].unflatten(-1, shape).transpose(-1, -2).flatten(-2)
                           for s, shape in zip(self.slices, self.shapes)], -1)
        else:
            w = _pieces(w, self.slices, self.whole).contiguous()
        return Product.apply(self.spec, y, x, w) if self.swapped else Product.apply(self.spec, x, y, w)


class Unsummed:
    """Instructions with an output copy for each pair (u, v): uvuv, and uvw and uuw before their copies are mixed.

    The products run over the copies of one argument side by side; each copy of the other is a block of its own.  What
    one block of the output needs stands together: [n, rows, 2 l + 1]."""

    def __init__(self, lists, instructions, slices, shared, swapped):
        self.swapped, self.shared = swapped, shared
        self.mode = instructions[0].connection_mode
        one, two = (1, 0) if swapped else (0, 1)
        split, first = [], []  # blocks of one copy
        for mul, ir in lists[two]:
            first.append(len(split))
            split += [(1, ir)] * mul
        if self.mode == "uuw":
            split, first = lists[two], list(range(len(lists[two])))
        paths, factors, out = [], [], []
        self.parts: list = []  # of each block of the output: where its rows begin, how many, and its instructions
        at = 0
        for k, (mul, ir) in enumerate(lists[2]):
            mine = [(ins, s) for ins, s in zip(instructions, slices) if ins.i_out == k]
            rows = 0
            for ins, _ in mine:
                channels, copies = lists[one][ins[one]].mul, lists[two][ins[two]].mul
                sign = _swap_sign(ins, lists) if swapped else 1.0
                for v in range(1 if self.mode == "uuw" else copies):
                    paths.append((ins[one], first[ins[two]] + v, len(out)))
                    factors.append(ins.path_weight * sign)
                    out.append((channels, ir))
                    rows += channels
            if mine:
                self.parts.append((k, slice(at, at + rows * ir.dim), rows, ir.dim, mine))
                at += rows * ir.dim
        self.dims = [block.dim for block in lists[2]]
        self.spec = Spec((lists[one], Irreps(split), Irreps(out)), paths, factors, UUU if self.mode == "uuw" else UVU, NONE)

    def _matrix(self, w, ins, s):
        """[rows, copies of the output] of one instruction, with a dimension of samples before them if not shared."""
        w = w[..., s].unflatten(-1, ins.path_shape)
        if self.mode == "uvw":
            w = (w if self.swapped else w.transpose(-2, -3)).flatten(-3, -2)
        return w

    def _outer(self, z, w, ins, s):
        """uvuv: rows in the order of the output, times their weights."""
        n, rows, m = z.shape
        mul1, mul2 = ins.path_shape
        z = z.view(n, mul1, mul2, m) if self.swapped else z.view(n, mul2, mul1, m).transpose(1, 2)
        if ins.has_weight:
            z = z * w[..., s].unflatten(-1, ins.path_shape).unsqueeze(-1)
        return z.reshape(n, rows * m)

    def __call__(self, x, y, w):
        z = Product.apply(self.spec, y, x, None) if self.swapped else Product.apply(self.spec, x, y, None)
        n = z.shape[0]
        out: list = [None] * len(self.dims)
        for k, place, rows, dim, mine in self.parts:
            part = z[:, place].view(n, rows, dim)
            if self.mode == "uvuv":
                sizes = [math.prod(ins.path_shape) for ins, _ in mine]
                made = [self._outer(p, w, ins, s) for p, (ins, s) in zip(part.split(sizes, 1), mine)]
                out[k] = made[0] if len(made) == 1 else torch.stack(made).sum(0)
            else:
                matrix = [self._matrix(w, ins, s) if ins.has_weight else part.new_ones(ins.path_shape).flatten(0, -2)
                          for ins, s in mine]
                if not self.shared:
                    matrix = [one.expand(n, *one.shape[-2:]) for one in matrix]
                out[k] = mix(part, matrix[0] if len(matrix) == 1 else torch.cat(matrix, -2))
        if len(out) == 1:
            return out[0]
        return torch.cat([z.new_zeros(n, d) if one is None else one for one, d in zip(out, self.dims)], -1)


def runners(lists: Sequence[Irreps], instructions: Sequence[Instruction], shared: bool) -> list:
    """What computes a product; their sum is the output."""
    groups: dict = {}
    at = 0
    for ins in instructions:
        numel = math.prod(ins.path_shape) if ins.has_weight else 0
        place = slice(at, at + numel)
        at += numel
        if math.prod(ins.path_shape) == 0 or lists[2][ins.i_out].mul == 0:
            continue
        mode = ins.connection_mode
        swapped = mode in ("uvw", "uvuv") and lists[1][ins.i_in2].mul > lists[0][ins.i_in1].mul
        key = (mode, ins.has_weight if mode in ("uuu", "uvu", "uvv") else None, swapped)
        groups.setdefault(key, []).append((ins, place))
    out: list = []
    for (mode, weighted, swapped), members in groups.items():
        group, places = [m[0] for m in members], [m[1] for m in members]
        if weighted is None:
            out.append(Unsummed(lists, group, places, shared, swapped))
        else:
            out.append(Direct(lists, group, places, at, shared))
    return out
