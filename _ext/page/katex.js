// Reads one formula a line as JSON, writes its HTML and MathML as JSON.
const katex = require(process.argv[2]);
const lines = require("readline").createInterface({ input: process.stdin });

// KaTeX's boxes, a third fewer of them. What only holds a height open becomes
// a custom property of the box around it (katex.css draws it), a space becomes
// the margin of what stands before it, and the rows and heights of a stack are
// left out: its parts hang on the line that it stands on, and the height of the
// whole formula is known. What is no higher than a line of type needs nothing
// that holds it open. (Boxes with an `other` class have a size of type or a
// margin of their own.)
const fits = (height, low) => height + low <= 0.86 && low >= -0.26;
const other = /^(katex-sizing|fontsize-ensurer|vlist-t2|katex-root)$/;
const isNull = ({ classes = [] }) => classes.includes("nulldelimiter")
  && !classes.includes("katex-sizing");
const thin = (box) => {
  const kept = [];
  for (const child of box.children ?? []) {
    const before = kept.at(-1);
    if (child.classes?.includes("katex-strut")) {
      const { height, verticalAlign: low = "0" } = child.style;
      if (fits(parseFloat(height), parseFloat(low))) continue;
      box.style["--h"] = height;
      if (parseFloat(low)) box.style["--v"] = low;
    } else if (child.classes?.includes("pstrut")) {
      if (child.style.height != "2.7em") box.style["--h"] = child.style.height;
    } else if (child.classes?.includes("vlist-s")) {
      continue;
    } else if (child.classes?.includes("vlist-r")) {
      if (before) continue; // holds the depth open
      const [stack] = child.children;
      delete stack.style.height;
      thin(stack);
      kept.push(stack);
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
  const [left, fraction, right] = kept;
  if (kept.length == 3 && isNull(left) && isNull(right)) {
    fraction.classes.push("dl-apart"); // has the margins of both
    kept.splice(0, 3, fraction);
  }
  if (box.children) box.children = empty ? [] : kept;
  if (box.classes) box.classes = box.classes.filter((name) => name != "vlist-t2");
};

// Kinds of signs are not drawn, their spaces are margins: the box of a sign
// that has nothing else is left out. What stands on a level of a stack stays.
const kinds = /^(mord|mbin|mrel|mopen|mclose|mpunct|minner|mop|mtight)$/;
const bare = (box, within) => {
  const level = within?.classes?.includes("vlist");
  box.children = box.children?.flatMap((child) => {
    if (!child.classes) return [child];
    child.classes = child.classes.filter((name) => name && !kinds.test(name));
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
const unseen = [
  "accent", "columnalign", "columnspacing", "displaystyle", "fence",
  "linethickness", "lspace", "maxsize", "minsize", "rowspacing", "rspace",
  "scriptlevel", "separator", "stretchy",
];
const plain = (node) => {
  for (const name of unseen) delete node.attributes?.[name];
  for (const child of node.children ?? []) plain(child);
  node.children = node.children?.flatMap((child) =>
    child.type == "mrow" && !Object.keys(child.attributes).length
      && (node.type == "semantics" || child.children.length == 1)
      ? child.children : [child]) ?? node.children;
};
const short = (text) => text
  .replace(/\d*\.\d{4}(?=em)/g, (size) => String(Number(Number(size).toFixed(3))))
  .replace(/(style="[^"]*);"/g, '$1"')
  .replace(/katex-sizing reset-size6 size3/g, "dl-script");

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
