"""Turn MyST into Markdown that every notebook tool shows.

Directives become bold headings over quotations, roles become links to the
site, labels become numbers. TeX is passed through as it stands. What this
module does not know, it reports: nothing of MyST is left in silence.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

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

_FENCE = re.compile(r"^(?P<in> *)(?P<mark>:{3,}|`{3,}|~{3,})\s*(?P<info>.*?)$")
_NAME = re.compile(r"^\{(?P<name>[^}\s]+)\}\s*(?P<argument>.*?)\s*$")
_TARGET = re.compile(r"^ *\((?P<id>[^()\s]+)\)=\s*$")
_AMS = re.compile(r"^ *\\begin\{(?P<name>[a-z]+)(?P<star>\*?)\}")
_CLOSED = re.compile(r"\$\$(?:\s*\((?P<label>[^()\s]+)\))?\s*$")
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
    at = text = 0
    while at < len(lines):
        part = _part(lines, at)
        if part is None:
            at += 1
            continue
        if text < at:
            yield Part("text", text, at, body=lines[text:at])
        yield part
        at = text = part.end
    if text < at:
        yield Part("text", text, at, body=lines[text:at])


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


def _part(lines: list[str], at: int) -> Part | None:
    """Return the part that begins with a line; None if it is text."""
    line = lines[at]
    indent = len(line) - len(line.lstrip())
    fence = _FENCE.match(line)
    if fence and not (fence["mark"][0] == "`" and "`" in fence["info"]):
        return _fenced(lines, at, fence)
    if match := _TARGET.match(line):
        return Part("target", at, at + 1, match["id"], indent=indent)
    if line.startswith(("%", "+++")):
        return Part("comment", at, at + 1)
    if line.lstrip().startswith("$$"):
        end = at
        rest = line.lstrip()[2:]
        while "$$" not in rest and end + 1 < len(lines):
            end += 1
            rest = lines[end]
        if closing := _CLOSED.search(rest):
            body = "\n".join(lines[at : end + 1]).strip()
            tex = body[2 : body.rindex("$$")]
            label = closing["label"] or ""
            found = {"label": label} if label else {}
            body = tex.split("\n")
            return Part("math", at, end + 1, "", "", found, body, indent)
        return None
    if match := _AMS.match(line):
        name = match["name"]
        closing = f"\\end{{{name}{match['star']}}}"
        if name in AMSMATH:
            end = at
            while closing not in lines[end] and end + 1 < len(lines):
                end += 1
            body = lines[at : end + 1]
            return Part("ams", at, end + 1, name, match["star"], {}, body)
    return None


def _fenced(lines: list[str], at: int, fence: re.Match[str]) -> Part:
    mark, indent = fence["mark"], len(fence["in"])
    end = at + 1
    while end < len(lines):
        closing = _FENCE.match(lines[end])
        if (
            closing
            and not closing["info"]
            and closing["mark"].startswith(mark)
        ):
            break
        end += 1
    after = min(end + 1, len(lines))
    name = _NAME.match(fence["info"])
    if not name:
        kind = "div" if mark[0] == ":" else "code"
        body = lines[at + 1 : end] if kind == "div" else lines[at:after]
        return Part(kind, at, after, body=body, indent=indent)
    inside = [_cut(line, indent) for line in lines[at + 1 : end]]
    options, first = records.read_options(inside, 0)
    return Part(
        "directive",
        at,
        after,
        name["name"],
        name["argument"],
        options,
        inside[first:],
        indent,
    )


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


def _cut(line: str, indent: int) -> str:
    """Take the margin of a directive away from a line of it."""
    return line[indent:] if not line[:indent].strip() else line.lstrip()
