import pytest
import torch
from torch.testing import assert_close

from dlbook import device


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
