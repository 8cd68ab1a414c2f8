// How much of a chapter is shown: statements, derivations, everything.
{
  const root = document.documentElement;
  const radios = [...document.querySelectorAll(".dl-layers input")];
  const folds = () => document.querySelectorAll("article details:not([open])");
  let opened = [];

  const paint = (layer) => {
    root.dataset.layer = layer;
    for (const radio of radios) radio.checked = radio.value == layer;
    for (const fold of opened) fold.open = false;
    opened = layer == "everything" ? [...folds()] : [];
    for (const fold of opened) fold.open = true;
  };
  for (const radio of radios) {
    radio.addEventListener("change", () => {
      paint(radio.value);
      try { localStorage.setItem("layer", radio.value); } catch { /* forbidden */ }
    });
  }

  // A link to what is hidden shows it; one to a check shows its code.
  const arrive = () => {
    let aim = null;
    try {
      aim = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch { /* no page made this address */ }
    if (!aim) return;
    if (!aim.checkVisibility()) paint("derivations");
    const cell = aim.id.startsWith("check-") && aim.closest(".cell");
    if (!cell) return;
    for (const fold of cell.querySelectorAll("details")) fold.open = true;
    aim.scrollIntoView();
  };
  if (radios.length) {
    paint(root.dataset.layer ?? "derivations");
    addEventListener("hashchange", arrive);
    addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (link && link.href == location.href) arrive();
    });
    arrive();
  }
}
