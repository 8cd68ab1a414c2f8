// Previews: what a link leads to, in a card beside it, before one goes there.
// A pointer that rests on a link, the keyboard's focus, or a tap shows it.
const article = document.querySelector("article.bd-article");
if (article && "popover" in HTMLElement.prototype) {
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const patience = 300; // milliseconds before a card comes, and before it goes
  const seen = {}; // by page, what its links show
  const asked = {};
  window.dlPreviews = (page, cards) => { seen[page] = cards; };

  const card = document.createElement("div");
  card.id = "dl-preview";
  card.className = "dl-preview";
  card.popover = "auto";
  card.setAttribute("role", "group");
  card.setAttribute("aria-label", "Preview");
  const text = document.createElement("div");
  text.className = "dl-preview-text";
  const open = document.createElement("a");
  open.className = "dl-preview-open";
  card.append(text, open);

  // The page and the anchor of a link; headings and cells have no card.
  const aim = (link) => {
    const [page, anchor] = link.href.split("#");
    if (!anchor || !page.startsWith(root.href) || link.closest(".headerlink, .dl-preview, nav")) return null;
    const name = page.slice(root.href.length).replace(/(^|\/)$/, "$1index.html");
    if (!name.endsWith(".html") || /^(check|cell)-/.test(anchor)) return null;
    try {
      return [decodeURI(name.slice(0, -5)), decodeURIComponent(anchor)];
    } catch {
      return null;
    }
  };
  const fetched = (page) => asked[page] ??= new Promise((done) => {
    const script = document.createElement("script");
    script.onload = script.onerror = done;
    script.src = `${root.href}_static/previews/${page.replaceAll("/", "-")}.js`;
    if (seen[page]) done();
    else document.head.append(script);
  });

  let current; // the link whose card is to be seen, or is on its way
  let timer;
  const hide = () => { if (card.matches(":popover-open")) card.hidePopover(); };
  const show = async (link, touched) => {
    const [page, anchor] = aim(link);
    await fetched(page);
    const html = seen[page]?.[anchor];
    if (current != link) return true;
    if (!html || !link.isConnected) return false;
    const inside = new DOMParser().parseFromString(html, "text/html").body;
    for (const image of inside.querySelectorAll("img")) {
      image.src = root.href + image.getAttribute("src");
    }
    hide();
    current = link;
    if (!card.isConnected) article.append(card);
    text.replaceChildren(...inside.childNodes);
    text.removeAttribute("tabindex");
    open.href = link.href;
    open.textContent = `Open ${link.textContent}`;
    open.hidden = !touched;
    link.removeAttribute("title"); // a second, smaller card
    link.setAttribute("aria-details", card.id);
    const { top, bottom } = link.getBoundingClientRect();
    card.dataset.side = top + bottom > innerHeight ? "above" : "below";
    card.showPopover({ source: link });
    text.scrollTop = text.scrollLeft = 0;
    if (text.scrollHeight > text.clientHeight + 1 || text.scrollWidth > text.clientWidth + 1) {
      text.tabIndex = 0;
    }
    return true;
  };
  card.addEventListener("beforetoggle", ({ newState }) => {
    if (newState == "open") return;
    current?.removeAttribute("aria-details");
    current = null;
  });

  const begin = (link, wait) => {
    clearTimeout(timer);
    if (link == current) return;
    timer = setTimeout(() => {
      hide();
      current = link;
      show(link);
    }, wait);
  };
  const end = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (card.matches(":hover, :focus-within")) return;
      if (current?.matches(":hover, :focus-visible")) return;
      hide();
      current = null;
    }, patience);
  };
  const linked = (event) => {
    const link = event.target.closest?.("a[href*='#']");
    return link && aim(link) ? link : null;
  };

  article.addEventListener("pointerover", (event) => {
    if (event.pointerType == "touch") return;
    const link = linked(event);
    if (link) begin(link, patience);
    else if (card.contains(event.target)) clearTimeout(timer);
  });
  article.addEventListener("pointerout", (event) => {
    if (event.pointerType != "touch" && (linked(event) || card.contains(event.target))) end();
  });
  article.addEventListener("focusin", (event) => {
    const link = linked(event);
    if (link?.matches(":focus-visible")) begin(link, patience);
  });
  article.addEventListener("focusout", end);

  // A finger shows the card first; it holds a link, and a second tap opens.
  let pressed = "";
  addEventListener("pointerdown", (event) => { pressed = event.pointerType; }, true);
  let tapped;
  article.addEventListener("click", async (event) => {
    const link = linked(event);
    clearTimeout(timer);
    if (event.target == open || (link && (pressed != "touch" || link == tapped))) {
      tapped = null;
      hide();
      return;
    }
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    current = tapped = link;
    if (!await show(link, true)) location.href = link.href;
  });
}
