"""Where the book is kept, and where its site is read.

Both come from the build's environment (`GITHUB_REPOSITORY`) or from the
git remote `origin`; a checkout without either has no address.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_PATH = r"(?P<path>[\w.~-]+(?:/[\w.~-]+)+)/?"
_HOST = r"(?P<host>[\w-]+(?:\.[\w-]+)+"
_REMOTES = (
    re.compile(rf"https?://(?:[^@/]+@)?{_HOST}(?::\d+)?)/{_PATH}"),
    re.compile(rf"ssh://(?:[^@/]+@)?{_HOST})(?::\d+)?/{_PATH}"),
    re.compile(rf"[\w.-]+@{_HOST}):{_PATH}"),
)


class Repository(NamedTuple):
    """A public repository at one commit."""

    host: str
    path: str
    commit: str

    @property
    def url(self) -> str:
        """Return the address for git and for readers."""
        return f"https://{self.host}/{self.path}"

    @property
    def pages(self) -> str | None:
        """Return the address of its GitHub Pages, where it has them."""
        owner, _, name = self.path.partition("/")
        if self.host != "github.com" or "/" in name:
            return None
        home = f"{owner.lower()}.github.io"
        return f"https://{home}/" + ("" if name == home else f"{name}/")

    def colab(self, branch: str, path: str) -> str | None:
        """Return the address that opens a file of a branch in Colab."""
        if self.host != "github.com":
            return None
        start = "https://colab.research.google.com/github"
        return f"{start}/{self.path}/blob/{branch}/{path}"


def repository(
    root: Path, environment: Mapping[str, str] = os.environ
) -> Repository | None:
    """Return the repository that a tree belongs to, if it has an address."""
    commit = environment.get("GITHUB_SHA") or _git(root, "rev-parse", "HEAD")
    if path := environment.get("GITHUB_REPOSITORY"):
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        remote = f"{server}/{path}"
    else:
        remote = _git(root, "remote", "get-url", "origin")
    found = (pattern.fullmatch(remote) for pattern in _REMOTES)
    match = next(filter(None, found), None)
    if match is None or not commit:
        return None
    return Repository(
        match["host"].lower(), match["path"].removesuffix(".git"), commit
    )


def _git(root: Path, *arguments: str) -> str:
    """Ask git about the checkout whose top is `root`; "" if it is none."""
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
