"""The part of e3nn.o3 that libweyl computes, under its names: `from weyl import o3` for `from e3nn import o3`.

Modules take e3nn's arguments, keep its layout and order of weights (state dicts load either way) and its normalisations.
Numbers are float32 or float64 on the CPU.  All are differentiable to any order.
"""
from __future__ import annotations

import math
from typing import Any, Iterator, List, Optional, Sequence, Union

import torch

from . import wigner
from ._mix import mix
from ._native import gaunt_factor
from ._products import NONE, UUU, Instruction, runners
from ._torch import Product, Spec, check
from .harmonics import spherical_harmonics as _spherical_harmonics
from .irreps import Irrep, Irreps
from .wigner import wigner_D

__all__ = ["Irrep", "Irreps", "spherical_harmonics", "SphericalHarmonics", "wigner_D", "wigner_3j", "TensorProduct",
           "FullyConnectedTensorProduct", "ElementwiseTensorProduct", "FullTensorProduct", "GauntTensorProduct", "Linear"]


def spherical_harmonics(l: Any, x: torch.Tensor, normalize: bool, normalization: str = "integral") -> torch.Tensor:
    check(x, "x")
    return _spherical_harmonics(l, x, normalize, normalization)


spherical_harmonics.__doc__ = _spherical_harmonics.__doc__


class SphericalHarmonics(torch.nn.Module):
    """`spherical_harmonics` as a module."""

    def __init__(self, irreps_out: Any, normalize: bool, normalization: str = "integral", irreps_in: Any = None):
        super().__init__()
        if isinstance(irreps_out, int):
            irreps_out = [(1, (irreps_out, (-1) ** irreps_out))]
        elif isinstance(irreps_out, (list, tuple)) and all(isinstance(l, int) for l in irreps_out):
            irreps_out = [(1, (l, (-1) ** l)) for l in irreps_out]
        self.irreps_out, self.irreps_in = Irreps(irreps_out), Irreps(irreps_in if irreps_in is not None else "1o")
        self.normalize, self.normalization = normalize, normalization

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return spherical_harmonics(self.irreps_out, x, self.normalize, self.normalization)


def wigner_3j(l1: int, l2: int, l3: int, dtype: Optional[torch.dtype] = None, device: Any = None) -> torch.Tensor:
    """The real 3j symbol with e3nn's signs, of norm 1."""
    return wigner.wigner_3j(l1, l2, l3, dtype or torch.get_default_dtype(), device)


# ---- products ----

_SHAPES = {"uvw": (0, 1, 2), "uvu": (0, 1), "uvv": (0, 1), "uuw": (0, 2), "uuu": (0,), "uvuv": (0, 1)}
# products that meet in one number of the output: these copies are summed over
_SUMMED = {"uvw": (0, 1), "uvu": (1,), "uvv": (0,), "uuw": (0,), "uuu": (), "uvuv": ()}
# copies that must be equal, and to what
_EQUAL = {"uvw": (), "uvu": ((0, 2),), "uvv": ((1, 2),), "uuw": ((0, 1),), "uuu": ((0, 1), (0, 2)), "uvuv": ()}


def _instruction(i: int, given: Any, lists: Sequence[Irreps]) -> tuple:
    if len(given) not in (5, 6):
        raise ValueError(f"instruction {i} has {len(given)} entries, must be (i_in1, i_in2, i_out, mode, has_weight"
                         "[, path_weight])")
    one, two, out, mode, has_weight, weight = given if len(given) == 6 else (*given, 1.0)
    if mode not in _SHAPES:
        raise ValueError(f"instruction {i}: mode is {mode!r}, must be one of {', '.join(_SHAPES)}")
    for place, name, irreps in zip((one, two, out), ("irreps_in1", "irreps_in2", "irreps_out"), lists):
        if not 0 <= place < len(irreps):
            raise IndexError(f"instruction {i}: block {place} of {name}, which has {len(irreps)}")
    blocks = [irreps[place] for irreps, place in zip(lists, (one, two, out))]
    a, b, c = (block.ir for block in blocks)
    if c not in a.product(b):
        raise ValueError(f"instruction {i}: {a} x {b} has no part {c}")
    mul = [block.mul for block in blocks]
    if mode == "uvuv" and mul[2] != mul[0] * mul[1]:
        raise ValueError(f"instruction {i}: uvuv of {mul[0]} and {mul[1]} copies gives {mul[0] * mul[1]}, not {mul[2]}")
    for p, q in _EQUAL[mode]:
        if mul[p] != mul[q]:
            raise ValueError(f"instruction {i}: {mode} needs equal copies, has {blocks[0]}, {blocks[1]} to {blocks[2]}")
    return one, two, out, mode, bool(has_weight), float(weight), tuple(mul[p] for p in _SHAPES[mode])


