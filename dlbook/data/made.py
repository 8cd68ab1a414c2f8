"""Data that are made from a seed."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from dlbook.shapes import whole

__all__ = ["SURFACES", "Clouds", "shapes3d"]


class Clouds(NamedTuple):
    """Point clouds with the number of their surface in `SURFACES`."""

    X: Float[Tensor, "n points 3"]
    y: Int64[Tensor, " n"]


SURFACES = (
    "sphere",
    "hemisphere",
    "cube",
    "tetrahedron",
    "octahedron",
    "cylinder",
    "cone",
    "torus",
)


def shapes3d(n: int, points: int, *, rng: torch.Generator) -> Clouds:
    """Draw n clouds of points, uniform by area on eight surfaces in turn.

    All are closed, lie upright around the z axis and touch the unit sphere
    from inside: hemisphere, cylinder and cone include their flat faces, the
    cylinder is as high as it is wide, the cone's base lies at z = -1/2, and
    the torus has radii 0.7 and 0.3.

    Parameters
    ----------
    n
        Number of clouds; cloud i lies on ``SURFACES[i % 8]``.
    points
        Number of points in each.
    rng
        Source of the numbers, on the device where the clouds shall be.

    Raises
    ------
    ValueError
        If a number is negative.
    TypeError
        If one is not whole, or `rng` no generator.
    """
    n = whole("n", n, "[0, inf)", "it is the number of clouds")
    points = whole("points", points, "[0, inf)", "their number in a cloud")
    if not isinstance(rng, torch.Generator):
        raise TypeError(
            f"rng: expected a torch.Generator, got {type(rng).__name__}; "
            "take device.generator(seed)"
        )
    y = torch.arange(n, device=rng.device) % len(SURFACES)
    U = torch.rand(n, points, 3, generator=rng, device=rng.device)
    X = torch.empty_like(U)
    for k, surface in enumerate(SURFACES):
        X[y == k] = _surface(surface, *U[y == k].unbind(-1))
    return Clouds(X, y)


def _surface(name: str, u: Tensor, v: Tensor, w: Tensor) -> Tensor:
    """Map three uniform numbers to a point, uniform by area."""
    if name in ("cube", "tetrahedron", "octahedron"):
        return _polyhedron(_corners(name).to(u), u, v, w)
    phi = 2 * math.pi * v
    base = w < 1 / 3  # of hemisphere and cone; of the cylinder the two bases
    if name == "sphere":  # Archimedes: equal heights, equal areas
        z = 2 * u - 1
        r = (1 - z**2).sqrt()
    elif name == "hemisphere":
        z = torch.where(base, 0.0, u)
        r = torch.where(base, u, 1 - u**2).sqrt()
    elif name == "cylinder":  # r² = 1/2
        z = torch.where(base, (w - 1 / 6).sign(), 2 * u - 1) / 2**0.5
        r = torch.where(base, u / 2, 1 / 2).sqrt()
    elif name == "cone":  # slant height √3, at its foot r² = 3/4
        z = torch.where(base, -1 / 2, 1 - 3 / 2 * u.sqrt())
        r = (3 / 4 * u).sqrt()
    else:  # torus: density 1 + 3/7 cos(theta), what is too much goes opposite
        theta = 2 * math.pi * u
        too_much = 2 * w > 1 + 3 / 7 * theta.cos()
        theta = torch.where(too_much, theta + math.pi, theta)
        r, z = 0.7 + 0.3 * theta.cos(), 0.3 * theta.sin()
    return torch.stack([r * phi.cos(), r * phi.sin(), z], -1)


def _corners(name: str) -> Tensor:
    if name == "octahedron":
        return torch.cat([torch.eye(3), -torch.eye(3)])
    cube = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3)
    return (cube if name == "cube" else cube[cube.prod(1) > 0]) / 3**0.5


def _polyhedron(C: Tensor, u: Tensor, v: Tensor, w: Tensor) -> Tensor:
    """Choose a triangle on the hull of the corners C, and a point on it."""
    three = torch.combinations(torch.arange(len(C)), 3).to(C.device)
    T = C[three]  # (t, 3 corners, 3)
    normal = torch.linalg.cross(T[:, 1] - T[:, 0], T[:, 2] - T[:, 0])
    height = torch.einsum("tcx,tx->tc", C - T[:, :1], normal)
    T = T[(height > -1e-6).all(1) | (height < 1e-6).all(1)]  # of equal areas
    i = (w * len(T)).long()  # below len(T), as w < 1, rounding included
    a, b = u.sqrt()[..., None], v[..., None]
    D, E, F = T[i].unbind(-2)
    return (1 - a) * D + a * (1 - b) * E + a * b * F
