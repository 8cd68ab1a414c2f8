"""Turn MyST into Markdown that every notebook tool shows.

Directives become bold headings over quotations, roles become links to the
site, labels become numbers. TeX is passed through as it stands. What this
module does not know, it reports: nothing of MyST is left in silence.

Blocks are found by markdown-it-py with the plugins of myst-parser. Within a
line that parser tells no places, and it writes no Markdown: what stands there
is found by one expression, so that all else stays as its author wrote it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin

from _ext.notebook import records

TITLED = frozenset({"admonition", "dropdown", "sidebar", "topic"})
ADMONITIONS = (
    frozenset({"attention", "caution", "danger", "error", "hint", "margin"})
    | {"important", "note", "seealso", "tip", "warning"}
    | TITLED
)
CODE = frozenset({"code", "code-block", "sourcecode"})
# environments that amsmath numbers, and what stands for them between $$
AMSMATH = {
    "align": "aligned",
    "alignat": "alignedat",
    "equation": "",
    "gather": "gathered",
}

_PARSER = (
    MarkdownIt("commonmark")
    .enable("table")
    .disable("inline")
    .use(amsmath_plugin)
    .use(colon_fence_plugin)
    .use(deflist_plugin)
    .use(dollarmath_plugin)
    .use(myst_block_plugin)
)
_NAME = re.compile(r"^\{(?P<name>[^}\s]+)\}\s*(?P<argument>.*?)\s*$")
_LABEL = r"(?:[^\S\n]*\((?P<label>[^()\s]+)\)(?=[^\S\n]*(?:\n|$)))?"
_INLINE = re.compile(
    r"(?P<comment><!--.*?-->)"
    r"|\{(?P<role>[a-zA-Z][\w:+.-]*)\}(?P<tick>`+)(?P<content>.+?)(?P=tick)"
    r"(?!`)"
    r"|(?P<code>(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|\$\$(?P<display>.+?)\$\$" + _LABEL + r"|(?P<math>\$(?:\\.|[^$\\])+\$)"
    r"|(?P<image>!\[(?P<alt>[^\]]*)\]\((?P<picture>[^()\s]+)\))"
    r"|(?P<link>\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s:]+)\))"
    r"|<(?P<auto>(?:project:)?#[^<>\s]+)>"
    r"|(?P<other>\{\{.+?\}\}|\[\^[^\]]+\])"
    r"|(?P<escaped>\\.)",
    re.DOTALL,
)
_EXPLICIT = re.compile(r"(?P<text>.+?)\s*<(?P<target>[^<>]+)>", re.DOTALL)


class Site(Protocol):
    """What the conversion asks of the site; `None` means unknown."""

    def link(self, role: str, target: str, text: str | None) -> str | None:
        """Return Markdown for a role, or for a link (role "")."""

    def image(self, path: str) -> str | None:
        """Return the address of a picture."""

    def equation(self, label: str | None) -> str | None:
        """Return the number of an equation; the next amsmath one's."""

    def exercise(self, label: str) -> str | None:
        """Return "Exercise 3"."""

    def entry(self, name: str) -> dict[str, Any] | None:
        """Return an entry of the sheet."""


class Part(NamedTuple):
    """Some lines of a source: a directive, a formula, a target or text."""

    kind: str
    start: int
    end: int
    name: str = ""
    argument: str = ""
    options: dict[str, str] = {}  # noqa: RUF012 - it is never changed
    body: list[str] = []  # noqa: RUF012
    indent: int = 0


def parts(lines: list[str]) -> Iterator[Part]:
    """Split a source; together the parts cover it."""
    at = 0
    for token in _PARSER.parse("\n".join(lines)):
        part = _part(token, lines)
        if part is None:
            continue
        if at < part.start:
            yield Part("text", at, part.start, body=lines[at : part.start])
        yield part
        at = part.end
    if at < len(lines):
        yield Part("text", at, len(lines), body=lines[at:])


def gathered(lines: list[str]) -> Iterator[Part]:
    """Split a source; an exercise between two gates is one part."""
    opened: Part | None = None
    for part in parts(lines):
        if part.name == "exercise-start":
            if opened:
                yield opened
            opened = part
        elif part.name == "exercise-end" and opened:
            body = lines[opened.end : part.start]
            yield opened._replace(end=part.end, body=body)
            opened = None
        elif opened is None:
            yield part
    if opened:  # its end stands in a later cell
        yield opened
        yield from parts(lines[opened.end :])


