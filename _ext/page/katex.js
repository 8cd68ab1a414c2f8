// Reads one formula a line as JSON, writes its HTML and MathML as JSON.
const katex = require(process.argv[2]);
const lines = require("readline").createInterface({ input: process.stdin });

// KaTeX's boxes, a third fewer of them. What only holds a height open becomes
// a custom property of the box around it (katex.css draws it), a space becomes
// the margin of what stands before it, and the empty box that KaTeX puts below
// a subscript for editors is left out. (Boxes with an `other` class have a size
// of type or a margin of their own.)
const other = /^(katex-sizing|fontsize-ensurer|vlist-t2|katex-root)$/;
const thin = (box) => {
  const kept = [];
  for (const child of box.children ?? []) {
    const before = kept.at(-1);
    if (child.classes?.includes("katex-strut")) {
      box.style["--h"] = child.style.height;
      if (child.style.verticalAlign) box.style["--v"] = child.style.verticalAlign;
    } else if (child.classes?.includes("pstrut")) {
      box.style["--h"] = child.style.height;
    } else if (child.classes?.includes("vlist-s")) {
      continue;
    } else if (
      String(child.classes) == "mspace" && !child.children.length
      && String(Object.keys(child.style)) == "marginRight"
      && before?.classes && !before.italic && !before.style.marginRight
      && !before.classes.some((name) => other.test(name))
    ) {
      before.style.marginRight = child.style.marginRight;
    } else {
      thin(child);
      kept.push(child);
    }
  }
  const empty = kept.length == 1 && box.classes?.includes("vlist")
    && !kept[0].children?.length && !Object.keys(kept[0].style).length;
  if (box.children) box.children = empty ? [] : kept;
};

// What MathML says of how signs are drawn is not drawn here, and heights need
// no more than a thousandth of the size of type.
const unseen = ["fence", "lspace", "rspace", "separator", "stretchy"];
const plain = (node) => {
  for (const name of unseen) delete node.attributes?.[name];
  for (const child of node.children ?? []) plain(child);
};
const short = (text) => text
  .replace(/\d*\.\d{4}(?=em)/g, (size) => String(Number(Number(size).toFixed(3))))
  .replace(/(style="[^"]*);"/g, '$1"');

lines.on("line", (line) => {
  const { tex, display } = JSON.parse(line);
  let answer;
  try {
    const options = { displayMode: display, strict: "error" };
    const tree = katex.__renderToDomTree(tex, options);
    const root = display ? tree.children[0] : tree;
    thin(root.children.find((box) => box.classes.includes("katex-html")));
    plain(root.children.find((box) => box.classes.includes("katex-mathml")));
    answer = { html: short(tree.toMarkup()) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
