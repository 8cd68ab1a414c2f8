import inspect
from functools import partial

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from dlbook import device


def unwrapped(call):
    """Return what users call: the types are checked in tests only."""
    if isinstance(call, partial):
        return partial(inspect.unwrap(call.func), *call.args)
    return inspect.unwrap(call)


def test_pick_takes_the_gpu_if_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device.pick() == torch.device("cuda")
    assert device.pick("cuda:1") == torch.device("cuda:1")
    assert device.pick("cpu") == torch.device("cpu")
    with pytest.raises(ValueError, match=r"one of 2 .* got cuda:2; leave it"):
        device.pick("cuda:2")


def test_pick_takes_the_cpu_if_there_is_none(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)  # of no use
    assert device.pick() == torch.device("cpu")
    assert device.pick(torch.device("cpu")) == torch.device("cpu")
    with pytest.raises(ValueError, match=r"one of 0 .* got cuda; .* 'cpu'"):
        device.pick("cuda")


@pytest.mark.parametrize("name", ["gpu", "GPU", "cuda:x", "", 1.5, []])
def test_a_device_that_is_none_is_refused_in_a_sentence(name):
    """And not by a list of all twenty devices that torch can be built for."""
    says = f"got {name!r}; say 'cuda', or leave it out"
    for call, argument in (
        (device.pick, "want"),
        (partial(device.generator, 3), "device"),
        (device.synchronize, "device"),
        (lambda on: unwrapped(device.seconds)(int, on=on), "on"),
    ):
        with pytest.raises(ValueError, match=f"^{argument}: ") as e:
            unwrapped(call)(name)
        assert str(e.value).endswith(says)


def test_a_device_that_this_torch_cannot_use_is_refused():
    with pytest.raises(ValueError, match=r"^want: expected .* knows, got vul"):
        device.pick("vulkan")


def test_a_seed_is_a_whole_number():
    for seed in (1.5, "1", None):
        with pytest.raises(TypeError, match=r"^seed: expected a whole n"):
            unwrapped(device.generator)(seed)
    one = unwrapped(device.generator)(np.int64(5)).initial_seed()
    assert one == device.generator(5).initial_seed()


def test_generator_repeats_itself_and_touches_nothing():
    before = torch.get_rng_state()
    first, again, other = (
        torch.randn(5, generator=device.generator(seed)) for seed in (1, 1, -1)
    )
    assert_close(first, again, rtol=0, atol=0)
    assert not (first == other).any()
    assert_close(torch.get_rng_state(), before, rtol=0, atol=0)


def test_generator_is_the_one_of_torch():
    want = torch.randn(5, generator=torch.Generator("cpu").manual_seed(3))
    assert_close(torch.randn(5, generator=device.generator(3)), want)


def test_generator_draws_where_it_is_told_to(monkeypatch):
    asked = []

    class Generator(torch.Generator):
        def __new__(cls, device="cpu"):
            asked.append(str(device))
            return super().__new__(cls, "cpu")

    monkeypatch.setattr(torch, "Generator", Generator)
    device.generator(0)
    device.generator(0, "cuda:1")
    device.generator(0, torch.device("cuda"))
    assert asked == ["cpu", "cuda:1", "cuda"]


def test_synchronize_waits_for_cuda_only(monkeypatch):
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    device.synchronize("cpu")
    device.synchronize(torch.device("cpu"))
    device.synchronize("meta")
    assert waited == []
    device.synchronize("cuda:1")
    assert waited == ["cuda:1"]


# ---- time -------------------------------------------------------------------
def test_work_is_timed_in_seconds_a_call():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    threads = []
    A, B = torch.ones(150, 150), torch.ones(600, 600)
    small, large = device.seconds(
        lambda: (threads.append(torch.get_num_threads()), A @ A),
        lambda: B @ B,
    )
    assert set(threads) == {1}
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)
    assert 1e-7 < small < 1
    assert 10 < large / small < 400  # 64 times the products


def test_the_least_time_counts_and_tasks_take_turns(monkeypatch):
    now, order = [0.0], []

    def task(name, cost):
        def run():
            order.append(name)
            now[0] += cost[min(order.count(name), len(cost)) - 1]

        return run

    monkeypatch.setattr(device, "process_time", lambda: now[0])
    got = device.seconds(
        task("a", [9, 9, 3, 2, 4]), task("b", [9, 9, 8, 6, 7]), repeats=3
    )
    assert got == [2, 6]
    assert order == ["a", "a", "b", "b"] + ["a", "b"] * 3


def test_a_short_task_is_called_many_times(monkeypatch):
    now = [0.0]

    def task():
        now[0] += 1 / 1024

    monkeypatch.setattr(device, "process_time", lambda: now[0])
    assert device.seconds(task, at_least=1.0, repeats=2) == [1 / 1024]
    assert now[0] == (1 + 2047 + 2 * 1024) / 1024


def test_a_gpu_is_timed_by_the_wall(monkeypatch):
    waited, now = [], [0.0]

    def wall():
        now[0] += 1
        return now[0]

    monkeypatch.setattr(device, "synchronize", waited.append)
    monkeypatch.setattr(device, "perf_counter", wall)
    assert device.seconds(lambda: None, on="cuda", repeats=1) == [1]
    assert waited == ["cuda"] * 4


def test_nothing_to_time_is_refused():
    for tasks, repeats in (((), 3), ((int,), 0)):
        with pytest.raises(ValueError, match="at least one of each"):
            device.seconds(*tasks, repeats=repeats)


@pytest.mark.gpu
def test_all_of_it_on_a_gpu():
    there = device.pick()
    assert there.type == "cuda"
    rng = device.generator(0, there)
    x = torch.randn(2048, 2048, generator=rng, device=there)
    start = torch.cuda.Event()
    (x @ x).sum()
    start.record()
    device.synchronize(there)
    assert start.query()  # everything queued before it is done