def _coefficients(lists, raw, variances, irrep_normalization, path_normalization) -> list:
    """e3nn's: an output of variance 1 from inputs and weights of variance 1."""
    def terms(one, two, mode):
        mul = (lists[0][one].mul, lists[1][two].mul)
        return variances[0][one] * variances[1][two] * math.prod(mul[p] for p in _SUMMED[mode])

    out = []
    for one, two, k, mode, _, weight, _ in raw:
        a, b, c = lists[0][one].ir, lists[1][two].ir, lists[2][k].ir
        square = {"component": c.dim, "norm": a.dim * b.dim, "none": 1}[irrep_normalization]
        meet = [terms(*other[:2], other[3]) for other in raw if other[2] == k]
        n = {"element": sum(meet), "path": terms(one, two, mode) * len(meet), "none": 1}[path_normalization]
        out.append(math.sqrt(square / (n if n > 0 else 1) * variances[2][k] * weight))
    return out


def _one_of(name: str, value: Optional[str], allowed: tuple) -> str:
    if value is None:
        return allowed[0]
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}, must be one of {', '.join(allowed)}")
    return value


def _variance(given: Any, irreps: Irreps, name: str) -> list:
    values = [1.0] * len(irreps) if given is None else [float(v) for v in given]
    if len(values) != len(irreps):
        raise ValueError(f"{name} has {len(values)} numbers for {len(irreps)} blocks")
    return values


def _flat(x: torch.Tensor, name: str, irreps: Irreps, lead: Any) -> torch.Tensor:
    return x.expand(*lead, x.shape[-1]).reshape(-1, irreps.dim).contiguous()


def _samples(pairs: Sequence[tuple]) -> Any:
    """The shape of samples that all arguments broadcast to."""
    kind = pairs[0][0].dtype
    for x, name, dim in pairs:
        check(x, name)
        if x.dtype != kind:
            raise TypeError(f"{name} is of {x.dtype}, {pairs[0][1]} of {kind}: they must be equal")
        if x.ndim < 1 or x.shape[-1] != dim:
            raise ValueError(f"{name} has shape {list(x.shape)}, must be [..., {dim}]")
    first = pairs[0][0].shape[:-1]
    if all(x.shape[:-1] == first for x, _, _ in pairs):
        return first
    try:
        return torch.broadcast_shapes(*(x.shape[:-1] for x, _, _ in pairs))
    except RuntimeError:
        shapes = ", ".join(f"{name} {list(x.shape)}" for x, name, _ in pairs)
        raise ValueError(f"samples do not agree: {shapes}") from None


