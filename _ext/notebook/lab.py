"""JupyterLab's settings for this book: `jupyterlab --config=` this file.

An editor writes more than was edited: the language's version, the state of
its view. Whatever is saved is first brought into the form in which `make
notebooks` writes, so that a change in version control is a change of text.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from _ext.notebook import execute


def before_saving(model: dict[str, Any], **_: Any) -> None:
    """Drop from a notebook what an editor adds to it."""
    if model["type"] == "notebook" and model["content"]["nbformat"] == 4:
        execute.trim(model["content"])


if "get_config" in globals():
    # The server checks the hook twice, and takes it for another one.
    warnings.filterwarnings("ignore", message="Overriding existing pre_save")
    get_config().FileContentsManager.pre_save_hook = (  # type: ignore  # noqa: F821
        before_saving
    )
