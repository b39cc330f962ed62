"""Torch: harmonics and products with derivatives, without copies, without the interpreter lock."""
import copy
import io
import threading
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

import weyl  # noqa: E402
from weyl import o3  # noqa: E402
from weyl._torch import Spec, capsule  # noqa: E402

D = torch.float64


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(3)


def paths(a, b, c, mode, weights=True):
    a, b, c = map(o3.Irreps, (a, b, c))
    return [(i, j, k, mode, weights) for i, x in enumerate(a) for j, y in enumerate(b) for k, z in enumerate(c)
            if z.ir in x.ir.product(y.ir)]


# irreps with copies that no vector divides, unequal blocks, and every mode
PRODUCTS = {
    "uuu": ("3x0e+3x1o+3x2e", "3x0e+3x1o+3x2e", "3x0e+3x1o+3x2e+3x1e"),
    "uvu": ("3x0e+5x1o", "2x0e+1x1o", "3x0e+5x1o+5x1e+3x1o"),
    "uvv": ("2x0e+1x1o", "3x0e+5x1o", "3x0e+5x1o+5x1e+3x1o"),
    "uvw": ("3x0e+2x1o", "1x0e+4x1o", "2x0e+3x1o+1x1e"),
    "uuw": ("3x0e+3x1o", "3x0e+3x1o", "2x0e+4x1o"),
    "uvuv": ("3x0e+3x1o", "2x0e+2x1o", "6x0e+6x1o+6x1e"),
}


def product(mode, **options):
    lists = PRODUCTS[mode]
    instructions = paths(*lists, mode)
    if mode == "uvu":  # copies must agree from block to block
        a, _, c = map(o3.Irreps, lists)
        instructions = [p for p in instructions if a[p[0]].mul == c[p[2]].mul]
    if mode == "uvv":
        _, b, c = map(o3.Irreps, lists)
        instructions = [p for p in instructions if b[p[1]].mul == c[p[2]].mul]
    return o3.TensorProduct(*lists, instructions, **options)


def reference(tp, x, y, w):
    """The sum over all paths, by the definition."""
    out = x.new_zeros(*x.shape[:-1], tp.irreps_out.dim)
    sx, sy, so = tp.irreps_in1.slices(), tp.irreps_in2.slices(), tp.irreps_out.slices()
    at = 0
    sums = {"uvw": "uvw,ijk,nui,nvj->nwk", "uvu": "uv,ijk,nui,nvj->nuk", "uvv": "uv,ijk,nui,nvj->nvk",
            "uuw": "uw,ijk,nui,nuj->nwk", "uuu": "u,ijk,nui,nuj->nuk", "uvuv": "uv,ijk,nui,nvj->nuvk"}
    for ins in tp.instructions:
        a, b, c = tp.irreps_in1[ins.i_in1], tp.irreps_in2[ins.i_in2], tp.irreps_out[ins.i_out]
        numel = int(np.prod(ins.path_shape))
        weight = w[..., at : at + numel].reshape(*w.shape[:-1], *ins.path_shape) if ins.has_weight else x.new_ones(ins.path_shape)
        at += numel if ins.has_weight else 0
        symbol = o3.wigner_3j(a.ir.l, b.ir.l, c.ir.l, dtype=x.dtype)
        text = sums[ins.connection_mode]
        if weight.ndim > len(ins.path_shape):
            text = "n" + text
        part = torch.einsum(text, weight, symbol, x[:, sx[ins.i_in1]].reshape(-1, a.mul, a.ir.dim),
                            y[:, sy[ins.i_in2]].reshape(-1, b.mul, b.ir.dim))
        out[:, so[ins.i_out]] += ins.path_weight * part.reshape(x.shape[0], -1)
    return out


def arguments(tp, n, dtype=D, grad=True):
    x, y = tp.irreps_in1.randn(n, -1, dtype=dtype), tp.irreps_in2.randn(n, -1, dtype=dtype)
    w = torch.randn(*([] if tp.shared_weights else [n]), tp.weight_numel, dtype=dtype)
    return tuple(one.requires_grad_(grad) for one in (x, y, w))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("mode", PRODUCTS)