def _part(token: Token, lines: list[str]) -> Part | None:
    """Return the part that a token stands for; None if it is text."""
    if token.map is None:
        return None
    (start, end), kind = token.map, token.type
    indent = len(lines[start]) - len(lines[start].lstrip())
    body = token.content.removesuffix("\n").split("\n")
    if kind == "myst_target":
        return Part("target", start, end, token.content, indent=indent)
    if kind in ("myst_line_comment", "myst_block_break"):
        return Part("comment", start, end)
    if kind in ("math_block", "math_block_label"):
        found = {"label": token.info} if token.info else {}
        return Part("math", start, end, "", "", found, body, indent)
    if kind == "amsmath" and (name := token.meta["environment"]) in AMSMATH:
        star = token.meta["numbered"]
        end = start + len(body)  # the plugin's own end is a line too early
        return Part("ams", start, end, name, star, {}, body)
    if kind not in ("fence", "colon_fence"):
        return None
    if match := _NAME.match(token.info.strip()):
        name, argument = match.groups()
        options, first = records.read_options(body, 0)
        body = body[first:]
        return Part(
            "directive", start, end, name, argument, options, body, indent
        )
    if kind == "fence":
        return Part("code", start, end, body=lines[start:end], indent=indent)
    return Part("div", start, end, body=body, indent=indent)


