"""Is the run-time check of shapes on? Its absence would be silent."""

import pytest
import torch
from jaxtyping import TypeCheckError

from dlbook.optim import ema


def test_a_signature_refuses_a_wrong_shape():
    with pytest.raises(TypeCheckError, match="parameter 'theta'"):
        ema(torch.zeros(3), torch.zeros(4), beta=0.5)


def test_a_signature_refuses_a_wrong_type():
    with pytest.raises(TypeCheckError, match="parameter 'beta'"):
        ema(torch.zeros(3), torch.zeros(3), beta="0.5")