def test_products_are_what_their_definition_says(mode, shared):
    for dtype, tolerance in ((D, 1e-12), (torch.float32, 1e-5)):
        tp = product(mode, shared_weights=shared)
        x, y, w = arguments(tp, 37, dtype, grad=False)
        assert torch.allclose(tp(x, y, w), reference(tp, x, y, w), rtol=tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("mode", PRODUCTS)
def test_first_and_second_derivatives(mode, shared):
    tp = product(mode, shared_weights=shared)
    args = arguments(tp, 2)
    assert torch.autograd.gradcheck(tp, args)
    assert torch.autograd.gradgradcheck(tp, args)


@pytest.mark.parametrize("mode", ["uuu", "uvw"])
def test_third_derivatives(mode):
    tp = product(mode)
    x, y, w = arguments(tp, 1)
    def second(x):
        (g,) = torch.autograd.grad((tp(x, y, w) ** 2).sum(), x, create_graph=True)
        return g
    assert torch.autograd.gradgradcheck(second, (x,))


def test_products_turn_with_their_inputs(rotations):
    for mode in PRODUCTS:
        tp = product(mode).double()
        x, y, w = (one.detach() for one in arguments(tp, 4))
        for r in rotations:
            turned = [torch.from_numpy(weyl.transform(i, r, v.numpy())) for i, v in ((tp.irreps_in1, x), (tp.irreps_in2, y))]
            expected = weyl.transform(tp.irreps_out, r, tp(x, y, w).numpy())
            assert np.allclose(tp(*turned, w).numpy(), expected, atol=1e-11)


def test_gaunt_products_multiply_functions_on_the_sphere():
    irreps = o3.Irreps("5x0e+5x1o+5x2e+5x3o")
    out = o3.Irreps([(5, (l, (-1) ** l)) for l in range(7)])
    tp = o3.GauntTensorProduct(irreps, irreps, out)
    x, y = irreps.randn(3, -1, dtype=D), irreps.randn(3, -1, dtype=D)
    r = torch.randn(11, 3, dtype=D)
    def value(irreps, x):  # of each copy's function at the points r
        total = 0
        for s, (mul, ir) in zip(irreps.slices(), irreps):
            total = total + torch.einsum("num,pm->nup", x[:, s].reshape(3, mul, ir.dim), o3.spherical_harmonics(ir.l, r, True))
        return total
    assert torch.allclose(value(out, tp(x, y)), value(irreps, x) * value(irreps, y), atol=1e-12)
    weighted = o3.GauntTensorProduct("2x0e+2x1o", "2x0e+2x1o", "2x0e+2x1o+2x2e", weights=True).double()
    with torch.no_grad():
        for p in weighted.parameters():
            p.normal_()
    a, b = (torch.randn(2, 8, dtype=D, requires_grad=True) for _ in range(2))
    assert len(list(weighted.parameters())) == 3 and torch.autograd.gradgradcheck(weighted, (a, b))


@pytest.mark.parametrize("normalize", [True, False])
def test_derivatives_of_harmonics(normalize):
    x = torch.randn(3, 3, dtype=D, requires_grad=True)
    for normalization in ("integral", "component", "norm"):
        def f(x):
            return o3.spherical_harmonics([0, 1, 2, 3, 4], x, normalize, normalization)
        assert torch.autograd.gradcheck(f, (x,)) and torch.autograd.gradgradcheck(f, (x,))
    def force(x):
        (g,) = torch.autograd.grad((o3.spherical_harmonics([1, 3], x, normalize) ** 3).sum(), x, create_graph=True)
        return g
    assert torch.autograd.gradgradcheck(force, (x,))


def test_zero_vectors_have_no_gradient():
    x = torch.zeros(2, 3, requires_grad=True)
    o3.spherical_harmonics([0, 1, 2], x, True).sum().backward()
    assert torch.equal(x.grad, torch.zeros(2, 3))
    y = o3.spherical_harmonics([1], torch.tensor([[float("nan"), 0, 0], [0, 1.0, 0]], requires_grad=True), True)
    assert y[0].isnan().all() and not y[1].isnan().any()


def test_wigner_matrices_are_differentiable():
    angles = torch.randn(3, 2, dtype=D, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda a: o3.wigner_D(3, *a), (angles,))
    assert np.allclose(o3.wigner_D(3, *angles.detach()).numpy(), weyl.wigner_D(3, *angles.detach().numpy()), atol=1e-15)


def test_samples_broadcast_and_may_be_empty():
    tp = product("uvu")
    x, y, w = arguments(tp, 6, torch.float32)
    whole = tp(x, y, w)
    assert torch.equal(tp(x.reshape(2, 3, -1), y.reshape(2, 3, -1), w), whole.reshape(2, 3, -1))
    assert torch.equal(tp(x, y[:1], w), tp(x, y[:1].expand(6, -1), w))
    assert torch.equal(tp(x[0], y[0], w), tp(x[:1], y[:1], w)[0])
    empty = tp(x[:0], y[:0], w)
    assert empty.shape == (0, tp.irreps_out.dim)
    gradients = torch.autograd.grad(empty.sum(), [x, y, w])
    assert all(not g.any() for g in gradients)
    strided = torch.randn(6, 2 * x.shape[1])[:, ::2]
    assert torch.equal(tp(strided, y, w), tp(strided.contiguous(), y, w))


def test_nan_stays_with_its_sample():
    tp = product("uuu")
    x, y, w = arguments(tp, 40, torch.float32, grad=False)
    x[7] = float("nan")
    out = tp(x, y, w)
    assert out[7].isnan().any() and not out[torch.arange(40) != 7].isnan().any()


def test_nothing_is_copied():
    """What libweyl reads and writes is the memory of the tensors: a product of views of one buffer fills the buffer."""
    spec = Spec(("2x0e", "2x0e", "2x0e"), [(0, 0, 0)], [1.0], 0, 2)
    plan = spec.plan(torch.float32)
    buffer = torch.arange(12, dtype=torch.float32)
    x, y, out = buffer[:4], buffer[4:8], buffer[8:]
    plan.forward(2, capsule(x), capsule(y), None, capsule(out), 1)
    assert torch.equal(buffer[8:], x * y)
    array = np.zeros(4, np.float32)
    plan.forward(2, x.numpy(), y, None, array, 1)  # numpy's buffer, a tensor's __dlpack__
    assert np.array_equal(array, (x * y).numpy())
    array.flags.writeable = False
    with pytest.raises(ValueError, match="out .*writable"):
        plan.forward(2, x, y, None, array, 1)


def test_numbers_do_not_depend_on_threads():
    tp = product("uuu")
    x, y, w = arguments(tp, 5000, torch.float32)
    results = []
    for threads in (1, 2, 5):
        weyl.set_num_threads(threads)
        out = tp(x, y, w)
        results.append([out, *torch.autograd.grad((out * out).sum(), [x, y, w])])
    weyl.set_num_threads(None)
    assert all(torch.equal(a, b) for other in results[1:] for a, b in zip(results[0], other))


def test_other_threads_run_meanwhile():
    tp = o3.TensorProduct(*["32x0e+32x1o+32x2e+32x3o"] * 3, paths(*["32x0e+32x1o+32x2e+32x3o"] * 3, "uuu"))
    x, y, w = arguments(tp, 4000, torch.float32, grad=False)
    tp(x, y, w)
    weyl.set_num_threads(1)
    done, ticks, inside = threading.Event(), [], []
    def work():
        for _ in range(5):
            start = time.perf_counter()
            tp(x, y, w)
            inside.append((start, time.perf_counter()))
        done.set()
    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        ticks.append(time.perf_counter())
        time.sleep(0.0005)
    thread.join()
    weyl.set_num_threads(None)
    # with the lock held throughout, a tick could only fall between calls
    assert sum(a + 0.1 * (b - a) < t < b - 0.1 * (b - a) for t in ticks for a, b in inside) >= 3


def test_two_threads_at_once():
    tp = product("uuu")
    args = [arguments(tp, 500, torch.float32, grad=False) for _ in range(4)]
    expected = [tp(*a) for a in args]
    got = [None] * 4
    def work(i):
        for _ in range(20):
            got[i] = tp(*args[i])
    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert all(torch.equal(a, b) for a, b in zip(expected, got))


def test_modules_can_be_copied_saved_and_loaded():
    tp = product("uvw")
    x, y, _ = arguments(tp, 3, torch.float32, grad=False)
    expected = tp(x, y)
    assert torch.equal(copy.deepcopy(tp)(x, y), expected)
    file = io.BytesIO()
    torch.save(tp, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(x, y), expected)
    other = product("uvw")
    other.load_state_dict(tp.state_dict())
    assert torch.equal(other(x, y), expected)


@pytest.mark.parametrize("call, error, words", [
    (lambda tp, x, y, w: tp(x[:, 1:], y, w), ValueError, "x has shape"),
    (lambda tp, x, y, w: tp(x, y[:3], w), ValueError, "samples do not agree"),
    (lambda tp, x, y, w: tp(x, y, w[1:]), ValueError, "weight has shape"),
    (lambda tp, x, y, w: tp(x.double(), y, w), TypeError, "float64"),
    (lambda tp, x, y, w: tp(x.half(), y, w), TypeError, "float16"),
    (lambda tp, x, y, w: tp(x.long(), y, w), TypeError, "int64"),
    (lambda tp, x, y, w: tp(x.numpy(), y, w), TypeError, "ndarray"),
    (lambda tp, x, y, w: tp(x.to("meta"), y, w), ValueError, "meta"),
    (lambda tp, x, y, w: o3.TensorProduct("1x0e", "1x0e", "1x1o", [(0, 0, 0, "uuu", True)]), ValueError, "has no part 1o"),
    (lambda tp, x, y, w: o3.TensorProduct("1x1o", "1x1o", "1x1o", [(0, 0, 0, "uuu", True)]), ValueError, "has no part 1o"),
    (lambda tp, x, y, w: o3.TensorProduct("2x0e", "1x0e", "2x0e", [(0, 0, 0, "uuu", True)]), ValueError, "equal copies"),
    (lambda tp, x, y, w: o3.TensorProduct("2x0e", "1x0e", "2x0e", [(0, 0, 1, "uvu", True)]), IndexError, "irreps_out, which has 1"),
    (lambda tp, x, y, w: o3.TensorProduct("2x0e", "1x0e", "2x0e", [(0, 0, 0, "uv", True)]), ValueError, "mode is 'uv'"),
    (lambda tp, x, y, w: o3.FullyConnectedTensorProduct("2x0e+", "1x0e", "2x0e"), ValueError, "expected|end|position|character"),
    (lambda tp, x, y, w: o3.GauntTensorProduct("2x0e", "3x0e", "2x0e"), ValueError, "equally many"),
    (lambda tp, x, y, w: product("uuu", shared_weights=False)(x, y), RuntimeError, "must be given"),
    (lambda tp, x, y, w: product("uuu", shared_weights=False, internal_weights=True), ValueError, "shared"),
])
def test_bad_input(call, error, words):
    tp = product("uuu")
    x, y, w = arguments(tp, 5, torch.float32, grad=False)
    with pytest.raises(error, match=words):
        call(tp, x, y, w)


def test_too_many_samples():
    plan = Spec(("1x0e", "1x0e", "1x0e"), [(0, 0, 0)], [1.0], 0, 2).plan(torch.float32)
    x = torch.ones(4)
    for n in (2**31 + 4, 2**40, 2**62, -1):
        with pytest.raises(ValueError):
            plan.forward(n, x, x, None, x, 1)


def test_audit_of_a_module():
    tp = o3.FullyConnectedTensorProduct("4x0e+3x1o", "2x0e+1x1o", "4x0e+3x1o+1e")
    assert weyl.audit(tp, "O(3)", ["4x0e+3x1o", "2x0e+1x1o"], "4x0e+3x1o+1e", dtype=torch.float32).holds
    def broken(x, y):
        return tp(x, y).relu()
    assert not weyl.audit(broken, "O(3)", ["4x0e+3x1o", "2x0e+1x1o"], "4x0e+3x1o+1e", dtype=torch.float32)
