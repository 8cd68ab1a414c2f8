"""Draw formulas with KaTeX while the site is built.

Pages hold finished HTML and MathML: they need no script and no other host.
A formula that KaTeX refuses is a warning with file and line. KaTeX and its
fonts come from `node_modules`, as pinned in `package-lock.json`.
"""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

# A row of more glyphs than this may be wider than a telephone.
NARROW = 24

# KaTeX knows these, JupyterLab and Colab do not; labels are Sphinx's.
FOREIGN = re.compile(
    r"\\(?:bm|coloneqq|def|DeclareMathOperator|edef|eqref|gdef|intertext"
    r"|label|let|mathbbm|newcommand|providecommand|ref|renewcommand|tag"
    r"|xdef)(?![a-zA-Z])"
)

_NUMBERED = re.compile(
    r"(\\(?:begin|end)\{(?:align|alignat|equation|gather))}"
)
_OPENING = re.compile(r"[(\[“‘]*$")
_CLOSING = re.compile(r"^[.,;:!?)\]’”–-]*")
_ANNOTATION = re.compile(r"<annotation\b[^>]*>(.*?)</annotation>", re.S)
_OTHERS = re.compile(r",\s*url\([^)]*\.(?:woff|ttf)\)\s*format\([^)]*\)")


class Drawer:
    """A node process that turns TeX into HTML, one formula at a time."""

    def __init__(self, katex: Path):
        self.katex = katex
        self.drawn: dict[tuple[str, bool], dict[str, str]] = {}
        self.start()

    def start(self) -> None:
        """Start node for this process; pages are written by several."""
        node = Path(sys.executable).parent / "node"
        found = node if node.exists() else shutil.which("node")
        if found is None or not self.katex.exists():
            raise ExtensionError(
                "KaTeX or node is missing; `make book` installs both"
            )
        script = Path(__file__).with_name("katex.js")
        self.process = subprocess.Popen(
            [found, script, self.katex.resolve()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self.owner = os.getpid()

    def __call__(self, tex: str, *, display: bool) -> dict[str, str]:
        """Return {"html": ...} or {"error": ...}."""
        key = (tex, display)
        if key not in self.drawn:
            if self.owner != os.getpid():
                self.start()
            stdin, stdout = self.process.stdin, self.process.stdout
            stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
            stdin.flush()
            line = stdout.readline()
            if not line:
                raise ExtensionError("node ended while it drew formulas")
            self.drawn[key] = json.loads(line)
        return self.drawn[key]

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Punctuation(SphinxPostTransform):
    """Keep brackets and full stops on the line of the formula they touch."""

    default_priority = 300
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Wrap a formula with what touches it; book.css binds them."""
        for formula in list(self.document.findall(nodes.math)):
            parent = formula.parent
            place = parent.index(formula)
            before = after = ""
            if place and isinstance(text := parent[place - 1], nodes.Text):
                before = _OPENING.search(text)[0]
                parent.replace(text, nodes.Text(text[: -len(before) or None]))
            if isinstance(
                text := formula.next_node(descend=False, siblings=True),
                nodes.Text,
            ):
                after = _CLOSING.match(text)[0]
                parent.replace(text, nodes.Text(text[len(after) :]))
            if before or after:
                bound = nodes.inline("", "", classes=["dl-bound"])
                parent.replace(formula, bound)
                bound += [nodes.Text(before), formula, nodes.Text(after)]


def start(app: Sphinx) -> None:
    """Put style sheet and fonts into the site, and start KaTeX."""
    if app.builder.format != "html":
        return
    katex = Path(app.srcdir) / "node_modules" / "katex"
    app.dl_drawer = Drawer(katex)
    target = Path(app.outdir) / "_static" / "katex"
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    for font in sorted((katex / "dist" / "fonts").glob("*.woff2")):
        shutil.copyfile(font, target / "fonts" / font.name)
    sheet = (katex / "dist" / "katex.min.css").read_text("utf-8")
    sheet = _OTHERS.sub("", sheet)
    ours = Path(__file__).with_name("katex.css").read_text("utf-8")
    (target / "katex.min.css").write_text(sheet + ours, "utf-8")


def stop(app: Sphinx, error: Exception | None) -> None:
    """End KaTeX with the build."""
    drawer = getattr(app, "dl_drawer", None)
    if drawer is not None:
        drawer.close()


def inline(translator: Any, node: nodes.math) -> None:
    """Draw a formula in a line."""
    text = _draw(translator, node, node.astext(), display=False)
    classes = "math notranslate nohighlight"
    translator.body.append(f'<span class="{classes}">{text}</span>')
    raise nodes.SkipNode


def display(translator: Any, node: nodes.math_block) -> None:
    """Draw a formula on lines of its own, with Sphinx's number."""
    tex = _NUMBERED.sub(r"\1*}", node.astext())
    if r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    text = _draw(translator, node, tex, display=True)
    classes = "math notranslate nohighlight"
    opening = translator.starttag(node, "div", CLASS=classes)
    translator.body.append(opening)
    focus = ' tabindex="0"' if _width(tex) > NARROW else ""
    translator.body.append(f'<div class="dl-display"{focus}>{text}</div>')
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def keep(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Keep the TeX of a page's formulas, in their order, for who copies one.

    It stands in a script of its own, which `copy.js` loads when something is
    selected: in the page it would weigh up to 13 kB.
    """
    if app.builder.format != "html":
        return
    found = _ANNOTATION.findall(context.get("body") or "")
    if not found:
        return
    texts = [" ".join(html.unescape(tex).split()) for tex in found]
    data = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    folder = Path(app.outdir) / "_static" / "tex"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pagename.replace('/', '-')}.js"
    path.write_text(f"dlTex({data});\n", "utf-8")


def _draw(
    translator: Any, node: nodes.Node, tex: str, *, display: bool
) -> str:
    answer = translator.builder.app.dl_drawer(tex, display=display)
    foreign = FOREIGN.search(tex)
    if foreign or "error" in answer:
        reason = f"{foreign[0]} is not portable" if foreign else ""
        reason = " ".join((reason or answer["error"]).split())
        message = f"{reason} in {tex.strip()!r}"
        logger.warning(message, location=node)
    if "error" in answer:
        return f"<code>{html.escape(tex)}</code>"
    return answer["html"]


def _width(tex: str) -> int:
    """Guess how many glyphs stand in the longest row of a formula."""
    glyphs = re.sub(r"\\(?:begin|end)\{[^}]*\}|[{}&^_\s]", "", tex)
    rows = glyphs.split(r"\\")
    return max(len(re.sub(r"\\[a-zA-Z]+", "x", row)) for row in rows)


def setup(app: Sphinx) -> dict[str, Any]:
    """Make KaTeX the renderer of the HTML builders."""
    app.add_html_math_renderer("katex", (inline, None), (display, None))
    app.add_css_file("katex/katex.min.css")
    app.add_post_transform(Punctuation)
    app.connect("builder-inited", start)
    app.connect("html-page-context", keep, priority=890)  # before `lean`
    app.connect("build-finished", stop)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
