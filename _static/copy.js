// What is copied has a formula's TeX in place of its letters, which stand on
// the page twice: once to be seen, once to be heard.
const formulas = [...document.querySelectorAll("article .katex")];
if (formulas.length) {
  const texts = new Map();
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const name = decodeURI(location.href.split(/[?#]/)[0].slice(root.href.length))
    .replace(/(^|\/)$/, "$1index.html").replace(/\.html$/, "").replaceAll("/", "-");
  window.dlTex = (found) => {
    if (found.length != formulas.length) return;
    formulas.forEach((formula, k) => texts.set(formula, found[k]));
  };
  const fetch = () => {
    if (getSelection().isCollapsed) return;
    document.removeEventListener("selectionchange", fetch);
    const script = document.createElement("script");
    script.src = `${root.href}_static/tex/${name}.js`;
    document.head.append(script);
  };
  document.addEventListener("selectionchange", fetch);

  const whole = (node) => (node.nodeType == 1 ? node : node.parentElement)?.closest(".katex");
  const written = (formula, display) => {
    const tex = texts.get(formula) ?? formula.querySelector("math").textContent;
    return display ? `$$${tex}$$` : `$${tex}$`;
  };
  document.addEventListener("copy", (event) => {
    const chosen = getSelection();
    if (chosen.isCollapsed || document.activeElement?.matches("input, textarea")) return;
    const range = chosen.getRangeAt(0).cloneRange();
    const [first, last] = [whole(range.startContainer), whole(range.endContainer)];
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const ancestor = range.commonAncestorContainer;
    const there = [...(ancestor.querySelectorAll?.(".katex") ?? [])].filter((one) => range.intersectsNode(one));
    const box = document.createElement("div");
    box.append(range.cloneContents());
    const copies = [...box.querySelectorAll(".katex")];
    if (!there.length || there.length != copies.length) return;
    copies.forEach((copy, k) => {
      const display = there[k].closest(".katex-display");
      const tex = document.createElement(display ? "div" : "span");
      tex.textContent = written(there[k], display);
      (copy.closest(display ? ".dl-display" : "span.math") ?? copy).replaceWith(tex);
    });
    for (const rest of box.querySelectorAll("script, .headerlink, .dl-hidden")) rest.remove();
    for (const link of box.querySelectorAll("a[href]")) link.setAttribute("href", link.href);
    for (const image of box.querySelectorAll("img")) image.setAttribute("src", image.src);
    box.style.cssText = "position: fixed; left: -999rem; width: 60rem"; // its lines are lines
    document.querySelector("article").append(box);
    const text = box.innerText;
    box.remove();
    event.clipboardData.setData("text/plain", text.replace(/\n{3,}/g, "\n\n").trim());
    event.clipboardData.setData("text/html", box.innerHTML);
    event.preventDefault();
  });
}
