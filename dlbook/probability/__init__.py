"""Section 1: moments, sums and Gaussians, each a formula of the sheet.

x, X, z    points; in ``"*b d"`` any number of axes in front of the last
mu, Sigma  mean (d) and covariance (d × d) of a Gaussian; Sigma must be
           symmetric to within rounding and, where a density is asked for,
           positive definite
t          argument of a moment generating function, any shape; autograd
           passes through, so that its derivatives at 0 are the moments

All logarithms are natural. What is wrong raises ValueError or TypeError.
"""

from dlbook.probability.gaussians import (
    Gaussian,
    gaussian_conditional,
    gaussian_logpdf,
    gaussian_mle,
)
from dlbook.probability.moments import (
    density_of_sum,
    mgf,
    mgf_bernoulli,
    mgf_binomial,
    mgf_gamma,
    mgf_normal,
    mgf_poisson,
)

__all__ = [
    "Gaussian",
    "density_of_sum",
    "gaussian_conditional",
    "gaussian_logpdf",
    "gaussian_mle",
    "mgf",
    "mgf_bernoulli",
    "mgf_binomial",
    "mgf_gamma",
    "mgf_normal",
    "mgf_poisson",
]
