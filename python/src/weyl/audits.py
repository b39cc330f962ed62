"""How symmetric any Python function is, and how sure we are."""
from __future__ import annotations

import dataclasses
import re
from typing import Any, Callable, Optional, Sequence, Union

import numpy as np

from . import _native
from .irreps import Irreps

# weyl_action: of rows that belong to points, and of the whole sample
_ACTIONS = {"scalar": 0, "point": 1, "vector": 2, "pair": 6}
_GLOBAL = {"scalar": 3, "vector": 4, "point": 5}


@dataclasses.dataclass(frozen=True)
class AuditResult:
    """Errors |f(g x) - g f(x)| (root mean square of a sample) over the size of the outputs."""

    group: str
    holds: bool  #: both tolerances are kept
    mean: float
    worst: float
    confidence: float  #: with this confidence ...
    failing_bound: float  #: ... at most this fraction of all draws is above the tolerance of the worst
    failing: int
    draws: int
    quantile99: float
    rms: float  #: size of the outputs
    worst_sample: int
    worst_element: np.ndarray  #: the offending element: [R, t], then the permutation

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        return (f"{self.group}: mean {self.mean:.1e}, worst {self.worst:.1e}, {self.failing} of {self.draws} draws fail "
                f"(at most {100 * self.failing_bound:.2g} % with confidence {self.confidence:g}): "
                f"{'holds' if self.holds else 'does not hold'}")


@dataclasses.dataclass(frozen=True)
class _Slot:
    name: str
    action: int
    width: int
    irreps: Optional[str]

    def shape(self, n: int) -> tuple:
        if self.action in _GLOBAL.values():
            return (self.width,)
        return (n, n, self.width) if self.action == 6 else (n, self.width)


def _slot(name: str, rep: str, space: int) -> _Slot:
    words = re.fullmatch(r"\s*(global\s+)?(?:(\d+)\s*x?\s*)?(scalar|vector|point|pair)s?\s*", rep)
    if words:
        whole, copies, kind = words[1], int(words[2] or 1), words[3]
        if whole and kind == "pair":
            raise ValueError(f"{name}: {rep!r}: pairs belong to points")
        width = copies * (space if kind in ("vector", "point") else 1)
        return _Slot(name, (_GLOBAL if whole else _ACTIONS)[kind], width, None)
    whole = rep.strip().startswith("global ")
    text = rep.strip()[len("global ") if whole else 0 :]
    try:
        irreps = Irreps(text)
    except ValueError as error:
        raise ValueError(f"{name}: {rep!r} is none of [global] [COPIES] scalar, vector, point, pair, nor a list of "
                         f"irreps: {error}") from None
    return _Slot(name, 3 if whole else 0, irreps.dim, str(irreps))


def _sample(data: Any, several: bool, i: int, slots: Sequence[_Slot]) -> tuple:
    given = data[i]
    arrays = [np.ascontiguousarray(np.asarray(a), np.float64) for a in (given if several else [given])]
    if len(arrays) != len(slots):
        raise ValueError(f"sample {i} has {len(arrays)} arrays for {len(slots)} inputs")
    n = next((a.shape[0] for a, s in zip(arrays, slots) if s.action not in _GLOBAL.values() and a.ndim), 1)
    for array, slot in zip(arrays, slots):
        if array.shape != slot.shape(n):
            raise ValueError(f"sample {i}: {slot.name} has shape {list(array.shape)}, must be {list(slot.shape(n))}")
    return n, arrays


def audit(fn: Callable[..., Any], group: str = "E(3)", rep_in: Union[str, Sequence[str]] = "point",
          rep_out: str = "vector", *, data: Optional[Sequence[Any]] = None, points: int = 8, samples: int = 200,
          elements: int = 3, seed: int = 1, dtype: Any = np.float64, batched: bool = False,
          tolerance_mean: Optional[float] = None, tolerance_worst: Optional[float] = None,
          translation_scale: float = 1.0, confidence: float = 0.95) -> AuditResult:
    """Draws samples x and elements g of a group, and compares fn(g x) with g fn(x).

    fn          called with one array for each input, of `dtype` (a torch dtype gives tensors); returns one array
    group       "E(3)", "SO(3)", "O(2)", "S(n)", "E(3) x S(n)", ...
    rep_in      how the inputs transform, a string or one for each: "point", "vector", "scalar" (a row for each of n points,
                permuted with them; "4 scalars" is a row of 4), "pair" ([n, n, 1]), irreps such as "8x0e+4x1o" (a row for
                each point); with "global " before it: one row for the sample, [width]
    rep_out     the same of the output
    data        samples: a sequence of arrays, or of tuples of them if rep_in is a sequence; None: normal numbers for
                `points` points
    batched     fn takes and returns arrays of several samples, with the sample as first dimension
    tolerance_mean, tolerance_worst   relative to the size of the output; by default what rounding of this type explains
    """
    space = int(m[1]) if (m := re.search(r"(?:^|[^A-Za-z])S?[EOT]\(\s*(\d+)\s*\)", group)) else 3
    several = not isinstance(rep_in, str)
    reps = list(rep_in) if several else [rep_in]
    slots = [_slot(f"input {i}" if several else "input", rep, space) for i, rep in enumerate(reps)]
    out = _slot("output", rep_out, space)
    torch = None
    if type(dtype).__module__.partition(".")[0] == "torch":
        import torch
    single = dtype == torch.float32 if torch else np.dtype(dtype) == np.float32
    if data is None:
        def draw(i):
            rng = np.random.default_rng([seed, i])
            return points, [rng.standard_normal(slot.shape(points)) for slot in slots]
    else:
        if len(data) == 0:
            raise ValueError("data has no samples")
        samples = min(samples, len(data))
        def draw(i):
            return _sample(data, several, i * len(data) // samples, slots)

    def call(arrays):
        if torch:
            result = fn(*(torch.from_numpy(a.copy()).to(dtype) for a in arrays))
            result = result.detach().cpu().numpy() if isinstance(result, torch.Tensor) else result
        else:
            result = fn(*(a.astype(dtype) for a in arrays))
        return np.asarray(result, np.float64)

    def evaluate(batch):
        inputs = [[np.frombuffer(b, np.float64).reshape(s.shape(n)) for b, s in zip(given, slots)] for n, given in batch]
        if batched:
            if len({n for n, _ in batch}) > 1:
                raise ValueError("batched: samples must have equally many points")
            results = call([np.stack([row[k] for row in inputs]) for k in range(len(slots))])
            if results.shape[:1] != (len(batch),):
                raise ValueError(f"fn returned shape {list(results.shape)} for {len(batch)} samples")
        else:
            results = [call(row) for row in inputs]
        for (n, _), result in zip(batch, results):
            if result.shape != out.shape(n) and not (out.shape(n) == (1,) and result.shape == ()):
                raise ValueError(f"fn returned shape {list(result.shape)}, must be {list(out.shape(n))} for {rep_out!r}")
        return [np.ascontiguousarray(result) for result in results]

    tolerances = [-1.0 if t is None else float(t) for t in (tolerance_mean, tolerance_worst)]
    found = _native.audit(group, [dataclasses.astuple(s) for s in (*slots, out)], draw, evaluate, samples, elements, seed,
                          0 if single else 1, *tolerances, translation_scale, confidence)
    found["worst_element"] = np.array(found["worst_element"])
    return AuditResult(group=group, confidence=confidence, **found)
