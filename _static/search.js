// The search begins: Ctrl-K or a button opens its field. What it needs is
// loaded then (`find.js`, MiniSearch, the index), so that no page waits for it.
{
  const one = (what, where = document) => where.querySelector(what);
  const dialog = one("#pst-search-dialog");
  const page = one("main form.dl-search input");
  const base = document.documentElement.dataset.content_root ?? "./";
  const load = (src) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  let code;
  const begin = () => code ??= (async () => {
    const { engine, index, find } = dialog.dataset;
    await Promise.all([engine, index].map((name) => load(`${base}_static/${name}`)));
    await load(find);
  })();
  window.dlIndex = (data) => { window.dlSearch.data = data; };
  // dlSearch(query, {kinds, limit}) gives a promise of the hits, the best one first.
  window.dlSearch = async (...asked) => {
    await begin();
    return window.dlSearch.found(...asked);
  };
  Object.assign(window.dlSearch, { load, base });

  if (dialog) {
    const field = one("input", dialog);
    field.addEventListener("focus", begin);
    one(".dl-close", dialog).addEventListener("click", () => dialog.close());
    const open = () => {
      if (page) {
        page.focus();
        page.select();
      } else if (dialog.open) dialog.close();
      else {
        dialog.showModal();
        field.focus();
        field.select();
      }
    };
    for (const button of document.querySelectorAll(".search-button__button")) {
      button.addEventListener("click", open);
    }
    addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() != "k" || event.shiftKey || event.altKey) return;
      if (event.ctrlKey == event.metaKey) return;
      event.preventDefault();
      open();
    });
  }
  if (page) {
    page.focus();
    begin();
  }
}
