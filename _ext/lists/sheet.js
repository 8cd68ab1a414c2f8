// Filters the entries of the sheet; the address holds what is chosen.
{
  const form = document.querySelector(".dl-filter");
  const items = [...document.querySelectorAll(".dl-item")];
  const fields = form.querySelectorAll("[name]");
  let texts;

  const show = () => {
    const [q, section, kind, status] = [...fields].map((f) => f.value);
    const words = q.toLowerCase().trim().split(/\s+/);
    if (q) texts ??= items.map((item) => item.textContent.toLowerCase());
    let count = 0;
    items.forEach((item, k) => {
      const data = item.dataset;
      const fits =
        (!section || data.section === section) &&
        (!kind || data.kind === kind) &&
        (!status || data.status.split(" ").includes(status)) &&
        (!q || words.every((word) => texts[k].includes(word)));
      item.hidden = !fits;
      count += fits;
    });
    const said = `${count} of ${items.length} entries`;
    form.querySelector("output").value = said;
  };

  const keep = () => {
    show();
    const query = new URLSearchParams(new FormData(form));
    for (const field of fields) if (!field.value) query.delete(field.name);
    const { pathname, hash } = location;
    history.replaceState(null, "", `${pathname}?${query}${hash}`);
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
  form.addEventListener("input", keep);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(keep));
  addEventListener("hashchange", reveal);
  show();
  reveal();
}
