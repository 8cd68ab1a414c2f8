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

// Kinds of signs are not drawn, their spaces are margins: the box of a sign
// that has nothing else is left out. What stands on a level of a stack stays.
const kinds = /^(mord|mbin|mrel|mopen|mclose|mpunct|minner|mop|mtight)$/;
const bare = (box, within) => {
  const level = within?.classes?.includes("vlist");
  box.children = box.children?.flatMap((child) => {
    if (!child.classes) return [child];
    const limits = /^(op-limits|katex-sizing|mfrac)$/;
    if (!child.classes.some((name) => limits.test(name))) {
      child.classes = child.classes.filter((name) => !kinds.test(name));
    }
    bare(child, box);
    const plain = child.children && !("text" in child) && !child.classes.length
      && !Object.keys(child.style ?? {}).length
      && !Object.keys(child.attributes ?? {}).length
      && child.constructor == box.constructor;
    return plain && !level && !stacked.test(box.classes.join(" "))
      ? child.children : [child];
  }) ?? box.children;
};
const stacked = /\b(mfrac|mult|delim-size[14]|delimsizing|katex-fix|katex-inner|katex-newline|accent-body|vlist|vlist-r|vlist-t|mtable|mover|munder|sqrt|katex-root|rlap|llap|clap|op-limits|katex-accent|katex-stretchy|hide-tail)\b/;

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
    const drawn = root.children.find((box) => box.classes.includes("katex-html"));
    thin(drawn);
    drawn.children.forEach((base) => bare(base));
    plain(root.children.find((box) => box.classes.includes("katex-mathml")));
    answer = { html: short(tree.toMarkup()) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
