// Filters the entries of a page; the address holds what is chosen.
{
  const form = document.querySelector(".dl-filter");
  const items = [...document.querySelectorAll(".dl-item")];
  const fields = form.querySelectorAll("[name]");
  const fold = form.parentNode; // of a phone
  const wide = matchMedia("(min-width: 601px)");
  wide.onchange = () => { fold.open ||= wide.matches; };
  const near = form.querySelector(".dl-near");
  const name = (item) => item.id.replace(/^\w+-/, "");
  let texts;
  let turn = 0; // an answer of the search that comes late is dropped

  const plain = (q) => {
    texts ??= items.map((item) => item.textContent.toLowerCase());
    const words = q.toLowerCase().split(/\s+/);
    const has = (text) => words.every((word) => text.includes(word));
    return new Set(items.filter((_, k) => has(texts[k])));
  };

  const draw = (found) => {
    const [, section, kind, status] = [...fields].map((f) => f.value);
    let count = 0;
    for (const item of items) {
      const data = item.dataset;
      const fits =
        (!section || data.section === section) &&
        (!kind || data.kind === kind) &&
        (!status || data.status.split(" ").includes(status)) &&
        (!found || found.has(item));
      item.hidden = !fits;
      count += fits;
    }
    form.querySelector("output").value =
      `${count} of ${items.length} entries`;
    near.hidden = true;
    return count;
  };

  // Where nothing fits, the statements that come nearest.
  const suggest = (nearest, elsewhere) => {
    near.textContent = elsewhere ? "This is not on the sheet. Nearest: " : "Nothing fits. Nearest: ";
    const all = nearest.slice(0, 5).map((item) => [
      `#${item.id}`, item.querySelector("strong").textContent,
    ]);
    for (const [address, text] of [...all, ["genindex.html", "the index"]]) {
      const link = document.createElement("a");
      link.href = address;
      link.textContent = text;
      near.append(near.children.length ? ", " : "", link);
    }
    near.hidden = false;
  };

  const show = async () => {
    const q = fields[0].value.trim();
    const mine = ++turn;
    const found = q ? plain(q) : null;
    const fits = draw(found);
    if (!q) return;
    let hits = [];
    let close;
    try {
      const asked = { kinds: ["statement"], limit: 50 };
      hits = await window.dlSearch(q, asked);
      close = await window.dlSearch.near(q, asked);
      if (!hits.length) hits = close.hits;
    } catch { /* the index is not there */ }
    if (mine !== turn) return;
    const by = new Map(items.map((item) => [name(item), item]));
    const those = (some) => some.flatMap((hit) => by.get(hit.id) ?? []);
    const all = new Set([...found, ...those(hits.filter((hit) => hit.exact))]);
    const now = all.size > found.size ? draw(all) : fits;
    if (!now) suggest([...new Set([...those(hits), ...all])], close?.elsewhere);
  };

  const keep = () => {
    show();
    const query = new URLSearchParams(location.search);
    for (const field of fields) {
      if (field.value) query.set(field.name, field.value);
      else query.delete(field.name);
    }
    const { pathname, hash } = location;
    const said = `${query}`.replaceAll("%2C", ",");
    history.replaceState(null, "", `${pathname}?${said}${hash}`);
  };

  // A link to an entry that is hidden shows all of them again.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target || target.checkVisibility()) return;
    form.reset();
    keep();
    target.scrollIntoView();
  };

  const query = new URLSearchParams(location.search);
  for (const field of fields) {
    field.value = query.get(field.name) ?? "";
    if (field.selectedIndex < 0) field.selectedIndex = 0;
  }
  fold.open = wide.matches || [...fields].some((field) => field.value);
  fold.dataset.on = "";
  form.addEventListener("input", keep);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(keep));
  addEventListener("hashchange", reveal);
  show();
  reveal();
}
