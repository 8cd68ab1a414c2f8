"""Build dlbook with a version that carries the commit: 0.1.0+g0123456789ab.

Who installs the package from this repository at some commit can tell it from
every other one. A build from a changed tree says so (`.dirty`), one from a
tree without git has the release number alone, and an archive of the sources
(an sdist) keeps the version that it was made with: hatchling reads it there.
"""

import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
PLACE = "dlbook/VERSION"  # in what is installed; a checkout has no such file


def version() -> str:
    """Return the version of a build from this tree."""
    source = (ROOT / "dlbook" / "__init__.py").read_text("utf-8")
    found = re.search(r'^__release__ = "(.+)"$', source, re.M)
    if found is None:
        raise ValueError("dlbook/__init__.py: no __release__")
    commit = git("rev-parse", "HEAD")[:12]
    if not commit:
        return found[1]
    changed = git("status", "--porcelain", "--untracked-files=no")
    return f"{found[1]}+g{commit}{'.dirty' if changed else ''}"


def git(*arguments: str) -> str:
    """Ask git about this tree; "" if it is no checkout."""
    if not (ROOT / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=ROOT,
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Write the version into the wheel, where the package reads it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file; an editable installation stays a checkout."""
        if version == "editable":
            return
        path = Path(self.directory) / "VERSION"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.metadata.version, "utf-8")
        build_data["force_include"][str(path)] = PLACE

    def finalize(
        self, version: str, build_data: dict[str, Any], artifact_path: str
    ) -> None:
        """Take the file away that only the wheel needs."""
        (Path(self.directory) / "VERSION").unlink(missing_ok=True)
