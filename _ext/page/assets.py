"""Put the scripts of the extensions beside the pages that ask for them."""

import shutil
from pathlib import Path

from sphinx.application import Sphinx


def copy(app: Sphinx, file: Path) -> None:
    """Copy a file into the site's static files."""
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / file.name)
