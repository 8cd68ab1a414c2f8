// What the search loads when it begins: how words are folded, what is found,
// and how it is shown in the dialog and on the page of results.
{
  const one = (what, where = document) => where.querySelector(what);
  const dialog = one("#pst-search-dialog");
  const { load, base } = window.dlSearch;
  const kinds = {
    statement: "Statements", figure: "Figures", section: "Sections",
    exercise: "Exercises", function: "Functions", near: "Nearest", page: "All there is",
  };
  const weight = { statement: 1, figure: 0.7, section: 0.6, exercise: 0.55, function: 0.6 };

  // ---- words ---------------------------------------------------------------
  // Questions and texts are folded alike: case, accents, Greek letters, and
  // what British and American spelling write differently.
  const greek = Object.fromEntries(("α alpha β beta γ gamma δ delta ε epsilon ϵ epsilon ζ zeta "
    + "η eta θ theta ϑ theta ι iota κ kappa λ lambda μ mu ν nu ξ xi π pi ρ rho σ sigma ς sigma "
    + "τ tau υ upsilon φ phi ϕ phi χ chi ψ psi ω omega ∇ nabla ∂ partial")
    .split(" ").flatMap((word, k, all) => k % 2 ? [] : [[word, all[k + 1]]]));
  const names = new RegExp(`\\b(${Object.values(greek).join("|")})_?(?=\\d)`, "g");
  const stop = new Set(("a all also an and any are as at be because but by can could did do does "
    + "each every for from get has have here how i if in into is it its made make may me must my "
    + "not of on or our should so such than that the their them then there these they this those "
    + "to two use was we were what when where which who whose why will with would you your")
    .split(" "));
  const spelling = [
    [/is(e|ed|es|er|ers|ing|able|ation|ations)$/, "iz$1"], [/yse(|d|s|r)$/, "yze$1"],
    [/^(.{2,})our(|s|ed|ing|al|hood|hoods)$/, "$1or$2"], [/^(.{3,})tre(|s|d)$/, "$1ter$2"],
    [/ll(ed|ing|er)$/, "l$1"], [/ogue(|s)$/, "og$1"], [/^learnt$/, "learned"],
    [/ies$/, "y"], [/(s|x|z|ch|sh)es$/, "$1"], [/([^sui])s$/, "$1"],
    [/^(.{4,})e$/, "$1"],
  ];
  const fold = (text) => text.toLowerCase().normalize("NFKD")
    .replace(/[\u0300-\u036f\u20d7'’′]/g, "")
    .replace(/[łøæœß]/g, (c) => ({ ł: "l", ø: "o", æ: "ae", œ: "oe", ß: "ss" })[c])
    .replace(/[\u0370-\u03ff∇∂]/g, (c) => ` ${greek[c] ?? ""} `)
    .replace(names, "$1 ")
    .replace(/\.(?!\d)|(?<!\d)\./g, " ");
  const stem = (word) => word.length < 4 ? word
    : spelling.reduce((now, [from, to]) => now.replace(from, to), word);
  const words = (text) => fold(text).split(/[^\p{L}\p{N}.]+/u)
    .filter((word) => word && !stop.has(word)).map(stem);
  // A text also has its words with hyphens in one: mini-batch, minibatch.
  const told = (text) => {
    const joined = fold(text).match(/\p{L}+(?:-\p{L}+)+/gu) ?? [];
    return [...words(text), ...joined.map((word) => stem(word.replaceAll("-", "")))];
  };
  const key = (text) => words(text).join(" ");

  // ---- the index -----------------------------------------------------------
  let index;
  const begin = () => index ??= (async () => {
    const { data } = window.dlSearch;
    const hits = data.hits.map((row, place) => {
      const [kind, page, anchor = "", id = "", number = "", title = "", label = "", marks = "",
        says = "", aliases = [], other = "", wrong = ""] = row;
      const [doc, uri, chapter] = data.pages[page];
      const bare = title.replace(/\s*\([^)]*\)/g, "").replace(/^[\d.–]+( and [\d.]+)?\s+/, "");
      return {
        kind, id: id || anchor, number, title, label, marks, says, doc, chapter, place, anchor,
        url: base + uri + (anchor && `#${anchor}`),
        called: () => [new Set([title, bare, ...aliases].map(key)), words(bare)],
        fields: { number, title, alias: aliases.join(" , "), says, label, other, wrong, slug: id || anchor },
      };
    });
    const fields = Object.keys(hits[0].fields);
    const known = new Set(); // a word that stands in the book is no slip
    const engine = new window.MiniSearch({
      fields, idField: "place", tokenize: told, processTerm: (word) => (known.add(word), word),
      extractField: (hit, field) => field == "place" ? hit.place : hit.fields[field],
    });
    await engine.addAllAsync(hits, { chunkSize: 50 }); // a page that is read does not wait
    const elsewhere = new Map(); // what the sheet does not have
    for (const [terms, ids] of data.elsewhere) {
      const nearest = ids.map((name) => hits.find((hit) => hit.id == name)).filter(Boolean);
      for (const term of terms) elsewhere.set(key(term), nearest);
    }
    return { hits, engine, known, elsewhere, drawn: new Set(data.drawn) };
  })();

  // What is asked for by its number: "11.3.25", "def 12.1.1".
  const asked = /^(?:([a-z]+)\.?\s*|#\s*|§\s*)?(\d+(?:\.\d+)*)\.?$/i;
  const boost = { number: 8, title: 5, alias: 5, says: 1.2, label: 0.3, other: 0.5, wrong: 0.9, slug: 2 };
  const numbered = (hits, label, number) => {
    const kind = label?.toLowerCase() ?? "";
    const fits = (hit) => kind.length > 2
      && (hit.label || hit.kind).toLowerCase().startsWith(kind.replace("thm", "theorem"));
    const equal = hits.filter((hit) => hit.number == number);
    equal.sort((a, b) => fits(b) - fits(a));
    const below = hits.filter((hit) => hit.number.startsWith(`${number}.`));
    const begun = hits.filter((hit) => hit.number.startsWith(number));
    return [...new Set([...equal, ...below, ...begun])];
  };
  const search = async (query, { kinds, limit = 50 } = {}) => {
    const { hits, engine, known, elsewhere } = await begin();
    const wanted = (hit) => !kinds || kinds.includes(hit.kind);
    const [, label, number] = query.trim().match(asked) ?? [];
    let found = number ? numbered(hits, label, number).filter(wanted) : [];
    if (found.length) {
      const exact = found[0].number == number;
      return found.slice(0, limit).map((hit, k) => ({ ...hit, exact: exact && !k }));
    }
    const terms = words(query);
    const name = key(query);
    if (!terms.length) return [];
    const scored = engine.search(query, {
      tokenize: words, processTerm: (word) => word, boost,
      fuzzy: (term) => /^\p{L}{4,}$/u.test(term) && !known.has(term)
        && !elsewhere.has(name) && 0.25,
      prefix: (term, k) => term.length > (k == terms.length - 1 ? 1 : 2),
      weights: { fuzzy: 0.3, prefix: 0.5 }, bm25: { k: 1.2, b: 0.6, d: 0.5 },
      filter: ({ id }) => wanted(hits[id]),
    });
    found = scored.map(({ id, score, queryTerms, match }) => {
      const hit = hits[id];
      const [names, title] = hit.known ??= hit.called();
      const called = title.filter((word) => match[word]?.includes("title")).length;
      const exact = names.has(name);
      const covered = new Set(queryTerms).size / new Set(terms).size;
      const near = 1 + called / (title.length || 1);
      const much = weight[hit.kind] * (hit.kind == "statement" && !hit.number ? 0.8 : 1);
      const total = much * (score * covered ** 3 * near + (exact && 1e4));
      const named = covered == 1 && hit.kind == "statement" && queryTerms
        .every((term) => match[term]?.some((field) => field == "title" || field == "alias"));
      return { ...hit, exact, named, total };
    });
    // What is called by the words is read before what is not yet written.
    const least = Math.min(...found.filter((hit) => hit.named && hit.marks != "…")
      .map((hit) => hit.total));
    for (const hit of found) {
      if (hit.marks != "…" || hit.total < least) continue;
      hit.exact = false;
      hit.total = least * (1 - 1 / (2 + hit.total));
    }
    found.sort((a, b) => b.total - a.total || a.place - b.place);
    return found.slice(0, limit);
  };

  // What comes nearest to what is not in the book: by hand, else by letters.
  const neighbours = async (query, { kinds, limit = 5 } = {}) => {
    const { hits, engine, elsewhere } = await begin();
    const wanted = (hit) => !kinds || kinds.includes(hit.kind);
    const by = elsewhere.get(key(query));
    if (by) return { elsewhere: true, hits: by.filter(wanted) };
    const terms = words(query).filter((word) => /^\p{L}{4,}$/u.test(word));
    const most = Math.max(0, ...terms.map((word) => word.length));
    const ask = (some, fuzzy) => engine.search(some.join(" "), {
      tokenize: (text) => text.split(" "), processTerm: (word) => word, prefix: true, fuzzy,
      fields: ["title", "alias"], filter: ({ id }) => wanted(hits[id]),
    });
    let found = terms.length ? ask(terms, 0.35) : [];
    for (let n = most - 1; !found.length && n >= Math.max(4, 0.4 * most); n--) {
      found = ask(terms.filter((word) => word.length > n).map((word) => word.slice(0, n)), false);
    }
    const written = (hit) => hit.marks != "…";
    const list = found.slice(0, 2 * limit).map(({ id }) => hits[id]);
    list.sort((a, b) => written(b) - written(a));
    return { elsewhere: false, hits: list.slice(0, limit) };
  };
  Object.assign(window.dlSearch, { found: search, near: neighbours });

  // All that there is to show: what is found; where it is nothing, or not on
  // the sheet, what comes nearest, and the pages that list everything.
  const answer = async (query) => {
    const hits = await search(query);
    if (!query.trim()) return { hits, told: "", groups: new Map() };
    const close = await neighbours(query);
    const groups = new Map();
    const nearest = close.elsewhere || !hits.length ? close.hits : [];
    if (nearest.length) groups.set("near", nearest);
    const ids = new Set(nearest.map((hit) => hit.id));
    const others = hits.filter((hit) => !ids.has(hit.id));
    for (const hit of others) groups.set(hit.kind, [...groups.get(hit.kind) ?? [], hit]);
    if (!hits.length) {
      groups.set("page", [
        ["cheatsheet", "The verified cheat sheet", "All statements, section by section"],
        ["genindex", "Index", "All terms from A to Z"],
      ].map(([name, title, says]) => ({
        kind: "page", title, says, url: `${base}${name}.html`, label: "", marks: "", chapter: "",
      })));
    }
    const asked = `“${query.trim()}”`;
    const count = others.length == 1 ? "1 result" : `${others.length} results`;
    const not = `${asked} is not on the sheet`;
    let told = count;
    if (close.elsewhere) told = others.length ? `${not}; ${count} and what is nearest` : `${not}. Nearest:`;
    else if (!hits.length) told = `Nothing is found for ${asked}.${nearest.length ? " Nearest:" : ""}`;
    return { hits, told, groups };
  };

  // ---- statements with their mathematics -----------------------------------
  // `_static/previews/<page>.js` hands them to dlPreviews; others listen, too.
  const drawn = {}; // by page, the statements by anchor
  const asking = {};
  const listen = () => {
    if (window.dlPreviews?.heard) return;
    const before = window.dlPreviews;
    window.dlPreviews = (doc, found) => {
      drawn[doc] = found;
      before?.(doc, found);
    };
    window.dlPreviews.heard = true;
  };
  const preview = async (hit) => {
    const { doc } = hit;
    if (!(await begin()).drawn.has(doc)) return undefined;
    listen();
    asking[doc] ??= load(`${base}_static/previews/${doc.replaceAll("/", "-")}.js`);
    await asking[doc].catch(() => {});
    return drawn[doc]?.[hit.anchor];
  };

  // ---- what a hit looks like -----------------------------------------------
  const make = (tag, classes, ...inside) => {
    const node = document.createElement(tag);
    if (classes) node.className = classes;
    node.append(...inside);
    return node;
  };
  const signs = {
    "✓": ["dl-checked", "✓ checked"], "✗": ["dl-refuted", "✗ refuted as printed"],
    s: ["dl-refuted", "✗ refuted as scanned"], "…": ["dl-none", "not yet written"],
  };
  const head = (hit) => {
    const label = hit.kind == "section" ? "Section" : hit.label;
    const title = make("span", "dl-name");
    if (hit.number && hit.kind != "section") title.append(make("b", "", hit.number), " ");
    title.append(hit.title);
    const marks = [...hit.marks].flatMap((sign) => {
      const [kind, said] = signs[sign];
      return [" ", make("span", `dl-mark ${kind}`, said)];
    });
    return [title, " ", make("span", "dl-kind", label), ...marks];
  };
  const place = (hit) => make("span", "dl-place", hit.chapter);
  const start = (text) => text.length < 220 ? text : text.slice(0, 200).replace(/\s\S*$/, " …");
  // The words around what was asked for, where a text is long.
  const snippet = (hit, query) => {
    const text = hit.says;
    if (text.length < 220) return text;
    const wanted = new Set(words(query));
    if (words(hit.title).some((word) => wanted.has(word))) return start(text);
    const found = [...text.matchAll(/[\p{L}\p{N}]+/gu)]
      .find((match) => wanted.has(words(match[0])[0]))?.index ?? 0;
    const from = found < 120 ? 0 : text.indexOf(" ", found - 60) + 1;
    return (from ? "… " : "") + start(text.slice(from));
  };
  // What scrolls sideways is a stop of the keyboard.
  const fits = new ResizeObserver((changes) => {
    for (const { target } of changes) {
      if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  // The statement itself, where it is at hand, in place of its plain words.
  const draw = async (hit, node, bare) => {
    const found = await preview(hit);
    if (!found) return;
    const inside = new DOMParser().parseFromString(found, "text/html").body;
    one(".dl-preview-title", inside)?.remove(); // it stands above already
    const first = inside.firstElementChild;
    if (first?.matches(".dl-entry")) first.remove();
    for (const part of inside.querySelectorAll("[id]")) part.removeAttribute("id");
    for (const image of inside.querySelectorAll("img")) {
      image.src = base + image.getAttribute("src");
    }
    for (const part of bare ? inside.querySelectorAll("a, [tabindex]") : []) {
      if (part.matches("a")) part.replaceWith(...part.childNodes);
      else part.removeAttribute("tabindex");
    }
    node.replaceChildren(...inside.childNodes);
    node.classList.add("dl-drawn");
    if (!bare) for (const box of node.querySelectorAll(".dl-display")) fits.observe(box);
  };

  const near = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      target.dlNear();
    }
  }, { rootMargin: "100%" });
  const later = (node, act) => {
    node.dlNear = act;
    near.observe(node);
  };

  // ---- the page of results -------------------------------------------------
  const page = one("#dl-results");
  let last = 0; // an answer that comes late is dropped
  if (page) {
    const form = one("form.dl-search", page.parentNode);
    const field = one("input", form);
    const told = one(".dl-told", page.parentNode);
    const list = async () => {
      const turn = ++last;
      const query = field.value;
      const address = new URL(location.href);
      address.searchParams[query.trim() ? "set" : "delete"]("q", query.trim());
      history.replaceState(null, "", address);
      const found = await answer(query);
      if (turn != last) return;
      told.textContent = found.told;
      page.replaceChildren(...[...found.groups].map(([kind, members]) => {
        const group = make("section", "", make("h2", "", kinds[kind]));
        group.append(make("ol", "", ...members.map((hit) => {
          const [title, ...rest] = head(hit);
          const link = make("a", "", title);
          link.href = hit.url;
          const text = make("div", "dl-says", snippet(hit, query));
          later(text, () => draw(hit, text));
          return make("li", "", make("p", "dl-line", link, ...rest, " ", place(hit)), text);
        })));
        return group;
      }));
    };
    field.value ||= new URL(location.href).searchParams.get("q") ?? "";
    field.addEventListener("input", list);
    form.addEventListener("submit", (event) => { event.preventDefault(); list(); });
    if (field.value) list();
  }

  // ---- the dialog ----------------------------------------------------------
  if (dialog) {
    const field = one("input", dialog);
    const told = one(".dl-told", dialog);
    const box = one("#dl-found");
    const most = { statement: 6, figure: 2, section: 3, exercise: 2, function: 2, near: 5, page: 2 };
    let turn = 0;
    const options = () => [...box.querySelectorAll("[role=option]")];
    const active = () => one("[aria-selected=true]", box);
    const choose = (option) => {
      active()?.setAttribute("aria-selected", "false");
      if (!option) {
        field.removeAttribute("aria-activedescendant");
        return;
      }
      option.setAttribute("aria-selected", "true");
      option.dlDraw();
      field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    };
    const fill = async () => {
      const mine = ++turn;
      const query = field.value;
      const { hits, told: said, groups: found } = await answer(query);
      if (mine != turn) return;
      const groups = [...found];
      let number = 0;
      box.replaceChildren(...groups.map(([kind, members]) => {
        const title = make("div", "dl-group", kinds[kind]);
        title.id = `dl-group-${kind}`;
        const group = make("div", "", title, ...members.slice(0, most[kind]).map((hit) => {
          const text = make("span", "dl-says", snippet(hit, query));
          const line = make("span", "dl-line", ...head(hit), " ", place(hit));
          const option = make("a", "dl-option", line, text);
          Object.assign(option, { href: hit.url, id: `dl-option-${number++}`, tabIndex: -1 });
          option.setAttribute("role", "option");
          option.setAttribute("aria-selected", "false");
          text.setAttribute("aria-hidden", "true"); // one hears the name alone
          option.dlDraw = () => draw(hit, text, true);
          if (number <= 3) option.dlDraw();
          return option;
        }));
        group.setAttribute("role", "group");
        group.setAttribute("aria-labelledby", title.id);
        return group;
      }));
      told.textContent = said;
      field.setAttribute("aria-expanded", String(groups.length > 0));
      choose(hits[0]?.exact ? options()[0] : null);
    };
    field.addEventListener("input", fill);
    field.addEventListener("keydown", (event) => {
      const all = options();
      const now = all.indexOf(active());
      const go = { ArrowDown: now + 1, ArrowUp: now < 0 ? all.length - 1 : now - 1 }[event.key];
      if (go !== undefined && all.length) {
        event.preventDefault();
        choose(all[go]); // beyond the ends: the field alone
      } else if (event.key == "Enter" && now >= 0) {
        event.preventDefault();
        all[now].click();
      }
    });
    if (field.value) fill(); // typed while this was loaded
    box.addEventListener("click", (event) => {
      if (event.target.closest("a[href]")) dialog.close();
    });
  }
}
