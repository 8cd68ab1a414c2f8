"""Shared room: where the numbers live, and where random ones come from."""

import torch

__all__ = ["generator", "pick", "synchronize"]


def pick(want: str | torch.device | None = None) -> torch.device:
    """Choose the GPU if there is one, else the CPU.

    Parameters
    ----------
    want
        Overrides the choice, e.g. ``"cpu"`` or ``"cuda:1"``.

    Raises
    ------
    ValueError
        If a CUDA device is wanted that is not there. (Left to itself, torch
        says so only when the first tensor is moved.)
    """
    if want is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(want)
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.type == "cuda" and (device.index or 0) >= found:
        raise ValueError(
            f"want: expected one of {found} CUDA devices, got {device}; "
            "leave it out, or say 'cpu'"
        )
    return device


def generator(
    seed: int, device: str | torch.device = "cpu"
) -> torch.Generator:
    """Make a source of random numbers that touches no global state.

    Parameters
    ----------
    seed
        The same seed gives the same numbers again, on the same kind of device
        only: for numbers that agree, draw on the CPU and move them.
    device
        Where the numbers are drawn.
    """
    return torch.Generator(device=device).manual_seed(seed)


def synchronize(device: str | torch.device) -> None:
    """Wait until the device is done, as one must before reading a clock.

    A GPU returns before it has finished; the CPU does not, and neither do we.
    """
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
