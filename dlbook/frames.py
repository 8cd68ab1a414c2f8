"""Shared room: many drawings stored as one drawing and what changes in it.

What ``plot.interactive`` stands on; chapters use that function.

A fragment of SVG becomes a template, in which signs mark what varies, and
a stream of whole numbers that fill them in:

====== ========================= =======================================
sign   stands for                in the stream
====== ========================= =======================================
``^``  ``d="..."``, a path       runs of commands, each 5 length + index
                                 in MLQCz, with their points; then 0
``~``  ``x="..." y="..."``       a point
``|``  two numbers and a space   a point
``$``  text                      its place in the table of strings
``{}`` the part between them     how often, then its contents each time
====== ========================= =======================================

Points are steps from the point before, in eighths of a point of print (a
sixth of a pixel), first x, then y, with the sign in the lowest bit. The
digits are 88 characters: the first 64 end a number and count units, the
others come before them and count 64, 64 · 24, ...
"""

import re
from itertools import groupby

__all__ = ["SCRIPT", "Table", "digits", "pack", "place"]

PER_POINT = 8
FAR = 2000.0  # points of print: well outside every figure
CENTRE = (200.0, 150.0)

ALPHABET = "".join(chr(c) for c in range(35, 127) if chr(c) not in "<\\&'")
FINAL = 64
COMMANDS = "MLQCz"

# Reads what ``pack`` writes, and puts it in place of the first frame.
SCRIPT = """
document.querySelectorAll(".dl-play:not([data-on])").forEach(root => {
  root.dataset.on = "";
  const all = css => [...root.querySelectorAll(css)];
  const D = JSON.parse(all("script")[0].textContent), A = "ALPHABET";
  let s = D.f, i = 0, x, y;
  const num = () => {
    for (let v = 0, k; ; v = v * 24 + k - 63) {
      k = A.indexOf(s[i++]);
      if (k < 64) return v * 64 + k;
    }
  };
  const step = (v = num()) => (v & 1 ? -v - 1 : v) / 16;
  const point = gap => (x += step()) + gap + (y += step());
  const path = () => {
    let d = "", c;
    while ((c = num())) for (let n = c / 5 | 0; n--;) {
      d += "MLQCz"[c % 5];
      for (let p = [1, 1, 2, 3, 0][c % 5]; p--;) d += point(" ") + " ";
    }
    return d;
  };
  const fill = t => t.replace(/\\{(.*?)\\}|[\\^~|$]/g, (m, unit) =>
    unit ? Array.from({length: num()}, () => fill(unit)).join("") :
    m == "^" ? ` d="${path()}"` :
    m == "~" ? ` x="${point('" y="')}"` :
    m == "|" ? point(" ") : D.s[num()]);
  const at = [], groups = all("[data-g]");
  while (i < s.length) at.push(num());
  const show = event => {
    let k = 0;
    all("[data-p]").forEach((p, j) => {
      const input = p.querySelector("[type=range],:checked");
      const word = D.l[j][input.value];
      k = k * D.l[j].length + +input.value;
      if (input.type == "radio") return;
      p.querySelector("output").textContent = word;
      input.setAttribute("aria-valuetext", word);
    });
    const said = groups.map((g, j) => {
      const was = g.textContent;
      s = D.b[at[k * groups.length + j]];
      i = x = y = 0;
      g.innerHTML = fill(D.t[num()]);
      return g.textContent == was ? "" : g.textContent.trim();
    });
    if (event) all(".dl-say")[0].textContent = said.filter(t => t).join(". ");
  };
  all(".dl-set")[0].hidden = false;
  root.addEventListener("input", show);
  show();
});
""".replace("ALPHABET", ALPHABET)

NUMBER = r"(-?[\d.]+)"
SLOT = re.compile(
    rf' d="(?P<d>[^"]*)"| x="{NUMBER}" y="{NUMBER}"'
    rf"|(?<=translate\(){NUMBER} {NUMBER}(?=\))"
    rf"|(?<=rotate\()(-?[\d.]+ ){NUMBER} {NUMBER}(?=\))"
    r"|(?<=>)(?P<text>[^<>]+)(?=<)"
)
MARK = re.compile(r"[\^~|$]")
USE = "<use [^<>]*~[^<>]*/>"
UNIT = re.compile(rf"(<g[^<>]*>{USE}</g>|{USE})(?:\1)*")


