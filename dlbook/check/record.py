"""The line and the record that a passed check leaves."""

import sys

__all__ = ["MIME", "emit"]

MIME = "application/vnd.dlbook.check+json"


def emit(id: str, kind: str, says: str, line: str) -> None:
    """Show the line; in a notebook, attach the record to the output."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        sys.stdout.write(line + "\n")
        return
    from IPython.display import display

    record = {"id": id, "kind": kind, "says": says}
    display({MIME: record, "text/plain": line}, raw=True)  # type: ignore[no-untyped-call]
