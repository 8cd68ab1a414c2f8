"""Section 2: convexity, conditioning and two gradients of an expectation.

A function f takes one point, a tensor of any shape, and returns a number (a
tensor without axes); points come in families with the family's axis first.
Autograd passes through, and results stay on the
device of what is given.
"""

from dlbook.analysis.conditioning import (
    condition_number,
    curvature_range,
    gradient_descent_rate,
)
from dlbook.analysis.convexity import (
    convexity_gap,
    steepest_chord,
    tangent_gap,
)
from dlbook.analysis.expectations import pathwise_gradient, score_gradient

__all__ = [
    "condition_number",
    "convexity_gap",
    "curvature_range",
    "gradient_descent_rate",
    "pathwise_gradient",
    "score_gradient",
    "steepest_chord",
    "tangent_gap",
]
