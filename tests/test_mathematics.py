"""Formulas: fewer boxes than KaTeX makes, each where KaTeX has it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from press import ROOT

from _ext.page.mathematics import Drawer

KATEX = ROOT / "node_modules" / "katex"
OURS = ROOT / "_ext/page/katex.css"
FORMULAS = r"""
x_i^2 + y_{ij} - z^{\top} \le \mathbf A_{kl}^{-1} \times \hat f_\theta
\frac{a+b}{c_1} \cdot \sqrt{\frac{x}{y_2}} \sqrt[3]{n} = \tfrac12
\sum_{i=1}^{n} \int_0^1 \prod_k \lim_{n\to\infty} f_n(x)\,dx
\sqrt{\frac{a}{\ln\frac{2\sqrt s}{\delta}}} \frac{x_{\frac12}}{y}
\left(\frac{\partial f}{\partial x_j}\right)_{i} \Big| \bigl[ n \bigr]
\begin{pmatrix} a_1 & b \\ c & d^2 \end{pmatrix}
\begin{cases} 1 & x>0 \\ 0 & \text{else} \end{cases}
\begin{aligned} f &= g_1 + h \\ &\quad - \tilde k \end{aligned}
\overline{ab} \underbrace{x + y}_{n \text{ terms}} \overset{!}{=} 1
\widehat{abc} \vec v \underset{x}{\arg\min} \mathcal L
a\!b\,c\;d\quad e\qquad f \mid g \colon h \mapsto i \bmod j \pmod k
{\scriptstyle x + y_i} \mathbb E[X \mid Y] \ne \nabla J(\theta)' x''
{\large x} + {\scriptstyle y}=z\;\raisebox{1ex}{a}+ \raisebox{-1ex}{b}\;c
\operatorname{rot180}(w)_{o} \not\in \mathbb Z^d, \dots, \ell \perp m
\textcolor{red}{x_1} \boxed{y = z} \phantom{abc} \smash{g} \mathrlap{/}=
""".strip().splitlines()
PLAIN = """
const katex = require(process.argv[1]);
for (const tex of JSON.parse(process.argv[2]))
  console.log(katex.renderToString(tex, {displayMode: %s}));
"""
# The places of all signs that are drawn, and of the box around them.
PLACES = """() => [...document.querySelectorAll(".katex-html")].map(
  formula => {
  const walk = document.createTreeWalker(formula, NodeFilter.SHOW_TEXT);
  const found = [formula.getBoundingClientRect()];
  for (let node; node = walk.nextNode();) {
    for (const { index } of node.data.matchAll(/[^\\u200b]/gu)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + 1);
      found.push(range.getBoundingClientRect());
    }
  }
  for (const line of formula.querySelectorAll("svg, .frac-line"))
    found.push(line.getBoundingClientRect());
  return found.flatMap(({x, y, width, height}) => [x, y, width, height]);
})"""
COUNT = "document.querySelectorAll('.katex-html *').length"


def plain(display):
    """Return what KaTeX itself writes."""
    node = Path(sys.executable).parent / "node"
    script = PLAIN % str(display).lower()
    done = subprocess.run(
        [node, "-e", script, KATEX, json.dumps(FORMULAS)],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("display", [True, False])
def test_nothing_moves_when_boxes_go(tab, tmp_path, display):
    drawer = Drawer(KATEX)
    drawn = [drawer(tex, display=display) for tex in FORMULAS]
    drawer.close()
    pages = {"plain": plain(display), "ours": [d["html"] for d in drawn]}
    styles = {"plain": [], "ours": [OURS]}
    places, boxes = {}, {}
    for name, formulas in pages.items():
        sheets = [KATEX / "dist" / "katex.min.css", *styles[name]]
        links = "".join(
            f"<link rel='stylesheet' href='{sheet.resolve().as_uri()}'>"
            for sheet in sheets
        )
        body = "".join(f"<p>A {formula} b.</p>" for formula in formulas)
        page = tmp_path / f"{name}.html"
        page.write_text(
            f"<!doctype html><meta charset='utf-8'>{links}{body}", "utf-8"
        )
        tab.goto(page.as_uri())
        tab.evaluate("document.fonts.ready")
        places[name] = tab.evaluate(PLACES)
        boxes[name] = tab.evaluate(COUNT)
    for tex, ours, theirs in zip(
        FORMULAS, places["ours"], places["plain"], strict=True
    ):
        assert ours == pytest.approx(theirs, abs=0.1), tex
    assert boxes["ours"] < 0.8 * boxes["plain"]
