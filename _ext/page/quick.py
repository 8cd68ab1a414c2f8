"""Build on every core, and do nothing that is done for nothing.

Pages are written by other processes while the next ones are prepared. Reading
stays in one process: a statement that is made twice is noticed there.
"""

import gc
import os
from functools import cache
from typing import Any

from pybtex import plugin
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def share(app: Sphinx, env: BuildEnvironment) -> None:
    """Let other processes write pages, once all pages have been read.

    Four for a core, so that each has few pages, and none is waited for.
    """
    if app.parallel == 1:
        app.parallel = 4 * (os.cpu_count() or 1)


def leave(app: Sphinx, error: Exception | None) -> None:
    """Spare the end of the process a look at all that it ever made."""
    gc.freeze()


def setup(app: Sphinx) -> dict[str, Any]:
    """Spare the build two searches that find nothing."""
    # All that is read stays until the end: there is no garbage among it, and
    # looking for some takes a quarter of the build.
    gc.disable()
    # pybtex would look through all installed packages at each citation.
    if not hasattr(plugin._load_entry_point, "cache_info"):
        plugin._load_entry_point = cache(plugin._load_entry_point)
    app.connect("env-updated", share)
    app.connect("build-finished", leave, priority=999)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
