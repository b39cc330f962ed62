"""The same numbers as e3nn and sphericart, where they are installed."""
import numpy as np
import pytest

import weyl


@pytest.fixture
def e3nn_o3():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    o3 = pytest.importorskip("e3nn.o3", reason="e3nn is not installed")
    torch.manual_seed(5)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield o3
    torch.set_default_dtype(before)


def test_sphericart(rng):
    sphericart = pytest.importorskip("sphericart", reason="sphericart is not installed")
    x = rng.standard_normal((50, 3))
    for l_max in (1, 4, 9):
        ours = weyl.spherical_harmonics(list(range(l_max + 1)), x[:, [1, 2, 0]], False)  # its polar axis is z
        assert np.allclose(ours, sphericart.SolidHarmonics(l_max).compute(x), rtol=1e-11, atol=1e-11)


def test_harmonics(e3nn_o3):
    import torch

    x = torch.randn(30, 3, requires_grad=True)
    for normalize in (True, False):
        for normalization in ("integral", "component", "norm"):
            a = e3nn_o3.spherical_harmonics(range(9), x, normalize, normalization)
            b = weyl.o3.spherical_harmonics(range(9), x, normalize, normalization)
            assert torch.allclose(a, b, rtol=1e-11, atol=1e-11)
            g = torch.randn_like(a)
            da, db = (torch.autograd.grad(y, x, g)[0] for y in (a, b))
            assert torch.allclose(da, db, rtol=1e-10, atol=1e-10)


def test_wigner(e3nn_o3):
    import torch

    angles = torch.randn(3, 5)
    for l in range(7):
        # e3nn keeps tables of single precision for some of these
        assert torch.allclose(e3nn_o3.wigner_D(l, *angles), weyl.o3.wigner_D(l, *angles), atol=1e-5)
    for l1 in range(5):
        for l2 in range(5):
            for l3 in range(abs(l1 - l2), l1 + l2 + 1):
                assert torch.allclose(e3nn_o3.wigner_3j(l1, l2, l3), weyl.o3.wigner_3j(l1, l2, l3), atol=1e-12)


def agree(theirs, ours):
    """Same state, same values, first and second derivatives."""
    import torch

    ours.load_state_dict({k: v for k, v in theirs.state_dict().items() if not k.startswith("_")})
    assert str(ours.irreps_in1) == str(theirs.irreps_in1) and str(ours.irreps_out) == str(theirs.irreps_out)
    assert ours.weight_numel == theirs.weight_numel and torch.equal(ours.output_mask, theirs.output_mask)
    for a, b in zip(theirs.instructions, ours.instructions):
        assert tuple(a)[:5] == tuple(b)[:5] and a.path_shape == b.path_shape
        assert a.path_weight == pytest.approx(b.path_weight, rel=1e-14)
    n = 7
    x = torch.randn(n, theirs.irreps_in1.dim, requires_grad=True)
    y = torch.randn(n, theirs.irreps_in2.dim, requires_grad=True)
    variables, w = [x, y], None
    if theirs.weight_numel:
        w = torch.randn(*([] if theirs.shared_weights else [n]), theirs.weight_numel, requires_grad=True)
        variables.append(w)
    a, b = theirs(x, y, w), ours(x, y, w)
    g = torch.randn_like(a)
    first = [torch.autograd.grad(out, variables, g, create_graph=True) for out in (a, b)]
    second = [torch.autograd.grad(sum((d**2).sum() for d in one), variables) for one in first]
    for p, q in zip((a, *first[0], *second[0]), (b, *first[1], *second[1])):
        assert torch.allclose(p, q, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("options", [{}, {"irrep_normalization": "norm", "path_normalization": "path"},
                                     {"irrep_normalization": "none", "path_normalization": "none"}, {"shared_weights": False}])
def test_products(e3nn_o3, options):
    from weyl import o3

    lists = ("3x0e+4x1o+2x2e", "2x0e+1x1o+3x1e", "2x0e+4x1o+3x1e+2x2e")
    agree(e3nn_o3.FullyConnectedTensorProduct(*lists, **options), o3.FullyConnectedTensorProduct(*lists, **options))
    same = "4x0e+4x1o+4x2e", "4x0e+4x1o", "4x0e+4x1o+4x1o+4x2e+4x1e"
    uvu = "4x0e+4x1o+4x2e", "2x0e+1x1o", "4x0e+4x1o+4x1o+4x2e+4x1e"
    uvv = "2x0e+1x1o", "4x0e+4x1o+4x2e", "4x0e+4x1o+4x1o+4x2e+4x1e"
    uuw = "4x0e+4x1o", "4x0e+4x1o", "3x0e+2x1o+1x1e"
    uvuv = "4x0e+4x1o", "3x0e+3x1o", "12x0e+12x1o+12x1e"
    for mode, (a, b, c) in {"uuu": same, "uvu": uvu, "uvv": uvv, "uuw": uuw, "uvuv": uvuv}.items():
        i1, i2, i3 = map(o3.Irreps, (a, b, c))
        for weighted in ((True, False) if not options and mode != "uuw" else (True,)):
            instructions = [(i, j, k, mode, weighted, 0.5 + i) for i, p in enumerate(i1) for j, q in enumerate(i2)
                            for k, r in enumerate(i3) if r.ir in p.ir.product(q.ir)]
            agree(e3nn_o3.TensorProduct(a, b, c, instructions, **options), o3.TensorProduct(a, b, c, instructions, **options))


def test_products_of_several_modes(e3nn_o3):
    from weyl import o3

    a, b, c = "4x0e+4x1o", "4x0e+2x1o", "4x0e+4x1o+3x0e"
    instructions = [(0, 0, 0, "uuu", True), (1, 0, 1, "uvu", False), (0, 1, 1, "uvu", True), (1, 1, 2, "uvw", True, 2.0),
                    (0, 0, 2, "uvw", True), (1, 0, 1, "uuu", True)]
    variances = {"in1_var": [1, 2], "in2_var": [0.5, 3], "out_var": [1, 2, 4]}
    agree(e3nn_o3.TensorProduct(a, b, c, instructions, **variances), o3.TensorProduct(a, b, c, instructions, **variances))


def test_products_without_weights(e3nn_o3):
    from weyl import o3

    for a, b in (("4x0e+3x1o", "2x0e+5x1o"), ("5x1o+5x1e", "10x1e")):
        agree(e3nn_o3.ElementwiseTensorProduct(a, b), o3.ElementwiseTensorProduct(a, b))
        agree(e3nn_o3.ElementwiseTensorProduct(a, b, ["0e", "0o"]), o3.ElementwiseTensorProduct(a, b, ["0e", "0o"]))
        agree(e3nn_o3.FullTensorProduct(a, b), o3.FullTensorProduct(a, b))


@pytest.mark.parametrize("options", [{}, {"biases": True}, {"path_normalization": "path"}])
def test_linear(e3nn_o3, options):
    import torch

    lists = "4x0e+3x1o+2x0e+1x2e", "3x0e+2x1o+1x1e+2x1o"
    theirs, ours = e3nn_o3.Linear(*lists, **options), weyl.o3.Linear(*lists, **options)
    ours.load_state_dict(theirs.state_dict())
    if options.get("biases"):
        with torch.no_grad():
            theirs.bias.normal_()
            ours.bias.copy_(theirs.bias)
    x = torch.randn(3, 4, theirs.irreps_in.dim, requires_grad=True)
    assert torch.allclose(theirs(x), ours(x), atol=1e-12)
    assert torch.autograd.gradgradcheck(ours, (x,))
