// The two views of the sheet, and the reader's own sheet for an exam.
{
  const root = document.documentElement;
  const one = (what, where = document) => where.querySelector(what);
  const make = (tag, classes, ...inside) => {
    const node = document.createElement(tag);
    node.className = classes;
    node.append(...inside);
    return node;
  };
  const page = one(".dl-sheets");
  const [box, panel] = [one(".dl-exam"), one("#exam-sheet")];
  const [view, open] = [one(".dl-view"), one(".dl-open")];
  const size = one("select", panel);
  const meters = panel.querySelectorAll("meter");
  const out = one("output", panel);

  const address = (changes) => {
    const query = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(changes)) {
      if (value) query.set(key, value);
      else query.delete(key);
    }
    const said = `${query}`.replaceAll("%2C", ",");
    const { pathname, hash } = location;
    history.replaceState(null, "", `${pathname}${said && `?${said}`}${hash}`);
  };

  // ---- the long view and the dense one --------------------------------------
  const isLong = () => root.dataset.sheet === "long";
  const setLong = (long) => {
    if (long) root.dataset.sheet = "long";
    else delete root.dataset.sheet;
    view.setAttribute("aria-pressed", long);
  };
  setLong(isLong());
  view.addEventListener("click", () => {
    const long = !isLong();
    setLong(long);
    address({ view: long ? "long" : "dense" });
    try {
      localStorage.dlView = long ? "long" : "dense";
    } catch { /* nothing is kept */ }
  });
  // Paper has the dense view.
  let before;
  addEventListener("beforeprint", () => {
    before = isLong();
    setLong(false);
  });
  addEventListener("afterprint", () => setLong(before));

  // ---- what is ticked, and how the address says it --------------------------
  const items = [...document.querySelectorAll(".dl-item")]
    .filter((item) => !/\bunwritten\b/.test(item.dataset.status));
  const numbers = new Map(items.map((item) => [
    one("strong", item).textContent.split(" ")[0], item,
  ]));
  const ticks = new Map();

  // "1.5,11.3.2-4": entries, and ranges of the last part of a number.
  const read = (text) => {
    const found = new Set();
    for (const part of (text ?? "").split(",")) {
      const [, start, from, to = from] =
        part.trim().match(/^((?:\d+\.)+)(\d+)(?:-(\d+))?$/) ?? [];
      for (let k = +from; k <= Math.min(+to, 999); k++) {
        if (numbers.has(start + k)) found.add(start + k);
      }
    }
    return found;
  };
  const write = (picked) => {
    const parts = [];
    for (const number of numbers.keys()) {
      if (!picked.has(number)) continue;
      const [, start, place] = number.match(/^(.*\.)(\d+)$/);
      const last = parts.at(-1);
      if (last?.start === start && last.to === place - 1) last.to = +place;
      else parts.push({ start, from: +place, to: +place });
    }
    return parts.map(({ start, from, to }) =>
      `${start}${from}${to > from ? `-${to}` : ""}`).join(",");
  };
  let picked = read(new URLSearchParams(location.search).get("pick"));

  // ---- how full the two sides are -------------------------------------------
  // The sheet is set as on paper, measured, and set back before it is drawn.
  const measure = () => {
    if (!picked.size) return 0;
    const [dense, paper] = [one("#dl-dense"), one("#dl-paper")];
    const kept = [dense.media, paper.media, isLong(), scrollX, scrollY];
    dense.media = paper.media = "all";
    setLong(false);
    root.dataset.paper = "";
    const last = items.filter((item) => item.matches(".dl-picked")).at(-1);
    const rect = [...last.getClientRects()].at(-1);
    const sheet = page.getBoundingClientRect();
    const column = Math.round(3 * (rect.left - sheet.left) / sheet.width);
    const used = column + (rect.bottom - sheet.top) / sheet.height;
    delete root.dataset.paper;
    [dense.media, paper.media] = kept;
    setLong(kept[2]);
    scrollTo({ left: kept[3], top: kept[4], behavior: "instant" });
    return used / 3; // in sides
  };
  const tell = () => {
    const sides = measure();
    const full = [Math.min(sides, 1), Math.min(Math.max(sides - 1, 0), 1)];
    meters.forEach((meter, k) => { meter.value = full[k]; });
    const [first, second] = full.map((part) => `${Math.round(100 * part)} %`);
    const many = picked.size === 1 ? "1 statement" : `${picked.size} statements`;
    out.classList.toggle("dl-over", sides > 2);
    out.value = !picked.size ? "Nothing is ticked yet."
      : sides > 2
        ? `${many}: too much for two sides, ${sides.toFixed(1)} are needed. `
          + "Take something out, or choose smaller text."
        : `${many}: side 1 is ${first} full, side 2 ${second}.`;
  };
  let waiting;
  const update = () => {
    for (const [number, item] of numbers) {
      const on = picked.has(number);
      item.classList.toggle("dl-picked", on);
      if (ticks.has(item)) ticks.get(item).checked = on;
    }
    for (const all of document.querySelectorAll(".dl-all input")) {
      const members = [...numbers].filter(([, item]) =>
        item.dataset.section === all.value);
      const on = members.filter(([number]) => picked.has(number)).length;
      all.checked = on === members.length;
      all.indeterminate = on > 0 && !all.checked;
    }
    root.style.setProperty("--dl-pt", `${size.value}pt`);
    root.toggleAttribute("data-exam", !panel.hidden && picked.size > 0);
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(tell);
  };
  const keep = () => {
    const chosen = size.value === size.options[0].value ? "" : size.value;
    address({ pick: write(picked), pt: picked.size ? chosen : "" });
    update();
  };
  const set = (some, on) => {
    for (const number of some) picked[on ? "add" : "delete"](number);
    keep();
  };

  // ---- the panel and the boxes to tick --------------------------------------
  const prepare = () => {
    if (ticks.size) return;
    for (const [number, item] of numbers) {
      const tick = make("input", "");
      tick.type = "checkbox";
      tick.setAttribute("aria-label", `${number} on your sheet`);
      tick.addEventListener("change", () => set([number], tick.checked));
      one(".dl-head", item).prepend(make("label", "dl-tick", tick), " ");
      ticks.set(item, tick);
    }
    for (const section of document.querySelectorAll(".dl-section")) {
      const members = [...numbers].filter(([, item]) => section.contains(item));
      if (!members.length) continue;
      const all = make("input", "");
      all.type = "checkbox";
      all.value = members[0][1].dataset.section;
      all.addEventListener("change", () =>
        set(members.map(([number]) => number), all.checked));
      one("h2", section).after(
        make("label", "dl-all", all, ` all of section ${all.value}`));
    }
  };
  const toggle = (on) => {
    panel.hidden = !on;
    open.setAttribute("aria-expanded", on);
    root.toggleAttribute("data-ticks", on);
    if (on) prepare();
    update();
  };
  open.addEventListener("click", () => toggle(panel.hidden));
  size.addEventListener("change", keep);
  one(".dl-print", panel).addEventListener("click", () => print());
  one(".dl-clear", panel).addEventListener("click", () => {
    picked = new Set();
    keep();
  });
  one(".dl-link", panel).addEventListener("click", async () => {
    keep();
    try {
      await navigator.clipboard.writeText(location.href);
      out.value = "The link is copied.";
    } catch {
      out.value = "The link is the address of this page.";
    }
  });
  size.value = new URLSearchParams(location.search).get("pt") ?? size.value;
  if (size.selectedIndex < 0) size.selectedIndex = 0;
  box.hidden = !items.length;
  if (picked.size) toggle(true);
}