class TensorProduct(torch.nn.Module):
    """A sum of couplings of blocks of two inputs into blocks of the output, as e3nn.o3.TensorProduct.

    instructions  (i_in1, i_in2, i_out, mode, has_weight[, path_weight]); modes uuu, uvu, uvv, uvw, uuw, uvuv
    in1_var, in2_var, out_var   variances of the blocks, 1 by default
    irrep_normalization  "component" (default), "norm", "none"
    path_normalization   "element" (default), "path", "none"
    internal_weights, shared_weights   as in e3nn: one set of weights, kept as a parameter or given; or one for each sample

    Arguments of e3nn that choose how it compiles are taken and have no effect.  uvw and uuw hold the product of all pairs
    of copies in memory before they are mixed.
    """

    def __init__(self, irreps_in1: Any, irreps_in2: Any, irreps_out: Any, instructions: Sequence[tuple],
                 in1_var: Any = None, in2_var: Any = None, out_var: Any = None,
                 irrep_normalization: Optional[str] = None, path_normalization: Optional[str] = None,
                 internal_weights: Optional[bool] = None, shared_weights: Optional[bool] = None,
                 compile_left_right: bool = True, compile_right: bool = False, normalization: Optional[str] = None,
                 _specialized_code: Optional[bool] = None, _optimize_einsums: Optional[bool] = None) -> None:
        super().__init__()
        self.irreps_in1, self.irreps_in2, self.irreps_out = lists = [
            Irreps(one) for one in (irreps_in1, irreps_in2, irreps_out)]
        irrep = _one_of("irrep_normalization", normalization or irrep_normalization, ("component", "norm", "none"))
        path = _one_of("path_normalization", path_normalization, ("element", "path", "none"))
        raw = [_instruction(i, tuple(given), lists) for i, given in enumerate(instructions)]
        variances = [_variance(*pair) for pair in zip((in1_var, in2_var, out_var), lists, ("in1_var", "in2_var", "out_var"))]
        factors = _coefficients(lists, raw, variances, irrep, path)
        self.instructions: List[Instruction] = [Instruction(*one[:5], f, one[6]) for one, f in zip(raw, factors)]
        self.weight_numel: int = sum(math.prod(ins.path_shape) for ins in self.instructions if ins.has_weight)
        if shared_weights is None:
            shared_weights = True
        if internal_weights is None:
            internal_weights = shared_weights and self.weight_numel > 0
        if internal_weights and not shared_weights:
            raise ValueError("internal weights are shared by all samples: shared_weights must not be False")
        self.internal_weights, self.shared_weights = internal_weights, shared_weights
        if internal_weights and self.weight_numel > 0:
            self.weight = torch.nn.Parameter(torch.randn(self.weight_numel))
        else:
            self.register_buffer("weight", torch.Tensor())
        reached = {ins.i_out for ins in self.instructions if ins.path_weight != 0 and 0 not in ins.path_shape}
        parts = [torch.full((block.dim,), float(k in reached)) for k, block in enumerate(self.irreps_out)]
        self.register_buffer("output_mask", torch.cat(parts) if parts else torch.ones(0))
        self._runners = runners(lists, self.instructions, shared_weights)

    def __repr__(self) -> str:
        paths = sum(math.prod(ins.path_shape) for ins in self.instructions)
        return (f"{type(self).__name__}({self.irreps_in1.simplify()} x {self.irreps_in2.simplify()} -> "
                f"{self.irreps_out.simplify()} | {paths} paths | {self.weight_numel} weights)")

    def _weights(self, weight: Any, kind: torch.dtype) -> Any:
        if self.weight_numel == 0:
            return None
        if isinstance(weight, (list, tuple)):
            keep = -1 if self.shared_weights else -1 - len(self._shapes()[0])
            weight = torch.cat([w.flatten(-len(s)) for w, s in zip(weight, self._shapes())], keep if keep == -1 else -1)
        if weight is None:
            if not self.internal_weights:
                raise RuntimeError(f"{self.weight_numel} weights must be given: this product keeps none of its own")
            weight = self.weight
        check(weight, "weight")
        if weight.dtype != kind:
            raise TypeError(f"weight is of {weight.dtype}, x of {kind}: they must be equal")
        if self.shared_weights and tuple(weight.shape) != (self.weight_numel,):
            raise ValueError(f"weight has shape {list(weight.shape)}, must be [{self.weight_numel}]")
        if not self.shared_weights and (weight.ndim < 2 or weight.shape[-1] != self.weight_numel):
            raise ValueError(f"weight has shape {list(weight.shape)}, must be [samples, {self.weight_numel}]")
        return weight

    def _shapes(self) -> list:
        return [ins.path_shape for ins in self.instructions if ins.has_weight]

    def forward(self, x: torch.Tensor, y: torch.Tensor,
                weight: Union[None, torch.Tensor, Sequence[torch.Tensor]] = None) -> torch.Tensor:
        """x [..., irreps_in1.dim], y [..., irreps_in2.dim] -> [..., irreps_out.dim]; samples broadcast.

        weight  [weight_numel], or [..., weight_numel] if not shared, or a list with one tensor for each instruction
        """
        pairs = [(x, "x", self.irreps_in1.dim), (y, "y", self.irreps_in2.dim)]
        check(x, "x")
        w = self._weights(weight, x.dtype)
        if w is not None and not self.shared_weights:
            pairs.append((w, "weight", self.weight_numel))
        lead = _samples(pairs)
        n = math.prod(lead)
        x2 = _flat(x, "x", self.irreps_in1, lead) if x.ndim != 2 or x.shape[0] != n else x.contiguous()
        y2 = _flat(y, "y", self.irreps_in2, lead) if y.ndim != 2 or y.shape[0] != n else y.contiguous()
        if w is not None and not self.shared_weights and (w.ndim != 2 or w.shape[0] != n):
            w = w.expand(*lead, w.shape[-1]).reshape(n, w.shape[-1])
        out = None
        for run in self._runners:
            part = run(x2, y2, w)
            out = part if out is None else out + part
        if out is None:
            out = x2.new_zeros((n, self.irreps_out.dim))
        return out if len(lead) == 1 else out.reshape(*lead, self.irreps_out.dim)

    def weight_view_for_instruction(self, instruction: int, weight: Optional[torch.Tensor] = None) -> torch.Tensor:
        """The weights of one instruction, in their shape: a view."""
        ins = self.instructions[instruction]
        if not ins.has_weight:
            raise ValueError(f"instruction {instruction} has no weights")
        weight = self.weight if weight is None else weight
        at = sum(math.prod(one.path_shape) for one in self.instructions[:instruction] if one.has_weight)
        return weight.narrow(-1, at, math.prod(ins.path_shape)).view(weight.shape[:-1] + ins.path_shape)

    def weight_views(self, weight: Optional[torch.Tensor] = None, yield_instruction: bool = False) -> Iterator[Any]:
        for i, ins in enumerate(self.instructions):
            if ins.has_weight:
                view = self.weight_view_for_instruction(i, weight)
                yield (i, ins, view) if yield_instruction else view


