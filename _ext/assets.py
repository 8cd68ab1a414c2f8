"""Put the scripts of the extensions beside the pages that ask for them."""

import shutil
from pathlib import Path

from sphinx.application import Sphinx


def copy(app: Sphinx, name: str) -> None:
    """Copy a file of this folder into the site's static files."""
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(__file__).with_name(name), target / name)