def digits(number: int) -> str:
    """Write a number ≥ 0 in the digits of the streams."""
    number, last = divmod(number, FINAL)
    more = len(ALPHABET) - FINAL
    text = ALPHABET[last]
    while number:
        number, digit = divmod(number - 1, more)
        text = ALPHABET[FINAL + digit] + text
    return text


def place(x: float, y: float) -> tuple[int, int]:
    """Return a point in the units of the streams.

    What is far outside the figure comes nearer on the line to its centre,
    so that it stays outside and in the same direction.
    """
    dx, dy = x - CENTRE[0], y - CENTRE[1]
    shrink = min(1.0, FAR / max(abs(dx), abs(dy), 1.0))
    x, y = CENTRE[0] + dx * shrink, CENTRE[1] + dy * shrink
    return round(x * PER_POINT), round(y * PER_POINT)


class Pen:
    """Write one stream; it remembers where the last point was."""

    def __init__(self) -> None:
        self.at = (0, 0)

    def point(self, x: str, y: str) -> str:
        """Write the step to a point."""
        to = place(float(x), float(y))
        steps = [b - a for a, b in zip(self.at, to, strict=True)]
        self.at = to
        return "".join(digits(2 * s if s >= 0 else -2 * s - 1) for s in steps)

    def path(self, d: str) -> str:
        """Write a path; a line to where the pen stands is left out."""
        commands: list[tuple[str, str]] = []
        for letter, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", d):
            if letter not in COMMANDS:
                raise ValueError(
                    f"path: expected commands among {COMMANDS}, got {letter}"
                )
            xy, before = numbers.split(), self.at
            pairs = zip(xy[::2], xy[1::2], strict=True)
            points = "".join(self.point(x, y) for x, y in pairs)
            if letter != "L" or self.at != before:
                commands.append((letter, points))
        text = ""
        for letter, run in groupby(commands, key=lambda command: command[0]):
            parts = [points for _, points in run]
            text += digits(5 * len(parts) + COMMANDS.index(letter))
            text += "".join(parts)
        return text + digits(0)


class Table(dict[str, int]):
    """Number what is put in, from 0; the same thing has the same number."""

    def number(self, key: str) -> int:
        """Return the number of an entry, new or known."""
        return self.setdefault(key, len(self))


def pack(fragment: str, templates: Table, strings: Table) -> str:
    """Return the stream of a fragment: its template, then what fills it.

    Parameters
    ----------
    fragment
        Compact SVG.
    templates, strings
        Tables that take what is new.
    """
    # The signs themselves may stand in an attribute or in a text.
    for sign in "^~|{}":
        fragment = fragment.replace(sign, f"&#{ord(sign)};")
    template, parts = _slots(fragment, strings)
    template, parts = _loops(template, parts)
    return digits(templates.number(template)) + "".join(parts)


def _slots(fragment: str, strings: Table) -> tuple[str, list[str]]:
    pen, parts = Pen(), []

    def slot(match: re.Match[str]) -> str:
        if match["d"] is not None:
            parts.append(pen.path(match["d"]))
            return "^"
        if match["text"] is not None:
            parts.append(digits(strings.number(match["text"])))
            return "$"
        angle = match[6] or ""
        x, y = (n for n in match.groups()[1:5] + match.groups()[6:8] if n)
        parts.append(pen.point(x, y))
        return "~" if match[0].startswith(" x") else f"{angle}|"

    return SLOT.sub(slot, fragment.replace("$", "&#36;")), parts


def _loops(template: str, parts: list[str]) -> tuple[str, list[str]]:
    out: list[str] = []
    text, end = "", 0
    for match in UNIT.finditer(template):
        before = template[end : match.start()]
        text += before + "{" + match[1] + "}"
        marks = len(MARK.findall(before))
        inside = len(MARK.findall(match[0]))
        times = len(match[0]) // len(match[1])
        out += [*parts[:marks], digits(times)]
        out += parts[marks : marks + inside]
        parts, end = parts[marks + inside :], match.end()
    return text + template[end:], out + parts
