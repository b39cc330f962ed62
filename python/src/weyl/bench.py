"""Tensor products through this package, and e3nn's where it is installed: python -m weyl.bench --L 1-4

Both take and return e3nn's layout.  Times are the CPU time of the calling thread with one thread, per item (one channel of
one sample), best and median of calls in turns.  The share of the conversion is what the change of layout takes of libweyl's
call: 1 minus the time of the same product on arrays already in its own layout.
"""
import argparse
import json
import statistics
import sys
import time
from typing import Any, Callable

import torch

from . import __version__, o3, set_num_threads


def _times(f: Callable[[], Any], seconds: float, into: list) -> None:
    end = time.perf_counter() + seconds
    while True:
        start = time.thread_time()
        f()
        into.append(time.thread_time() - start)
        if time.perf_counter() >= end:
            return


def _cases(library: Any, degree: int, channels: int, batch: int) -> tuple:
    irreps = library.Irreps([(channels, (l, 1)) for l in range(degree + 1)])
    paths = [(a, b, c, "uuu", True) for a in range(degree + 1) for b in range(degree + 1)
             for c in range(abs(a - b), min(degree, a + b) + 1)]
    tp = library.TensorProduct(irreps, irreps, irreps, paths)
    generator = torch.Generator().manual_seed(1)
    x, y, g = (torch.randn(batch, irreps.dim, generator=generator) for _ in range(3))
    with torch.no_grad():
        tp.weight.copy_(torch.randn(tp.weight.shape, generator=generator))
    x.requires_grad_(), y.requires_grad_()

    def forward():
        with torch.no_grad():
            return tp(x, y)

    def both():
        return torch.autograd.grad(tp(x, y), [x, y, tp.weight], g)

    return tp, forward, both


def _conversion(tp: Any, batch: int, turns: int, seconds: float) -> tuple:
    """Shares of the change of layout, of forward and backward calls of libweyl."""
    spec = tp._runners[0].spec
    shares = []
    for backward in (False, True):
        best = []
        calls = []
        for layout in (0, 1):
            plan = spec.plan(torch.float32, layout)
            sizes = [plan.size(0), plan.size(1), plan.weights / batch, plan.size(2)]
            x, y, w, g, dx, dy, dw = (torch.randn(round(batch * s)).numpy() for s in (*sizes, *sizes[:3]))
            arguments = (x, y, w, g, dx, dy, dw) if backward else (x, y, w, g)
            method = plan.backward if backward else plan.forward
            calls.append(lambda method=method, arguments=arguments: method(batch, *arguments, 1))
            best.append([])
        for _ in range(turns):
            for call, times in zip(calls, best):
                call()
                _times(call, seconds / 4, times)
        shares.append(1 - min(best[1]) / min(best[0]))
    return tuple(shares)


def measure(degree: int, channels: int, batch: int, seconds: float, peer: Any) -> dict:
    tp, *ours = _cases(o3, degree, channels, batch)
    theirs = _cases(peer, degree, channels, batch)[1:] if peer else []
    runs = [*ours, *theirs]
    if theirs:
        difference = max((a - b).abs().max().item() for a, b in zip(ours[1](), theirs[1]()))
        size = max(a.abs().max().item() for a in ours[1]())
        if not difference <= 1e-4 * size:
            raise SystemExit(f"weyl.bench: L={degree}: the two differ by {difference:g} of {size:g}")
    turns = 4
    times: list = [[] for _ in runs]
    for run in runs:
        for _ in range(4):  # TorchScript specialises in its first calls
            run()
    for _ in range(turns):
        for run, into in zip(runs, times):
            _times(run, seconds / turns, into)
    forward_share, backward_share = _conversion(tp, batch, turns, seconds / turns)
    items = batch * channels / 1e9
    row = {"L": degree, "paths": len(tp.instructions), "conversion_forward": forward_share,
           "conversion_backward": backward_share}
    for name, into in zip(("weyl_forward", "weyl_both", "e3nn_forward", "e3nn_both"), times):
        row[name] = {"best_ns": min(into) / items, "median_ns": statistics.median(into) / items}
    return row


def _degrees(text: str) -> range:
    low, _, high = text.partition("-")
    return range(int(low), int(high or low) + 1)


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m weyl.bench", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--L", type=_degrees, default=range(1, 5), metavar="LOW-HIGH", help="highest degrees (1-4)")
    p.add_argument("--channels", type=int, default=64)
    p.add_argument("--batch", type=int, default=1024)
    p.add_argument("--seconds", type=float, default=2.0, help="of each timing")
    p.add_argument("--json", action="store_true")
    a = p.parse_args()
    torch.set_num_threads(1)
    set_num_threads(1)
    try:
        from e3nn import o3 as peer
    except ImportError:
        peer = None
        print("weyl.bench: e3nn is not installed: times of weyl alone", file=sys.stderr)
    rows = []
    if not a.json:
        print(f"weyl {__version__}, torch {torch.__version__}: {a.channels} channels, batch {a.batch}, f32, one thread, "
              "ns of CPU per item (best)")
        print(" L  paths   forward     e3nn  ratio  layout    fwd+bwd     e3nn  ratio  layout")
    for degree in a.L:
        row = measure(degree, a.channels, a.batch, a.seconds, peer)
        rows.append(row)
        if a.json:
            continue
        cells = []
        for kind, share in (("forward", "conversion_forward"), ("both", "conversion_backward")):
            ours, theirs = row[f"weyl_{kind}"]["best_ns"], row.get(f"e3nn_{kind}", {}).get("best_ns")
            cells.append(f"{ours:9.1f}" + (f"{theirs:9.0f}{theirs / ours:6.0f}x" if theirs else f"{'-':>9}{'-':>7}") +
                         f"{100 * row[share]:6.0f} %")
        print(f"{degree:2d}{row['paths']:7d} {cells[0]}  {cells[1]}", flush=True)
    if a.json:
        print(json.dumps({"version": __version__, "torch": torch.__version__, "channels": a.channels, "batch": a.batch,
                          "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
