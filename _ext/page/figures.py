"""Figures on the page: a number, a caption, and an anchor to link to.

`prepare` runs on a notebook before it is parsed: it counts the figures that
have a name, sends their captions through MyST, and writes number and anchor
into those that a reader moves. `Captions` then joins picture and caption.
Links to a figure are resolved as those to statements.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

from _ext.notebook import records
from _ext.page import night

PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
MOVED = '<figure class="dl-play">'
QUESTION = '<figcaption style="color:inherit">'


class Figure(NamedTuple):
    """A figure of a page; `caption` is the Markdown of its notebook."""

    docname: str
    number: str
    caption: str
    interactive: bool


class Caption(nodes.General, nodes.Element):
    """A caption that has not found its picture yet."""


class Words(nodes.General, nodes.TextElement):
    """The caption below its picture; Sphinx would number a `caption`."""


class CaptionOf(SphinxDirective):
    """The caption of a figure; only `prepare` writes it."""

    has_content = True
    required_arguments = 2
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Return the caption; its text is one paragraph."""
        anchor, number = self.arguments
        caption = Caption(dl_anchor=anchor, dl_number=number)
        self.state.nested_parse(self.content, self.content_offset, caption)
        return [caption]


class Captions(SphinxTransform):
    """Put picture and caption into one figure."""

    default_priority = 210

    def apply(self, **kwargs: Any) -> None:
        """Find the picture before each caption."""
        for caption in list(self.document.findall(Caption)):
            below = _bundle(caption)
            place = below.parent.index(below)
            above = below.parent[place - 1]
            image = above.next_node(nodes.image) if place else None
            if image is None:  # the parser has warned, or will
                below.parent.remove(below)
                continue
            anchor = caption["dl_anchor"]
            figure = nodes.figure("", ids=[anchor], classes=["dl-figure"])
            image.parent.replace(image, figure)
            title = nodes.strong("", f"Figure {caption['dl_number']}.")
            inner = [node for p in caption.children for node in p.children]
            text = Words("", "", title, nodes.Text(" "), *inner)
            text["dl_anchor"] = anchor
            figure += [image, *by_night(image, self.env), text]
            below.parent.remove(below)


def prepare(nb: records.Notebook, docname: str, env: BuildEnvironment) -> None:
    """Count the figures of a notebook, and note each."""
    section = section_of(docname)
    count = 0
    for cell in nb.get("cells", []):
        anchors: dict[str, tuple[str, str]] = {}
        for output in cell.get("outputs", []):
            given = output.get("metadata", {}).get("dlbook", {})
            data = output.get("data", {})
            name = given.get("name")
            if name:
                count += 1
                number = f"{section.replace('-', '.')}.{count}"
                anchor = anchor_of(docname, name)
                anchors[name] = (anchor, number)
                moved = "text/html" in data
                if moved:
                    data["text/html"] = _numbered(
                        data["text/html"], anchor, number
                    )
                words = given.get("caption") or ""
                note(env, anchor, Figure(docname, number, words, moved))
            elif given.get("caption") in anchors:
                anchor, number = anchors[given["caption"]]
                words = data["text/markdown"]
                env.dl_figures[anchor] = env.dl_figures[anchor]._replace(
                    caption=words
                )
                output["data"] = {
                    "text/markdown": (
                        f":::::{{caption-of}} {anchor} {number}\n{words}\n"
                        ":::::\n"
                    )
                }
                mystnb = cell.setdefault("metadata", {}).setdefault(
                    "mystnb", {}
                )
                mystnb["markdown_format"] = "myst"


def by_night(image: nodes.image, env: BuildEnvironment) -> list[nodes.image]:
    """Return what the dark page shows in place of a picture that keeps."""
    if "dl-keep" not in image["classes"] or image["uri"][-4:] != ".svg":
        return []
    _, day = env.relfn2path(image["uri"], env.docname)
    svg = night.drawn(Path(day).read_text("utf-8"))
    Path(day).with_suffix(".night.svg").write_text(svg, "utf-8")
    other = image.deepcopy()
    other["uri"] = image["uri"].removesuffix(".svg") + ".night.svg"
    other["classes"] = ["dl-night"]
    image["classes"].append("dl-day")
    return [other]


def section_of(docname: str) -> str:
    """Return "12-1" for chapters/12-1-convolution, "1" for 01-probability."""
    match = re.match(r"\d+(-\d+)*", PurePosixPath(docname).name)
    return match[0].lstrip("0") if match else ""


def anchor_of(docname: str, name: str) -> str:
    """Return the anchor of a figure: `fig-12-1-zigzag`."""
    match = re.match(r"\d+(-\d+)*", PurePosixPath(docname).name)
    return f"fig-{match[0]}-{name}" if match else f"fig-{name}"


def note(env: BuildEnvironment, anchor: str, figure: Figure) -> None:
    """Remember a figure, and what links to it say."""
    if not hasattr(env, "dl_figures"):
        env.dl_figures = {}
    env.dl_figures[anchor] = figure
    if not hasattr(env, "dl_places"):
        env.dl_places = {}
    env.dl_places[anchor] = (figure.docname, f"Figure {figure.number}")


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop the figures of a page that is read again."""
    found = getattr(env, "dl_figures", {})
    for name in [n for n, f in found.items() if f.docname == docname]:
        del found[name]


def merge(
    app: Sphinx,
    env: BuildEnvironment,
    docnames: set[str],
    other: BuildEnvironment,
) -> None:
    """Take over what another process has read."""
    if not hasattr(env, "dl_figures"):
        env.dl_figures = {}
    env.dl_figures |= getattr(other, "dl_figures", {})


def visit_words(translator: Any, node: Words) -> None:
    """Open a caption."""
    translator.body.append("<figcaption><p>")


def depart_words(translator: Any, node: Words) -> None:
    """Close a caption with a link to its figure."""
    link = (
        f'<a class="headerlink" href="#{node["dl_anchor"]}" '
        'title="Link to this figure">#</a>'
    )
    translator.body.append(f"{link}</p></figcaption>\n")


def _numbered(html: str, anchor: str, number: str) -> str:
    """Give a figure that a reader moves its anchor and its number."""
    head = f'<figure id="{anchor}" class="dl-play">'
    label = f"{QUESTION}<strong>Figure {number}.</strong> "
    return html.replace(MOVED, head, 1).replace(QUESTION, label, 1)


def _bundle(node: nodes.Node) -> nodes.Element:
    """Return the output that a node stands in."""
    while node.get("nb_element") != "mime_bundle":
        node = node.parent
    return node


def setup(app: Sphinx) -> dict[str, Any]:
    """Register captions and what they need."""
    app.add_directive("caption-of", CaptionOf)
    app.add_node(Caption)
    app.add_node(Words, html=(visit_words, depart_words))
    app.add_transform(Captions)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
