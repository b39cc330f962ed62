# A notebook as a script: cells begin with "# %%". Runs as it is: python tour.py
# %% [markdown]
# # weyl in five cells
# %%
import numpy as np

import weyl

irreps = weyl.Irreps("8x0e + 4x1o + 2x2e")
print(irreps, "has", irreps.dim, "numbers; its degrees:", irreps.ls)

# %% [markdown]
# Spherical harmonics turn with their points by Wigner's matrices.
# %%
rng = np.random.default_rng(0)
x = rng.standard_normal((5, 3))
angles = 0.3, 1.2, -0.5
R = weyl.wigner_D(1, *angles)  # degree 1 is the rotation itself
y = weyl.spherical_harmonics(3, x, normalize=True)
turned = weyl.spherical_harmonics(3, x @ R.T, normalize=True)
print("turned harmonics differ by", np.abs(turned - y @ weyl.wigner_D(3, *angles).T).max())

# %% [markdown]
# Any function can be audited: does it obey a group, how well, how sure are we?
# %%
def dipole(x):
    return (x * np.linalg.norm(x, axis=-1, keepdims=True)).sum(0)

print(weyl.audit(dipole, "O(3) x S(n)", rep_in="vector", rep_out="global vector"))
print(weyl.audit(dipole, "E(3)", rep_in="point", rep_out="global vector"))

# %% [markdown]
# With torch: products with e3nn's arguments and weights, and derivatives of any order.
# %%
try:
    import torch
except ImportError:
    torch = None
    print("torch is not installed: the rest of the tour needs it")

if torch:
    from weyl import o3

    product = o3.FullyConnectedTensorProduct("8x0e+4x1o", "0e+1o+2e", "8x0e+4x1o")
    features = product.irreps_in1.randn(5, -1)
    points = torch.from_numpy(x).float().requires_grad_()
    edges = o3.spherical_harmonics([0, 1, 2], points, normalize=True)
    energy = product(features, edges)[:, :8].square().sum()
    (force,) = torch.autograd.grad(-energy, points, create_graph=True)
    (second,) = torch.autograd.grad(force.square().sum(), points)
    print(product)
    print("force on the first point:", force[0].tolist(), "and its change:", second[0].norm().item())

    # %% [markdown]
    # A module is a function like any other.
    # %%
    print(weyl.audit(product, "O(3)", ["8x0e+4x1o", "0e+1o+2e"], "8x0e+4x1o", dtype=torch.float32))
