// What pages do beyond being read: colours, side bars, copying.
{
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const one = (what) => document.querySelector(what);
  const root = document.documentElement;

  // Colours: light, dark, or as the system; kept for the next page.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const names = { auto: "as the system", light: "light", dark: "dark" };
  const paint = (mode) => {
    root.dataset.mode = mode;
    root.dataset.theme = mode == "auto" ? (dark.matches ? "dark" : "light") : mode;
    for (const button of all(".theme-switch-button")) {
      button.title = `Colours: ${names[mode]}`;
      button.setAttribute("aria-label", button.title);
    }
  };
  paint(root.dataset.mode in names ? root.dataset.mode : "auto");
  dark.addEventListener("change", () => paint(root.dataset.mode));
  for (const button of all(".theme-switch-button")) {
    button.addEventListener("click", () => {
      const modes = Object.keys(names);
      const mode = modes[(modes.indexOf(root.dataset.mode) + 1) % 3];
      paint(mode);
      try { localStorage.setItem("mode", mode); } catch { /* forbidden */ }
    });
  }

  // A dialog closes at a click beside it.
  for (const dialog of all("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target == dialog) dialog.close();
    });
  }

  // Side bars: beside the text where there is room, else in a dialog.
  const bar = (button, side, dialog, wide) => {
    if (!button || !side || !dialog) return;
    const move = (from, to) => {
      to.append(...from.childNodes);
      to.className = from.className;
      from.className = "";
    };
    button.addEventListener("click", () => {
      if (matchMedia(wide).matches) {
        side.classList.toggle("pst-sidebar-hidden");
      } else {
        move(side, dialog);
        dialog.showModal();
      }
    });
    dialog.addEventListener("close", () => move(dialog, side));
    dialog.addEventListener("click", (event) => {
      if (event.target.closest("a[href]")) dialog.close();
    });
    matchMedia(wide).addEventListener("change", () => dialog.close());
  };
  bar(one(".primary-toggle"), one("#pst-primary-sidebar"),
    one("#pst-primary-sidebar-modal"), "(min-width: 992px)");
  bar(one(".secondary-toggle"), one("#pst-secondary-sidebar"),
    one("#pst-secondary-sidebar-modal"), "(min-width: 1200px)");

  // A menu closes with Escape and when something else is used.
  for (const menu of all("details.dl-menu")) {
    const close = (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    };
    addEventListener("click", close);
    addEventListener("focusin", close);
    menu.addEventListener("keydown", (event) => {
      if (event.key != "Escape") return;
      menu.open = false;
      menu.firstElementChild.focus();
    });
  }

  // What an address points to; one that no page made points to nothing.
  const target = (hash) => {
    try {
      return document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return null;
    }
  };

  // The table of contents shows the section that is being read.
  const entries = new Map();
  for (const link of all("#pst-page-toc-nav a")) {
    const section = target(link.hash);
    if (section) entries.set(section, link);
  }
  const seen = new Set();
  const spy = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      seen[isIntersecting ? "add" : "delete"](target);
    }
    const now = [...entries.keys()].filter((section) => seen.has(section)).pop();
    for (const [section, link] of entries) {
      link.classList.toggle("active", section == now);
      if (section == now) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const item of all("#pst-page-toc-nav li")) {
      item.classList.toggle("active", item.contains(entries.get(now) ?? null));
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const section of entries.keys()) spy.observe(section);

  // A link into the page: lay out all that is above its target at last.
  const arrive = () => {
    if (!location.hash) return;
    root.classList.remove("dl-lazy");
    const aim = target(location.hash);
    for (let fold = aim?.closest("details"); fold; fold = fold.parentNode.closest("details")) {
      fold.open = true;
    }
    aim?.scrollIntoView();
  };
  addEventListener("hashchange", arrive);
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (link && link.href == location.href) arrive(); // no change of the hash
  });
  arrive();

  // What scrolls sideways is a stop of the keyboard, what does not is none.
  const fits = new ResizeObserver((changes) => {
    for (const { target } of changes) {
      if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
      else if (target != document.activeElement) target.removeAttribute("tabindex");
    }
  });
  const near = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      if (isIntersecting) fits.observe(target);
      else {
        fits.unobserve(target);
        target.tabIndex = 0; // the window may change before it is near again
      }
    }
  }, { rootMargin: "50%" });
  for (const box of all("[tabindex='0']:is(pre, div)", one("article") ?? root)) {
    near.observe(box);
  }

  // One button copies the code that it stands on.
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = "dl-copy";
  copy.textContent = "Copy";
  const told = document.createElement("span");
  told.className = "dl-hidden";
  told.setAttribute("role", "status");
  const offer = (event) => {
    const block = event.target.closest?.(".cell_input div.highlight, article > section > div[class*=highlight-] div.highlight, section > div[class*=highlight-] > div.highlight");
    if (!block || copy.parentNode == block) return;
    block.append(copy, told);
    copy.textContent = "Copy";
    told.textContent = "";
  };
  copy.addEventListener("click", async () => {
    const text = copy.parentNode.querySelector("pre").textContent;
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = told.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(copy.parentNode.querySelector("pre"));
      copy.textContent = told.textContent = "Selected";
    }
  });
  addEventListener("pointerover", offer);
  addEventListener("focusin", offer);

  // Paper shows what was never in view: its fonts are there before,
  // when a hand is on the way to print, and not with the page.
  const signs = ["beforeprint", "keydown", "pointermove", "pointerdown", "scroll"];
  const fetched = () => {
    for (const sign of signs) removeEventListener(sign, fetched);
    const faces = [...document.fonts].filter(({ family }) => family.includes("KaTeX"));
    let rules = [];
    try {
      rules = [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules]);
    } catch { // a page without a server may not look; all fonts are at hand
      for (const face of faces) face.load();
    }
    for (const { style, selectorText } of rules) {
      if (!style?.fontFamily.includes("KaTeX") || !one(selectorText)) continue;
      const { fontStyle, fontWeight, fontFamily } = style;
      document.fonts.load(`${fontStyle} ${fontWeight} 1em ${fontFamily}`);
    }
  };
  for (const sign of signs) addEventListener(sign, fetched, { passive: true });

  // Paper has no folds; it leaves out what the layer leaves out.
  addEventListener("beforeprint", () => {
    const short = root.dataset.layer && root.dataset.layer != "everything";
    const kept = short ? ":not(.hide, .dl-lines, .solution, .dl-experiments)" : "";
    for (const fold of all(`article details:not([open])${kept}`)) {
      fold.open = true;
      addEventListener("afterprint", () => { fold.open = false; }, { once: true });
    }
  });
}
