"""Section 11.3: optimisers, each step a pure function of its state.

Step t = 1, 2, ... leads from the point θ_{t−1} to θ_t; θ_0 is the start:

    theta, state = step(theta, grad, state, eta=0.1)

theta   the point that is left: floating point, any shape, not changed
grad    maps a point to ∇J there, of the same shape and dtype
state   what the step before returned; None at the start; that of another
        method, shape or dtype is refused
eta     step size η > 0 (the sheet's α for the adaptive methods), or a
        schedule, called with the number of steps taken before, 0 at first;
        what a schedule returns is not checked

The rest raises ValueError or TypeError. Autograd and vmap pass through.
"""

from dlbook.optim.adaptive import adagrad, adam, rmsprop
from dlbook.optim.descent import gd, momentum, nesterov
from dlbook.optim.state import (
    AdaGradState,
    AdamState,
    GDState,
    Grad,
    MomentumState,
    NesterovState,
    RMSPropState,
    Schedule,
    Step,
)
from dlbook.optim.walk import ema, minimize, polyak

__all__ = [
    "AdaGradState",
    "AdamState",
    "GDState",
    "Grad",
    "MomentumState",
    "NesterovState",
    "RMSPropState",
    "Schedule",
    "Step",
    "adagrad",
    "adam",
    "ema",
    "gd",
    "minimize",
    "momentum",
    "nesterov",
    "polyak",
    "rmsprop",
]