class FullyConnectedTensorProduct(TensorProduct):
    """Every path that degrees and parities allow, every pair of copies into every copy (uvw)."""

    def __init__(self, irreps_in1: Any, irreps_in2: Any, irreps_out: Any, irrep_normalization: Optional[str] = None,
                 path_normalization: Optional[str] = None, **kwargs: Any) -> None:
        a, b, c = Irreps(irreps_in1), Irreps(irreps_in2), Irreps(irreps_out)
        super().__init__(a, b, c, [
            (i, j, k, "uvw", True, 1.0)
            for i, one in enumerate(a) for j, two in enumerate(b) for k, out in enumerate(c)
            if out.ir in one.ir.product(two.ir)
        ], irrep_normalization=irrep_normalization, path_normalization=path_normalization, **kwargs)


def _wanted(filter_ir_out: Any) -> Any:
    if filter_ir_out is None:
        return lambda ir: True
    allowed = {Irrep.of(ir) for ir in filter_ir_out}
    return lambda ir: ir in allowed


class ElementwiseTensorProduct(TensorProduct):
    """Copy u of the first input with copy u of the second, all paths, no weights (uuu)."""

    def __init__(self, irreps_in1: Any, irreps_in2: Any, filter_ir_out: Any = None,
                 irrep_normalization: Optional[str] = None, **kwargs: Any) -> None:
        lists = [Irreps(irreps_in1).simplify(), Irreps(irreps_in2).simplify()]
        if lists[0].num_irreps != lists[1].num_irreps:
            raise ValueError(f"{lists[0].num_irreps} copies in {lists[0]}, {lists[1].num_irreps} in {lists[1]}: must be equal")
        wanted = _wanted(filter_ir_out)
        cuts = sorted({sum(block.mul for block in irreps[:i]) for irreps in lists for i in range(len(irreps) + 1)})
        cut = []  # both lists, cut where either has a new block
        for irreps in lists:
            ends, blocks, i = [sum(b.mul for b in irreps[: i + 1]) for i in range(len(irreps))], [], 0
            for low, high in zip(cuts, cuts[1:]):
                while ends[i] <= low:
                    i += 1
                blocks.append((high - low, irreps[i].ir))
            cut.append(Irreps(blocks))
        out, instructions = [], []
        for i, ((mul, one), (_, two)) in enumerate(zip(*cut)):
            for ir in one.product(two):
                if wanted(ir):
                    instructions.append((i, i, len(out), "uuu", False))
                    out.append((mul, ir))
        super().__init__(cut[0], cut[1], out, instructions, irrep_normalization=irrep_normalization, **kwargs)


