"""Shared room: where numbers live and come from, and how long they take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter, process_time
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from dlbook.shapes import whole

__all__ = ["generator", "pick", "seconds", "synchronize"]


def pick(want: str | torch.device | None = None) -> torch.device:
    """Choose the GPU if there is one, else the CPU.

    Parameters
    ----------
    want
        Overrides the choice, e.g. ``"cpu"`` or ``"cuda:1"``.

    Raises
    ------
    ValueError
        If a device is wanted that is not there. (Left to itself, torch says
        so only when the first tensor is moved.)

    Examples
    --------
    >>> pick("gpu")
    Traceback (most recent call last):
    ValueError: want: expected 'cpu', 'cuda' or 'cuda:1', got 'gpu'; say \
'cuda', or leave it out
    """
    if want is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = _named("want", want)
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.type == "cuda" and (device.index or 0) >= found:
        raise ValueError(
            f"want: expected one of {found} CUDA devices, got {device}; "
            "leave it out, or say 'cpu'"
        )
    try:
        if device.type != "cuda":
            torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        raise ValueError(
            f"want: expected a device that this torch knows, got {device}; "
            "leave it out, or say 'cpu'"
        ) from None
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

    Raises
    ------
    TypeError
        If the seed is not a whole number.
    ValueError
        If there is no such device.
    """
    seed = whole("seed", seed, "[-inf, inf]", "any whole number will do")
    there = _named("device", device)
    return torch.Generator(device=there).manual_seed(seed)


def synchronize(device: str | torch.device) -> None:
    """Wait until the device is done, as one must before reading a clock.

    A GPU returns before it has finished; the CPU does not, and neither do we.

    Parameters
    ----------
    device
        The device that does the work.

    Raises
    ------
    ValueError
        If there is no such device.
    """
    if _named("device", device).type == "cuda":
        torch.cuda.synchronize(device)


def seconds(
    *tasks: Callable[[], object],
    repeats: int = 7,
    on: str | torch.device = "cpu",
    at_least: float = 1e-3,
) -> list[float]:
    """Time tasks against each other, in seconds a call.

    The tasks take turns, so that a busy moment of the machine meets all of
    them, and the least of `repeats` times counts. On the CPU they run on one
    thread and the clock counts the work of this process only; both are as
    before afterwards.

    Parameters
    ----------
    *tasks
        Functions of nothing, e.g. ``partial(f, x)``; at least one.
    repeats
        Rounds; the first call of each task warms up and is not counted.
    on
        The device that does the work: on a GPU the clock of the wall is
        read, before the work begins and when it is done.
    at_least
        A task is called so often in a row that its round takes this long.

    Raises
    ------
    ValueError
        If there is no task, or no round.

    Examples
    --------
    >>> A, B = torch.ones(64, 64), torch.ones(512, 512)
    >>> small, large = seconds(lambda: A @ A, lambda: B @ B)
    >>> large > 30 * small
    True
    """
    if not tasks or repeats < 1:
        raise ValueError(
            f"tasks, repeats: expected at least one of each, got {len(tasks)} "
            f"and {repeats}"
        )
    clock = process_time if _named("on", on).type == "cpu" else perf_counter

    def took(task: Callable[[], object], calls: int) -> float:
        synchronize(on)
        start = clock()
        for _ in range(calls):
            task()
        synchronize(on)
        return clock() - start

    with one_thread():
        calls = []
        for task in tasks:
            task()
            n = 1
            while took(task, n) < at_least:
                n *= 2
            calls.append(n)
        rounds = [
            [took(task, n) / n for task, n in zip(tasks, calls, strict=True)]
            for _ in range(repeats)
        ]
    return [min(times) for times in zip(*rounds, strict=True)]


def _named(name: str, want: Any) -> torch.device:
    """Return the device of this name; torch's own message lists twenty."""
    try:
        return torch.device(want)
    except (RuntimeError, TypeError):
        raise ValueError(
            f"{name}: expected 'cpu', 'cuda' or 'cuda:1', got {want!r}; say "
            "'cuda', or leave it out"
        ) from None


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread within the block.

    Threads that wait for each other spin, and their time counts as work.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
