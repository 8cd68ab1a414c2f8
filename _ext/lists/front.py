"""The front page: one erratum, what is finished, the map, the chapters.

Nothing here is written by hand that a notebook knows: the printed formula
comes from the inventory, the correct one from the chapter, the numbers that
refute it from the record of the cell, counts from `coverage`, pictures,
questions and times from the notebooks and `sections.yml`.
"""

import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from _ext.copies import reader_sphinx
from _ext.lists import atlas, borrow
from _ext.notebook import coverage, records
from _ext.page import outputs

logger = logging.getLogger(__name__)

_TEX = re.compile(r"\$([^$]+)\$")


class Place(nodes.General, nodes.Element):
    """A place of the front page; `dl_front` says what stands there."""


class Part(SphinxDirective):
    """A part of the front page that is filled in when all is read."""

    has_content = True
    optional_arguments = 1
    option_spec: ClassVar = {"says": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the place; the page follows what it repeats."""
        borrow.depend(self.env)
        place = Place(dl_front=self.name, dl_id=(self.arguments or [""])[0])
        place["dl_says"] = self.options.get("says", "")
        self.state.nested_parse(self.content, self.content_offset, place)
        self.set_source_info(place)
        return [place]


class Fill(SphinxPostTransform):
    """Fill in the places when all chapters have been read."""

    default_priority = 2  # before references are resolved
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Replace every place by what belongs there."""
        make = {
            "erratum": self.erratum,
            "progress": self.progress,
            "start": self.start,
            "map": self.map,
            "chapters": self.chapters,
            "licence": self.licence,
        }
        for place in list(self.document.findall(Place)):
            kind = place["dl_front"].removeprefix("front-")
            place.replace_self(list(make[kind](place)))

    @property
    def root(self) -> Path:
        """Return the folder of the book."""
        return Path(self.app.srcdir)

    @property
    def tiles(self) -> list[atlas.Part]:
        """Return the parts of the book, read once a build."""
        if not hasattr(self.app, "dl_tiles"):
            self.app.dl_tiles = atlas.parts(self.root)
        return self.app.dl_tiles

    def erratum(self, place: Place) -> list[nodes.Node]:
        """Return one misprint with the number that refutes it."""
        name, says = place["dl_id"], place["dl_says"]
        entry = self.env.dl_inventory.get(name, {})
        found = borrow.stated(self.app).get(name)
        cell = found and _cell(self.env, found.docname, name, says)
        printed = _TEX.search(entry.get("prints", ""))
        if not (cell and printed and entry.get("origin") == "sheet"):
            logger.warning(
                f"front-erratum {name}: expected a misprint of the sheet "
                f"whose chapter has a check that says {says!r}",
                location=place,
            )
            return []
        right = _formula(found)
        here, anchor, number = self.env.docname, *cell
        title = borrow.link(
            self.app, here, found.docname, name,
            f"{entry['number']} {entry['title']}",
        )  # fmt: skip
        lines = nodes.definition_list("", classes=["dl-versions"])
        lines += _version("✗", "The sheet prints", printed[1], "dl-refuted")
        lines += _version("✓", "Correct", right, "dl-checked")
        text = f"✗ refuted in cell {number}"
        mark = borrow.link(self.app, here, found.docname, anchor, text)
        mark = nodes.inline("", "", mark, classes=["dl-mark", "dl-refuted"])
        words = _with_says(place.children, says)
        words[-1] += [nodes.Text(" "), mark]
        head = nodes.paragraph("", "", title, classes=["dl-head"])
        return [
            nodes.container("", head, lines, *words, classes=["dl-live"]),
        ]

    def progress(self, place: Place) -> list[nodes.Node]:
        """Return what is done and what is not, in figures."""
        state = coverage.measure(self.root)
        total = state.total
        text = (
            f"{total.checked} of {total.entries} statements written out and "
            f"checked; {total.refuted} misprints of the sheet refuted by "
            "running code."
        )
        return [nodes.paragraph("", text, classes=["dl-progress"])]

    def start(self, place: Place) -> list[nodes.Node]:
        """Return the three ways in, as buttons."""
        here = self.env.docname
        written = coverage.measure(self.root).written.values()
        names = [f"chapters/{n}" for group in written for n in group]
        names = [name for name in names if name in self.env.all_docs]
        line = nodes.paragraph("", classes=["dl-start"])
        uri = self.app.builder.get_relative_uri
        if "cheatsheet" in self.env.all_docs:
            line += _button(uri(here, "cheatsheet"), "Cheat sheet")
        if names:
            first, model = names[0], place["dl_id"] or names[0]
            line += _button(uri(here, first), "First chapter")
            if colab := reader_sphinx.colab(self.app, model):
                line += _button(colab, "Run in Colab")
            else:
                file = reader_sphinx.file_of(model)
                path = f"{reader_sphinx.FOLDER}/{file}"
                line += _button(path, "Get a notebook")
        return [line]

    def map(self, place: Place) -> list[nodes.Node]:
        """Return the sections as a picture of links."""
        here = self.env.docname
        regions = []
        for part in self.tiles:
            tiles = []
            for tile in part.tiles:
                docname = f"chapters/{tile.name}"
                known = tile.finished and docname in self.env.all_docs
                uri = self.app.builder.get_relative_uri
                tiles.append((tile, uri(here, docname) if known else ""))
            regions.append((part.name, tiles))
        return [nodes.raw("", atlas.draw(regions), format="html")]

    def licence(self, place: Place) -> list[nodes.Node]:
        """Return licences, and where the book is kept if that is known."""
        line = nodes.paragraph(
            "",
            "Code is under the MIT licence, text and figures under CC BY 4.0.",
        )
        if kept := self.app.dl_repository:
            source = nodes.reference("", "Source", refuri=kept.url)
            report = nodes.reference(
                "", "report an error", refuri=f"{kept.url}/issues/new"
            )
            line += [nodes.Text(" "), source, nodes.Text(" · "), report]
        return [line]

    def chapters(self, place: Place) -> list[nodes.Node]:
        """Return a card for each chapter, part by part."""
        found: list[nodes.Node] = []
        for part in self.tiles:
            cards = nodes.bullet_list("", classes=["dl-cards"])
            for tile in part.tiles:
                docname = f"chapters/{tile.name}"
                if tile.finished and docname in self.env.all_docs:
                    cards += self.card(tile, docname)
            head = nodes.paragraph("", "", nodes.strong("", part.name))
            head["classes"].append("dl-part")
            coming = [t for t in part.tiles if not t.finished]
            if coming:
                words = "; ".join(f"{t.number} {t.title}" for t in coming)
                head += nodes.Text(f" To come: {words}.")
            found += [head, cards] if cards.children else [head]
        return found

    def card(self, tile: atlas.Tile, docname: str) -> nodes.list_item:
        """Return the card of a finished chapter."""
        here = self.env.docname
        title = self.env.titles[docname].astext()
        uri = self.app.builder.get_relative_uri(here, docname)
        link = nodes.reference("", title, internal=True, refuri=uri)
        item = nodes.list_item("", classes=["dl-card"])
        if picture := self.picture(docname):
            item += picture
        item += nodes.paragraph("", "", link, classes=["dl-title"])
        if tile.question:
            item += nodes.paragraph("", tile.question)
        count = f"{tile.statements} statement{'s' * (tile.statements > 1)}"
        facts = [count, *tile.times]
        text = " · ".join(facts)
        item += nodes.paragraph("", text, classes=["dl-facts"])
        if tile.needs:
            known = {t.name: t.number for p in self.tiles for t in p.tiles}
            words = ", ".join(_shorter(need, known) for need in tile.needs)
            line = nodes.paragraph("", f"Needs {words}.")
            line["classes"].append("dl-facts")
            item += line
        return item

    def picture(self, docname: str) -> nodes.image | None:
        """Return the first figure of a chapter, small; its words stay there.

        The card says the same without it: it has no alternative text.
        """
        for image in self.env.get_doctree(docname).findall(nodes.image):
            if image["uri"] in self.env.images and image.get("classes"):
                small = nodes.image("", uri=image["uri"], alt="")
                small["candidates"] = {"*": image["uri"]}
                small["classes"] = list(image["classes"])
                if "dl_size" in image:
                    small["dl_size"] = image["dl_size"]
                return small
        return None


def _cell(
    env: Any, docname: str, name: str, says: str
) -> tuple[str, int] | None:
    """Return anchor and number of the cell whose check of `name` says so."""
    nb = borrow.notebook(env, docname)
    found = records.records(nb)
    anchors, numbers = outputs.anchors(found), outputs.code_numbers(nb)
    for record in found:
        if record.id == name and record.says == says:
            return anchors[name, record.cell], numbers[record.cell]
    return None


def _formula(found: borrow.Stated) -> str:
    """Return the first formula of a statement without its punctuation."""
    for node in found.content:
        for block in node.findall(nodes.math_block):
            return re.sub(r"[\s.,:;]+$", "", block.astext())
    return ""


def _version(
    sign: str, words: str, tex: str, kind: str
) -> nodes.definition_list_item:
    mark = nodes.inline("", sign, classes=["dl-mark", kind])
    term = nodes.term("", "", mark, nodes.Text(f" {words}"))
    formula = nodes.paragraph("", "", nodes.math("", tex))
    return nodes.definition_list_item("", term, nodes.definition("", formula))


def _with_says(content: list[nodes.Node], says: str) -> list[nodes.Node]:
    """Put what the check says where the text has an ellipsis, in bold."""
    found = [node.deepcopy() for node in content]
    for node in found:
        for text in list(node.findall(nodes.Text)):
            before, dots, after = text.partition("…")
            if dots:
                parts = [nodes.Text(before), nodes.strong("", says)]
                parts.append(nodes.Text(after))
                text.parent.replace(text, parts)
    return found


def _shorter(need: str, known: dict[str, str]) -> str:
    """Return what a chapter needs, with the number of a chapter it names."""
    before, _, last = need.rpartition(" ")
    return f"{before} chapter {known[last]}".strip() if last in known else need


def _button(uri: str, text: str) -> nodes.inline:
    link = nodes.reference("", text, refuri=uri, internal=True)
    link["classes"].append("dl-button")
    return nodes.inline("", "", link, nodes.Text(" "))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the places of the front page."""
    app.add_node(Place)
    for name in (
        *("erratum", "progress", "start", "map", "chapters", "licence"),
    ):
        app.add_directive(f"front-{name}", Part)
    app.add_post_transform(Fill)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
