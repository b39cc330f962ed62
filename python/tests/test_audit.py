"""Audits of functions of known error."""
import numpy as np
import pytest

import weyl


def springs(x, wall=0.0):
    return x.mean(0) * len(x) - len(x) * x + wall * x * [1, 0, 0]


def test_what_holds_and_what_does_not():
    good = weyl.audit(springs, "E(3) x S(n)", "point", "vector")
    assert good and good.holds and good.mean < 1e-14 and good.worst < 1e-13 and good.draws == 600 and good.failing == 0
    assert 0 < good.failing_bound < 0.01 and "holds" in str(good)
    bad = weyl.audit(lambda x: springs(x, 0.1), "E(3) x S(n)", "point", "vector")
    assert not bad and bad.failing > 590 and bad.worst > 1e-3
    assert weyl.audit(lambda x: springs(x, 0.1), "S(n)", "point", "vector").holds
    # the offending element is one of the group: a rotation, a translation, a permutation
    r = bad.worst_element[:9].reshape(3, 3)
    assert np.allclose(r @ r.T, np.eye(3), atol=1e-12)


def test_irreps_and_several_inputs(rng):
    product = np.einsum
    w = weyl.wigner_3j(1, 2, 1)
    def couple(x, y):
        return product("ni,nj,ijk->nk", x, y, w)
    assert weyl.audit(couple, "O(3)", ["1o", "2e"], "1o").holds
    assert not weyl.audit(couple, "O(3)", ["1o", "2e"], "1e").holds
    assert weyl.audit(couple, "SO(3)", ["1o", "2e"], "1e").holds
    def harmonics(x):
        return weyl.spherical_harmonics([0, 1, 2, 3], x, False).sum(0)
    assert weyl.audit(harmonics, "O(3) x S(n)", "vector", "global 0e+1o+2e+3o").holds
    assert not weyl.audit(harmonics, "O(3) x S(n)", "vector", "global 0e+1o+2e+3e").holds


def test_same_seed_same_result_and_batches():
    def f(x):
        return np.sin(x).sum((-1, -2), keepdims=True)[..., 0]
    a, b = (weyl.audit(f, "SO(3)", "vector", "global scalar", batched=batched) for batched in (False, True))
    assert a.mean == pytest.approx(b.mean, rel=1e-12) and a.worst_sample == b.worst_sample
    assert weyl.audit(f, "SO(3)", "vector", "global scalar", seed=2).mean != a.mean


def test_own_data():
    data = [np.random.default_rng(i).standard_normal((3 + i, 3)) for i in range(5)]
    assert weyl.audit(springs, "E(3)", "point", "vector", data=data).draws == 15


@pytest.mark.parametrize("change, error, words", [
    ({"group": "E(3"}, ValueError, "E\\(3"),
    ({"rep_in": "tensor"}, ValueError, "none of"),
    ({"rep_out": "2 vectors"}, ValueError, r"must be \[8, 6\]"),
    ({"fn": lambda x: x * np.nan}, ArithmeticError, "not finite"),
    ({"fn": lambda x: 1 / 0}, ZeroDivisionError, "division"),
    ({"group": "SO(2)", "rep_out": "1o"}, ValueError, "dimension 3"),
    ({"data": []}, ValueError, "no samples"),
    ({"data": [np.ones((4, 2))]}, ValueError, r"shape \[4, 2\]"),
    ({"confidence": 2}, ValueError, "confidence"),
])
def test_bad_input(change, error, words):
    arguments = {"fn": springs, "group": "E(3)", "rep_in": "point", "rep_out": "vector", **change}
    with pytest.raises(error, match=words):
        weyl.audit(**arguments)
    assert weyl.audit(springs, "E(3)").holds  # no message or sample is left behind