class FullTensorProduct(TensorProduct):
    """Every pair of copies, every path, no weights (uvuv); the output is sorted."""

    def __init__(self, irreps_in1: Any, irreps_in2: Any, filter_ir_out: Any = None,
                 irrep_normalization: Optional[str] = None, **kwargs: Any) -> None:
        a, b = Irreps(irreps_in1).simplify(), Irreps(irreps_in2).simplify()
        wanted = _wanted(filter_ir_out)
        made = [(i, j, one.mul * two.mul, ir) for i, one in enumerate(a) for j, two in enumerate(b)
                for ir in one.ir.product(two.ir) if wanted(ir)]
        out, place, _ = Irreps([(mul, ir) for _, _, mul, ir in made]).sort()
        super().__init__(a, b, out, [(i, j, place[k], "uvuv", False) for k, (i, j, _, _) in enumerate(made)],
                         irrep_normalization=irrep_normalization, **kwargs)


class GauntTensorProduct(torch.nn.Module):
    """The product of functions on the sphere, channel by channel (S. Luo, T. Chen, A. Krishnapriyan, arXiv 2401.10216).

    Copy u of the blocks of an input are the coefficients of one function in orthonormal harmonics; the output has those of
    the products: out_k[u] = sum over even paths of sum of the integrals of Y1 Y2 Y3 times x_i[u] y_j[u].  Paths are those
    with l1 + l2 + l3 even that parities allow: a Gaunt product cannot see the odd ones.

    All blocks have equally many copies.  weights: a factor for each block and copy of x, y and the output, kept as the
    parameters weight1, weight2, weight_out (the paper's w_l1, w_l2, w_l3), 1 at the start; without them there are none.
    """

    def __init__(self, irreps_in1: Any, irreps_in2: Any, irreps_out: Any, weights: bool = False) -> None:
        super().__init__()
        self.irreps_in1, self.irreps_in2, self.irreps_out = lists = [
            Irreps(one) for one in (irreps_in1, irreps_in2, irreps_out)]
        copies = {block.mul for irreps in lists for block in irreps}
        if len(copies) > 1:
            raise ValueError(f"all blocks must have equally many copies, there are {', '.join(map(str, sorted(copies)))}")
        paths = [(i, j, k) for i, one in enumerate(lists[0]) for j, two in enumerate(lists[1])
                 for k, out in enumerate(lists[2])
                 if out.ir in one.ir.product(two.ir) and (one.ir.l + two.ir.l + out.ir.l) % 2 == 0]
        factors = [gaunt_factor(lists[0][i].ir.l, lists[1][j].ir.l, lists[2][k].ir.l) for i, j, k in paths]
        self.weights = weights
        names = ("weight1", "weight2", "weight_out")
        for name, irreps in zip(names, lists):
            if weights:
                self.register_parameter(name, torch.nn.Parameter(torch.ones(irreps.num_irreps)))
            repeats = [block.ir.dim for block in irreps for _ in range(block.mul)]
            self.register_buffer(f"_repeats_{name}", torch.tensor(repeats, dtype=torch.long), persistent=False)
        self._spec = Spec(lists, paths, factors, UUU, NONE, gauge=0)

    def _scaled(self, x: torch.Tensor, name: str) -> torch.Tensor:
        if not self.weights:
            return x
        return x * getattr(self, name).repeat_interleave(getattr(self, f"_repeats_{name}"))

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        lead = _samples([(x, "x", self.irreps_in1.dim), (y, "y", self.irreps_in2.dim)])
        x = _flat(self._scaled(x, "weight1"), "x", self.irreps_in1, lead)
        y = _flat(self._scaled(y, "weight2"), "y", self.irreps_in2, lead)
        return self._scaled(Product.apply(self._spec, x, y, None), "weight_out").view(*lead, self.irreps_out.dim)