class Plain:
    """Converts the sources of one notebook, in their order."""

    def __init__(self, site: Site, warn: Callable[[str], None]):
        self.site = site
        self.warn = warn
        self.quoted = 0

    def __call__(self, source: str) -> str:
        """Return a source as plain Markdown."""
        text = "\n".join(self.blocks(source.split("\n")))
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")

    def blocks(self, lines: list[str]) -> list[str]:
        """Convert lines; entries before a box move into it, as on the site."""
        done: list[str] = []
        waiting: list[str] = []
        for part in gathered(lines):
            if part.kind == "target":
                waiting += self.target(part.name)
                continue
            blank = part.kind == "text" and not any(
                line.strip() for line in part.body
            )
            if blank:
                done += part.body
                continue
            box = part.kind == "directive" and _is_box(part.name)
            if waiting and not box:
                done += [*waiting, ""]
                waiting = []
            done += self.part(part, waiting)
            if box:
                waiting = []
        return [*done, *waiting]

    def target(self, name: str) -> list[str]:
        """Return the line of an entry that has no box of its own."""
        entry = self.site.entry(name)
        if entry is None:
            return []
        return ["", f"**{entry['number']} {entry['title']}.**", ""]

    def part(self, part: Part, before: list[str]) -> list[str]:
        """Convert one part."""
        margin = " " * part.indent
        if part.kind == "text":
            return self.text(part.body)
        if part.kind == "code":
            return part.body
        if part.kind == "div":
            return self.blocks(part.body)
        if part.kind == "comment":
            return []
        if part.kind == "math":
            found = self.math(part.body, part.options.get("label"))
        elif part.kind == "ams":
            found = self.amsmath(part)
        else:
            found = self.directive(part, before)
        return [margin + line if line else line for line in found]

    # ---- formulas ---------------------------------------------------------

    def math(
        self, body: list[str], label: str | None, number: str | None = None
    ) -> list[str]:
        """Return a formula, on one line where it is quoted.

        JupyterLab takes formulas out before it reads Markdown; the marks of
        a quotation would become part of a formula of several lines.
        """
        body = [line.strip() for line in body if line.strip()]
        if label:
            number = self.site.equation(label)
            if number is None:
                self.warn(f"equation {label!r} has no number")
        if number:
            body[-1] += rf" \tag{{{number}}}"
        if len(body) == 1:
            return [f"$${body[0]}$$"]
        if not self.quoted:
            return ["$$", *body, "$$"]
        if any(re.search(r"(?<!\\)%", line) for line in body):
            self.warn(f"a comment in the formula {body[0]!r}")
        return [f"$${' '.join(body)}$$"]

    def amsmath(self, part: Part) -> list[str]:
        """Put an environment of amsmath between dollars, with its number."""
        inner = AMSMATH[part.name]
        tex = "\n".join(part.body).strip()
        for word in ("begin", "end"):
            old = f"\\{word}{{{part.name}{part.argument}}}"
            tex = tex.replace(old, f"\\{word}{{{inner}}}" if inner else "")
        number = None
        if not part.argument:
            number = self.site.equation(None)
            if number is None:
                self.warn("an amsmath formula has no number")
        return self.math(tex.split("\n"), None, number)

    # ---- directives -------------------------------------------------------

    def directive(self, part: Part, before: list[str]) -> list[str]:
        """Convert a directive."""
        name = part.name
        if name == "prf:proof":
            return self.proof(part.body)
        if _is_box(name):
            return self.box(self.heading(part), part.body, before)
        if name in ("exercise", "exercise-start"):
            title = self.exercise(part)
            return self.box(f"**{title}.**", part.body, before)
        if name in ADMONITIONS:
            body, title = part.body, name.title()
            if name in TITLED:
                title = self.inline(part.argument) or title
            elif part.argument:
                body = [part.argument, *body]
            title = {"margin": ""}.get(name, title)
            return self.box(f"**{title}.**" if title else "", body, before)
        if name == "math":
            label = part.options.get("label")
            body = [part.argument, *part.body]
            return ["", *self.math(body, label), ""]
        if name in CODE:
            return [f"```{part.argument}", *part.body, "```"]
        if name in ("figure", "image"):
            alt = part.options.get("alt", "")
            image = self.inline(f"![{alt}]({part.argument})")
            return ["", image, "", *self.blocks(part.body)]
        if name not in ("exercise-end", "index"):
            self.unknown(f"{{{name}}}")
        return []

    def heading(self, part: Part) -> str:
        """Return the bold heading of a statement, numbered as on the site."""
        words = part.name.removeprefix("prf:").title()
        entry = self.site.entry(part.options.get("label", ""))
        if entry and "nonumber" not in part.options:
            words += f" {entry['number']}"
        title = self.inline(part.argument)
        return f"**{words} ({title}).**" if title else f"**{words}.**"

    def exercise(self, part: Part) -> str:
        """Return "Exercise 3 (Title)"."""
        title = self.inline(part.argument)
        label = part.options.get("label", "")
        number = self.site.exercise(label)
        if number is None:
            self.warn(f"exercise {label!r} has no number")
        return f"{number} ({title})" if title else str(number)

    def box(
        self, heading: str, body: list[str], before: list[str]
    ) -> list[str]:
        """Return a quotation under a bold heading."""
        self.quoted += 1
        lines = [heading, "", *before, *self.blocks(body)]
        self.quoted -= 1
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
        quote = [f"> {line}".rstrip() for line in text.split("\n")]
        return ["", *quote, ""]

    def proof(self, body: list[str]) -> list[str]:
        """Return a proof between its name and its end."""
        lines = "\n".join(self.blocks(body)).strip("\n").split("\n")
        runs_in = re.match(r"(?![-*+] |\d+[.)] |>|\||\$\$|```|#)\S", lines[0])
        if runs_in:
            lines[0] = f"*Proof.* {lines[0]}"
        else:
            lines = ["*Proof.*", "", *lines]
        if re.search(r"(\$\$|```|~~~|\|)\s*$|^>", lines[-1]):
            return [*lines, "", "∎"]
        lines[-1] += " ∎"
        return lines

    # ---- lines ------------------------------------------------------------

    def text(self, lines: list[str]) -> list[str]:
        """Convert paragraphs, one at a time."""
        done: list[str] = []
        for paragraph in re.split(r"(\n\s*\n)", "\n".join(lines)):
            found = paragraph
            if paragraph.strip():
                found = self.inline(paragraph)
                found = re.sub(
                    r"^(\S.*)\n: +", r"**\1**\\\n", found, flags=re.M
                )
            done.append(found)
        return "".join(done).split("\n")

    def inline(self, text: str) -> str:
        """Convert roles, links and labels within a paragraph."""
        return _INLINE.sub(self._inline, text)

    def _inline(self, match: re.Match[str]) -> str:
        if match["comment"]:
            return ""
        if match["role"]:
            return self.role(match["role"], match["content"].strip())
        if match["display"]:
            tex = match["display"].split("\n")
            return "\n".join(self.math(tex, match["label"]))
        if match["auto"]:
            target = match["auto"].removeprefix("project:")
            return self.link("", target, None, match[0])
        if match["link"]:
            text = self.inline(match["text"]) or None
            return self.link("", match["target"], text, match[0])
        if match["image"] and ":" not in match["picture"]:
            address = self.site.image(match["picture"])
            if address is None:
                self.warn(f"no picture {match['picture']!r}")
            return f"![{match['alt']}]({address})"
        if match["other"]:
            self.unknown(match["other"])
        return match[0]

    def role(self, name: str, content: str) -> str:
        """Convert a role."""
        if name in ("abbr", "index"):
            explicit = re.match(r"(.+?)\s*[(<]", content, re.DOTALL)
            return explicit[1] if explicit else content
        if name in ("sub", "sup", "kbd"):
            return f"<{name}>{content}</{name}>"
        if name == "math":
            return f"${content}$"
        if name == "code":
            return f"`{content}`"
        text = None
        explicit = None
        if not name.startswith("cite"):
            explicit = _EXPLICIT.fullmatch(content)
        if explicit:
            text, content = self.inline(explicit["text"]), explicit["target"]
        return self.link(name, content, text, f"{{{name}}}`{content}`")

    def link(
        self, role: str, target: str, text: str | None, source: str
    ) -> str:
        """Return a link, or report that it leads nowhere."""
        found = self.site.link(role, target, text)
        if found is None:
            self.unknown(source)
        return found or text or target

    def unknown(self, source: str) -> None:
        """Report what this module does not know."""
        self.warn(f"the reader's copy has no form for {source}")


def _is_box(name: str) -> bool:
    return name.startswith("prf:") and name != "prf:proof"
