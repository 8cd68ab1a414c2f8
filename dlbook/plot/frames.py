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
``{}`` the part between them     how often, then its contents each time;
                                 or 0: at the ends of the last path's
                                 lines, then how many in turn have it
                                 and have it not, then how many others
====== ========================= =======================================

Points are steps from the point before, in quarters of a point of print (a
third of a pixel), first x, then y, with the sign in the lowest bit. The
digits are 88 characters: the first 64 end a number and count units, the
others come before them and count 64, 64 · 24, ...
"""

import re
from itertools import groupby
from typing import Any

__all__ = ["SCRIPT", "Table", "digits", "pack", "place"]

PER_POINT = 4
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
  let s = D.f, i = 0, x, y, ends;
  const num = () => {
    for (let v = 0, k; ; v = v * 24 + k - 63) {
      k = A.indexOf(s[i++]);
      if (k < 64) return v * 64 + k;
    }
  };
  const step = (v = num()) => (v & 1 ? -v - 1 : v) / UNITS;
  const point = gap => (x += step()) + gap + (y += step());
  const path = () => {
    let d = "", c;
    ends = [];
    while ((c = num())) for (let n = c / 5 | 0; n--;) {
      d += "MLQCz"[c % 5];
      for (let p = [1, 1, 2, 3, 0][c % 5]; p--;) d += point(" ") + " ";
      if (c % 5 < 2) ends.push(` x="${x}" y="${y}"`);
    }
    return d;
  };
  const many = unit => {
    let n = num(), text = "";
    if (n) for (; n--;) text += fill(unit);
    else {
      for (let k = 0, on = 1; k < ends.length; on ^= 1)
        for (n = num(); n--; k++) if (on) text += unit.replace("~", ends[k]);
      for (n = num(); n--;) text += fill(unit);
    }
    return text;
  };
  const fill = t => t.replace(/\\{(.*?)\\}|[\\^~|$]/g, (m, unit) =>
    unit ? many(unit) :
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
      if (input.type != "range") return;
      p.querySelector("span").textContent = word;
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
"""
SCRIPT = re.sub("\n *", "\n", SCRIPT).strip()
SCRIPT = SCRIPT.replace("ALPHABET", ALPHABET)
SCRIPT = SCRIPT.replace("UNITS", str(2 * PER_POINT))

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
    """Write streams; it remembers where the last point was."""

    def __init__(self) -> None:
        self.at = (0, 0)
        self.ends: list[tuple[int, int]] = []

    def point(self, to: tuple[int, int]) -> str:
        """Write the step to a point."""
        steps = [b - a for a, b in zip(self.at, to, strict=True)]
        self.at = to
        return "".join(digits(2 * s if s >= 0 else -2 * s - 1) for s in steps)

    def path(self, d: str) -> str:
        """Write a path; a line to where the pen stands is left out."""
        commands: list[tuple[str, str]] = []
        self.ends = []
        for letter, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", d):
            if letter not in COMMANDS:
                raise ValueError(
                    f"path: expected commands among {COMMANDS}, got {letter}"
                )
            xy, before = list(map(float, numbers.split())), self.at
            pairs = zip(xy[::2], xy[1::2], strict=True)
            points = "".join(self.point(place(x, y)) for x, y in pairs)
            if letter != "L" or self.at != before:
                commands.append((letter, points))
                self.ends += [self.at] if letter in "ML" else []
        text = ""
        for letter, run in groupby(commands, key=lambda command: command[0]):
            parts = [points for _, points in run]
            text += digits(5 * len(parts) + COMMANDS.index(letter))
            text += "".join(parts)
        return text + digits(0)

    def many(self, points: list[tuple[int, int]]) -> str:
        """Write points that repeat a unit, as ends of lines if they are."""
        here, ends, marks = self.at, set(self.ends), set(points)
        runs = [0]
        for end in self.ends:
            if (end in marks) == len(runs) % 2:
                runs[-1] += 1
            else:
                runs.append(1)
        left = [point for point, _ in groupby(points) if point not in ends]
        text = "".join(map(digits, [0, *runs, len(left)]))
        text += "".join(map(self.point, left))
        there, self.at = self.at, here
        plain = digits(len(points)) + "".join(map(self.point, points))
        if self.ends and len(text) < len(plain):
            self.at = there
            return text
        return plain


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
    for sign in "^~|{}$":
        fragment = fragment.replace(sign, f"&#{ord(sign)};")
    template, values = _slots(fragment)
    pen, out, text, end = Pen(), "", "", 0

    def write(marks: list[str]) -> str:
        written = ""
        for mark in marks:
            value = values.pop(0)
            if mark == "^":
                written += pen.path(value)
            elif mark == "$":
                written += digits(strings.number(value))
            else:
                written += pen.point(value)
        return written

    for match in UNIT.finditer(template):
        before, unit = template[end : match.start()], match[1]
        text += before + "{" + unit + "}"
        out += write(MARK.findall(before))
        times = len(match[0]) // len(unit)
        if MARK.findall(unit) == ["~"] and "opacity" not in unit:
            out += pen.many(values[:times])
            del values[:times]
        else:
            out += digits(times) + write(MARK.findall(match[0]))
        end = match.end()
    out += write(MARK.findall(template[end:]))
    return digits(templates.number(text + template[end:])) + out


def _slots(fragment: str) -> tuple[str, list[Any]]:
    values: list[Any] = []

    def slot(match: re.Match[str]) -> str:
        if match["d"] is not None:
            values.append(match["d"])
            return "^"
        if match["text"] is not None:
            values.append(match["text"])
            return "$"
        angle = match[6] or ""
        x, y = (n for n in match.groups()[1:5] + match.groups()[6:8] if n)
        values.append(place(float(x), float(y)))
        return "~" if match[0].startswith(" x") else f"{angle}|"

    return SLOT.sub(slot, fragment), values