class Linear(torch.nn.Module):
    """Copies of equal irreps mixed, as e3nn.o3.Linear: its order of weights and its normalisation."""

    def __init__(self, irreps_in: Any, irreps_out: Any, *, internal_weights: Optional[bool] = None,
                 shared_weights: Optional[bool] = None, biases: Union[bool, Sequence[bool]] = False,
                 path_normalization: str = "element") -> None:
        super().__init__()
        self.irreps_in, self.irreps_out = a, b = Irreps(irreps_in), Irreps(irreps_out)
        _one_of("path_normalization", path_normalization, ("element", "path"))
        pairs = [(i, k) for i, one in enumerate(a) for k, out in enumerate(b) if one.ir == out.ir]
        self.shared_weights = True if shared_weights is None else shared_weights
        self.internal_weights = self.shared_weights if internal_weights is None else internal_weights
        if self.internal_weights and not self.shared_weights:
            raise ValueError("internal weights are shared by all samples: shared_weights must not be False")
        slices, at = {}, 0
        for i, k in pairs:
            slices[i, k] = slice(at, at + a[i].mul * b[k].mul)
            at += a[i].mul * b[k].mul
        self.weight_numel = at
        scalar = Irrep(0, 1)
        biases = [biases and out.ir == scalar for out in b] if isinstance(biases, bool) else list(biases)
        if len(biases) != len(b) or any(bias and out.ir != scalar for bias, out in zip(biases, b)):
            raise ValueError(f"biases: one for each of {len(b)} blocks, and only scalars (0e) can have one")
        self.bias_numel = sum(out.mul for bias, out in zip(biases, b) if bias)
        for name, numel, start in (("weight", at, torch.randn), ("bias", self.bias_numel, torch.zeros)):
            if self.internal_weights and numel > 0:
                self.register_parameter(name, torch.nn.Parameter(start(numel)))
            else:
                self.register_buffer(name, torch.Tensor())
        reached = {k for i, k in pairs if a[i].mul > 0} | {k for k, bias in enumerate(biases) if bias}
        parts = [torch.full((out.dim,), float(k in reached)) for k, out in enumerate(b)]
        self.register_buffer("output_mask", torch.cat(parts) if parts else torch.ones(0))
        from_slices = a.slices()
        self._parts: list = []
        bias_at = 0
        for k, out in enumerate(b):
            mine = [(i, slices[i, k]) for i, other in pairs if other == k and a[i].mul > 0 and out.mul > 0]
            total = sum(a[i].mul for i, _ in mine)
            terms = [(from_slices[i], a[i].mul, s, 1 / math.sqrt(total if path_normalization == "element" else a[i].mul * len(mine)))
                     for i, s in mine]
            self._parts.append((out, terms, slice(bias_at, bias_at + out.mul) if biases[k] else None))
            bias_at += out.mul if biases[k] else 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.irreps_in} -> {self.irreps_out} | {self.weight_numel} weights)"

    def forward(self, x: torch.Tensor, weight: Optional[torch.Tensor] = None,
                bias: Optional[torch.Tensor] = None) -> torch.Tensor:
        if not self.internal_weights and ((weight is None and self.weight_numel) or (bias is None and self.bias_numel)):
            raise RuntimeError("weights and biases must be given: this map keeps none of its own")
        weight, bias = self.weight if weight is None else weight, self.bias if bias is None else bias
        if weight.shape[-1:] != (self.weight_numel,) and self.weight_numel:
            raise ValueError(f"weight has shape {list(weight.shape)}, must end in {self.weight_numel}")
        lead = _samples([(x, "x", self.irreps_in.dim)])
        x = x.reshape(-1, self.irreps_in.dim)
        n = x.shape[0]
        out = []
        for block, terms, where in self._parts:
            part = None
            for place, mul, s, factor in terms:
                w = weight[..., s].unflatten(-1, (mul, block.mul)) * factor
                if w.ndim > 2:
                    w = w.expand(*lead, mul, block.mul).reshape(n, mul, block.mul)
                more = mix(x[:, place].reshape(n, mul, block.ir.dim), w)
                part = more if part is None else part + more
            if part is None:
                part = x.new_zeros((n, block.dim))
            out.append(part + bias[..., where] if where is not None else part)
        return (torch.cat(out, -1) if out else x.new_zeros((n, 0))).reshape(*lead, self.irreps_out.dim)
