"""A server and a browser for the tests: what a page asks for and how it is.

Chromium is taken from the PATH; Playwright, which drives it, brings none.
"""

import gzip
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Page, Request, sync_playwright

ROOT = Path(__file__).parents[1]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
    # No other host has an address.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PACKED = (".css", ".html", ".js", ".json", ".svg", ".txt", ".ipynb", ".map")
PATIENCE = 20_000  # milliseconds, for a condition on a busy machine

# axe looks at every element, and a formula has a hundred that it has no
# rule for. All formulas are made alike: the first ones and those on lines of
# their own stay, with boxes of their size for their parts and one text for
# their MathML; of the others a letter is left. Of the words of code axe gets
# one of each colour.
STAND_IN = """() => {
  const formulas = [...document.querySelectorAll("span.math > .katex")];
  for (const rest of formulas.slice(20)) rest.parentNode.replaceWith("x");
  const parts = [...document.querySelectorAll(".katex-html > *")];
  const sizes = parts.map(part => part.getBoundingClientRect());
  parts.forEach((part, k) => {
    const {width, height} = sizes[k];
    part.textContent = "x";
    part.style.cssText =
      `display:inline-block;width:${width}px;height:${height}px`;
  });
  for (const node of document.querySelectorAll(".katex math"))
    node.textContent = node.textContent;
  const seen = new Set();
  for (const word of document.querySelectorAll("pre span")) {
    const kind = word.closest("[class*=highlight-]")?.className;
    if (word.id || word.children.length) continue;
    if (seen.has(kind + word.className)) word.replaceWith(word.textContent);
    seen.add(kind + word.className);
  }
}"""

JUDGE = """async (rules) => {
  const found = await axe.run(document, {
    elementRef: true, iframes: false, resultTypes: ["violations"],
    selectors: false, ...(rules.length ? {runOnly: rules} : {}),
  });
  return found.violations.flatMap(rule => rule.nodes.map(
    node => `${rule.id}: ${node.element.outerHTML.slice(0, 120)}`));
}"""

# What is out of sight must be judged too: its layout is not put off. Colours
# are judged as they will be, not on their way there.
LOADED = """async () => {
  const sheet = document.createElement("style");
  sheet.textContent = "* { content-visibility: visible !important; " +
    "transition: none !important } " +
    // Shadows of what scrolls lie below its text.
    "pre, .dl-display, [class*=scrollable] " +
    "{ background-image: none !important }";
  document.head.append(sheet);
  const images = [...document.images];
  for (const image of images) image.loading = "eager";
  await Promise.all(images.map(image => image.decode().catch(() => 0)));
  await document.fonts.ready;
}"""


def executable() -> str | None:
    """Return the path of a Chromium, or None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@cache
def packed(path: str) -> bytes:
    """Return a file as a server sends it."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)


class Handler(SimpleHTTPRequestHandler):
    """Send files of a folder, text compressed, and say nothing."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix not in PACKED or not path.is_file():
            super().do_GET()
            return
        body = packed(str(path))
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Stay quiet."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port; give the address without slash."""
    handler = partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a Chromium with a profile of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(), args=FLAGS
        )
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One page in a fresh context, and all that it asked for or said."""

    def __init__(self, browser: Browser, site: str, **options: Any) -> None:
        self.site = site
        self.context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, **options}
        )
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.requests: list[Request] = []
        self.page.on("request", self.requested)
        self.page.on("requestfailed", self.failed)
        self.page.on("response", self.answered)
        self.page.on("pageerror", lambda e: self.fault("error", str(e)))
        self.page.on("console", self.said)

    def close(self) -> None:
        self.context.close()

    def fault(self, kind: str, what: str) -> None:
        self.faults.append(f"{kind}: {what}")

    def requested(self, request: Request) -> None:
        if request.url.startswith(("data:", "blob:")):
            return
        self.requests.append(request)
        if not request.url.startswith(self.site + "/"):
            self.fault("other host", request.url)

    def failed(self, request: Request) -> None:
        # Leaving a page ends what it still waits for.
        if request.failure != "net::ERR_ABORTED":
            self.fault("failed", request.url)

    def answered(self, response: Any) -> None:
        if response.status >= 400:
            self.fault(str(response.status), response.url)

    def said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.fault(f"console {message.type}", message.text)

    def open(self, name: str, *, whole: bool = False) -> Page:
        """Load a page; the whole of it with all that is out of sight."""
        self.page.goto(f"{self.site}/{name}", wait_until="load")
        if whole:
            self.page.evaluate(LOADED)
        return self.page

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each answer, its headers included."""
        found = {}
        for request in self.requests:
            size = request.sizes()
            found[request.url.removeprefix(self.site)] = (
                size["responseBodySize"] + size["responseHeadersSize"]
            )
        return found

    def judged(self, *rules: str) -> list[str]:
        """Return what axe finds wrong, by all its rules or by these."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text("utf-8"))
        self.page.evaluate(STAND_IN)
        found: list[str] = self.page.evaluate(JUDGE, rules)
        return found
