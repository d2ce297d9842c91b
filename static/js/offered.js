// What the page offers now to this person: its buttons, forms that open, links, and places in the navigation, by their
// names. The palette lists these and presses the very same elements, so that it never offers more than the page does.
(() => {
  "use strict";
  const horseshoe = (window.horseshoe ||= {});
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const PRESSABLE = "button, summary, a.btn, a[data-key], a[data-press], #case a[href], #list-pane .narrowing a[href]";
  // Text of customers, rows of lists, what only moves about on the page, and the palette itself.
  const LEFT_OUT = "dialog, #palette, .row, .skip, .close, .to-playbook, .canned, .visually-hidden, [data-palette-open]";
  const FIELD = "select, textarea, input:not([type=hidden], [type=checkbox], [type=radio], [type=submit], [type=button])";

  // The name by which an element is announced, without the cap of its key.
  function nameOf(element) {
    const label = element.getAttribute("aria-label");
    if (label) return label;
    const copy = element.cloneNode(true);
    for (const part of $$("kbd, [aria-hidden=true], svg, .n", copy)) part.remove();
    return copy.textContent.replace(/\s+/g, " ").trim() || element.title || "";
  }

  const capOf = (element) => $("kbd", element)?.textContent.trim() || (element.dataset.key ?? "").toUpperCase();
  const closedAround = (element) => {
    const closed = [];
    for (let at = element.parentElement?.closest("details"); at; at = at.parentElement.closest("details")) {
      if (!at.open && element !== $(":scope > summary", at)) closed.unshift(at);
    }
    return closed;
  };

  // Offered: to be seen, or to be seen as soon as the menus around it are open.
  function isOffered(element) {
    if (!element.isConnected || element.disabled || element.hidden || element.closest("[hidden]")) return false;
    const [outer] = closedAround(element);
    return ($(":scope > summary", outer ?? document.createElement("i")) ?? element).checkVisibility({ visibilityProperty: true });
  }

  // Where it is: the menus that it is in, the card or the row, the part of the page.
  function whereOf(element) {
    const menus = [];
    for (let at = element.parentElement?.closest("details"); at; at = at.parentElement.closest("details")) {
      const summary = $(":scope > summary", at);
      if (summary && summary !== element) menus.unshift(nameOf(summary));
    }
    const card = element.closest("section.card, .msg.pending, tr, #bulk, #case, #list-pane, #rail");
    return { menus, part: card ? partOf(card) : nameOf($("h1") ?? document.body).slice(0, 60) };
  }

  function partOf(card) {
    if (card.id === "bulk") return nameOf($("[data-selected]", card)) || "Selected cases";
    if (card.id === "case") return `Case ${card.dataset.case ?? ""}`.trim();
    if (card.id === "list-pane") return "List";
    if (card.id === "rail") return "You";
    return nameOf($("h3, td, th, .said, header b", card) ?? card).slice(0, 60);
  }

  function placeOf(element) {
    if (element.closest("#bulk")) return 0;
    return element.closest("#case") ? 1 : element.closest("#list-pane") ? 2 : element.closest("#rail") ? 4 : 3;
  }

  const hasSelection = () => Boolean($("#bulk.on"));

  function act(element) {
    const { menus, part } = whereOf(element);
    const name = [...menus, nameOf(element)].filter(Boolean).join(" › ");
    const key = element.dataset.key ?? element.dataset.bulkKey ?? element.dataset.press;
    const isShadowed = hasSelection() && !element.closest("#bulk") && $(`#bulk [data-bulk-key="${CSS.escape(key ?? "")}"]`);
    const address = element.form?.getAttribute("action") ?? element.getAttribute("href") ?? "";
    return { kind: "act", id: `act:${name}`, name, about: part, isNested: menus.length > 0, cap: isShadowed ? "" : capOf(element), order: placeOf(element), element, address, key };
  }

  // Fields carry keys, too: the box for an answer, the search.
  function listFields() {
    return $$("input[data-key], textarea[data-key]").filter(isOffered).map((field) => {
      const label = field.labels?.[0];
      const made = act(field);
      const name = nameOf(label ?? field) || field.placeholder;
      return { ...made, name, id: `act:${name}`, cap: made.key.toUpperCase() };
    });
  }

  function listActs() {
    const buttons = $$(`#content :is(${PRESSABLE}), #rail button, #messages button`).filter(
      (element) => !element.closest(LEFT_OUT) && !element.closest("#thread a.btn[hidden]") && (!element.matches("a") || !element.closest("#thread") || element.matches(".btn")) && isOffered(element),
    );
    const acts = buttons.filter((element) => !element.closest("#bulk") || hasSelection()).map(act).filter(({ name }) => name);
    return [...listFields(), ...acts].sort((a, b) => a.order - b.order);
  }

  // Keys that no button carries: to the next case, to select, to the list of keys.
  function listLone() {
    const hasRows = Boolean($("#case-list .row, #notice-list .row"));
    return $$("#keys [data-lone]").filter(({ dataset }) => dataset.name === "keys" || hasRows).map(({ dataset, textContent, previousElementSibling }) => ({
      kind: "act", id: `key:${dataset.name}`, name: textContent.trim(), about: "Keys", cap: previousElementSibling.textContent.trim(), order: 3, key: dataset.keyOf,
    }));
  }

  function listPlaces() {
    return $$("#rail .lists a[href], #rail .bell, #rail .person").map((link) => ({
      kind: "place", id: `place:${link.getAttribute("href")}`, name: nameOf(link).replace(/ \d[\d,]*$/, ""), href: link.getAttribute("href"),
      about: nameOf($("h2", link.closest(".lists > div") ?? document.createElement("i")) ?? link).slice(0, 40), cap: link.dataset.go ? `G ${link.dataset.go.toUpperCase()}` : "",
    }));
  }

  function listRows() {
    return $$("#case-list .row .who").map((link) => ({
      kind: "case", id: `case:${link.closest(".row").dataset.case}`, name: nameOf($("bdi", link) ?? link), href: link.getAttribute("href"), element: link,
      about: $(".row .text", link.closest(".case-list"))?.isConnected ? link.closest(".row").querySelector(".text")?.textContent.trim().slice(0, 100) : "",
    }));
  }

  const list = () => [...listActs(), ...listLone(), ...listPlaces(), ...listRows()];

  // The same act as the page has it now: while the palette was open, it may have been shown anew, or be gone.
  function findAgain(item) {
    if (item.element && isOffered(item.element)) return item.element;
    return [...listFields(), ...listActs()].find((one) => one.name === item.name && one.address === item.address)?.element ?? null;
  }

  function mustBeFilled(form, wasClosed) {
    const fields = $$(FIELD, form).filter((field) => !field.disabled && !field.closest("[hidden]"));
    if (!fields.length) return null;
    const wanting = fields.find((field) => !field.checkValidity());
    return wanting ?? fields.find((field) => field.matches("select")) ?? (wasClosed ? fields.find((field) => field.matches("[data-first]")) ?? fields[0] : null);
  }

  // Press it as the person would: open what it is in; who still has to say something gets the field for it.
  function press(element) {
    const closed = closedAround(element);
    for (const details of closed) details.open = true;
    element.scrollIntoView({ block: "nearest" });
    if (element.matches("input, textarea")) {
      element.focus();
      return;
    }
    if (element.matches("summary")) {
      const details = element.parentElement;
      details.open = true;
      (details.querySelector(`[data-first], ${FIELD}`) ?? element).focus();
      return;
    }
    const isChoice = element.matches("[name=preset], [name=for], [name=send_at][value]:not([value=chosen]), [name=act]");
    const field = element.form && !isChoice && !element.formNoValidate ? mustBeFilled(element.form, closed.length > 0) : null;
    // What asks before it does something still asks.
    if (closed.some((details) => details.matches(".confirm"))) element.focus();
    else if (field && field.id !== "answer") field.focus();
    else element.click();
  }

  horseshoe.offered = { findAgain, list, listActs, press };
})();
