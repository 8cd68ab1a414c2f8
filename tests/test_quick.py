"""The build shares its work, and what is shared comes out the same."""

import gc
import multiprocessing
import os
from types import SimpleNamespace

import pytest
from press import ROOT

from _ext.page import quick
from _ext.page.mathematics import Drawer

TEX = r"\frac{a_1}{b}"


def shared(jobs):
    app = SimpleNamespace(parallel=jobs)
    quick.share(app, None)
    return app.parallel


def test_every_core_writes_unless_the_caller_says_otherwise():
    assert shared(1) > os.cpu_count()
    assert shared(3) == 3


def test_the_build_looks_for_no_garbage():
    events = {}
    app = SimpleNamespace(
        connect=lambda event, handler, **_: events.update({event: handler})
    )
    try:
        quick.setup(app)
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert events["env-updated"] is quick.share
    assert events["build-finished"] is quick.leave


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_second_process_draws_with_a_node_of_its_own():
    drawer = Drawer(ROOT / "node_modules" / "katex")
    here = drawer(TEX, display=True)
    drawer.drawn.clear()
    fork = multiprocessing.get_context("fork")
    parent, child = fork.Pipe()

    def draw():
        child.send((drawer(TEX, display=True), drawer.process.pid))

    worker = fork.Process(target=draw)
    worker.start()
    assert parent.poll(20), "the second process does not answer"
    there, node = parent.recv()
    worker.join()
    assert there == here
    assert node != drawer.process.pid
    assert drawer(TEX, display=True) == here
    drawer.close()
