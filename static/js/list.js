// The list of cases. It holds still under a pointer or a focus and while somebody is at work: what is newer waits behind a
// line. J and K open the next and the previous case, so that the open case and the marked row are one.
(() => {
  "use strict";
  const PAGE_SIZE = 50;
  // Somebody who aims at a row moves, presses or scrolls just before: the list moves only when all that has been over for so long.
  const QUIET = 3000;
  const PARTS = [".who bdi", ".marks", ".text", ".meta"];
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const horseshoe = (window.horseshoe ||= {});

  function announce(words) {
    const region = $("#announce");
    if (region) region.textContent = words;
  }

  let activeAt = -Infinity;
  for (const sign of ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"]) {
    document.addEventListener(sign, () => {
      activeAt = performance.now();
    }, { capture: true, passive: true });
  }

  function isHeld(list) {
    if (!$(".row", list)) return false;
    const isPointedAt = matchMedia("(hover: hover)").matches && list.matches(":hover");
    const isScrolled = list.scrollTop > 0 || (matchMedia("(max-width: 48rem)").matches && scrollY > 0);
    const isLong = $$(".row", list).length > PAGE_SIZE;
    // What is selected stays in sight.
    if ($(".pick input:checked", list)) return true;
    return isPointedAt || isScrolled || isLong || list.contains(document.activeElement) || performance.now() - activeAt < QUIET;
  }

  // The list as the server has it now, for as long as it waits; and the cases in it that are new or have changed.
  let waiting = null;
  const newer = new Set();

  function forget() {
    waiting = null;
    newer.clear();
  }

  const rowsById = (list) => new Map($$(".row", list).map((row) => [row.dataset.case, row]));
  const timeOf = (row) => $(".when", row)?.getAttribute("datetime") || "";

  // What changed in a row is shown in its place, unless the rows below would move with it.
  function updateRow(row, fresh) {
    const height = row.offsetHeight;
    const undo = [];
    for (const part of PARTS) {
      const [here, there] = [$(part, row), $(part, fresh)];
      if (!here || !there || here.innerHTML === there.innerHTML) continue;
      const before = [...here.childNodes];
      here.replaceChildren(...[...there.childNodes].map((node) => document.importNode(node, true)));
      undo.push(() => here.replaceChildren(...before));
    }
    row.classList.toggle("fresh", fresh.classList.contains("fresh"));
    if (undo.length && row.offsetHeight !== height) for (const put of undo) put();
  }

  // A row that the server lists no longer stays where it is, struck through.
  function markGone(row) {
    if (row.classList.contains("gone")) return;
    const words = document.createElement("span");
    row.classList.add("gone");
    words.className = "visually-hidden";
    words.textContent = ", no longer in this list";
    $(".who", row)?.append(words);
  }

  function updateRows(list, fresh) {
    const [here, there] = [rowsById(list), rowsById(fresh)];
    for (const [id, row] of there) {
      const shown = here.get(id);
      if (!shown || timeOf(shown) !== timeOf(row)) newer.add(id);
      if (shown) updateRow(shown, row);
    }
    // Beyond the fetched page nobody can say.
    const rows = [...here];
    const end = $(".more", fresh) ? rows.findLastIndex(([id]) => there.has(id)) : rows.length;
    rows.forEach(([id, row], at) => {
      if (at < end && !there.has(id)) markGone(row);
    });
    for (const id of newer) if (!there.has(id)) newer.delete(id);
  }

  function offer(list) {
    const button = $(".newer", list);
    if (!button || !newer.size) return;
    const words = `↑ ${newer.size} newer: show`;
    if (button.textContent !== words) announce(newer.size === 1 ? "One newer case" : `${newer.size} newer cases`);
    button.textContent = words;
    button.hidden = false;
  }

  function show(list, fresh) {
    const times = new Map([...rowsById(list)].map(([id, row]) => [id, timeOf(row)]));
    const hadFocus = list.contains(document.activeElement);
    let changed = 0;
    forget();
    const shown = document.adoptNode(fresh);
    list.replaceWith(shown);
    window.htmx.process(shown);
    markOpen();
    for (const row of $$(".row", shown)) {
      if (times.get(row.dataset.case) === timeOf(row)) continue;
      row.classList.add("arrived");
      changed += 1;
    }
    document.dispatchEvent(new CustomEvent("horseshoe:listed"));
    if (hadFocus) $(".row .who", shown)?.focus({ preventScroll: true });
    if (changed) announce(changed === 1 ? "One new or changed case" : `${changed} new or changed cases`);
  }

  function take(html) {
    const list = $("#case-list[hx-get]");
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("case-list");
    if (!list || !fresh) return;
    if (!isHeld(list)) {
      show(list, fresh);
      return;
    }
    waiting = fresh;
    updateRows(list, fresh);
    markOpen();
    offer(list);
  }

  setInterval(() => {
    const list = $("#case-list[hx-get]");
    if (waiting && list && !isHeld(list)) show(list, waiting);
  }, 1000);

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig, xhr } = event.detail;
    if (target?.id !== "case-list" || requestConfig.elt !== target || xhr.status !== 200) return;
    event.detail.shouldSwap = false;
    // Somebody has chosen other filters meanwhile.
    if (target.isConnected) take(event.detail.serverResponse);
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (["case-list", "list-pane"].includes(detail.target?.id)) forget();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#case-list .newer")) return;
    const list = $("#case-list");
    if (waiting) show(list, waiting);
    $("#case-list").scrollTop = 0;
  });

  // The case that is being opened, until it stands there.
  let opening = null;
  const openId = () => opening?.id ?? $("#case")?.dataset.case;

  function markOpen() {
    const id = openId();
    const link = id && $(`#case-list .row[data-case="${id}"] .who`);
    for (const marked of $$(".row .who[aria-current]")) if (marked !== link) marked.removeAttribute("aria-current");
    if (link) link.setAttribute("aria-current", "true");
  }

  document.addEventListener("htmx:beforeRequest", ({ detail: { target, requestConfig, xhr } }) => {
    const id = /^\/cases\/(\d+)\/$/.exec(requestConfig.path)?.[1];
    if (target?.id !== "case" || requestConfig.verb !== "get" || !id) return;
    opening = { id, xhr };
    markOpen();
    // Not by htmx:afterRequest, and not at once: what was put in works only after htmx has settled it.
    xhr.addEventListener("loadend", () => setTimeout(() => {
      if (opening?.xhr !== xhr) return;
      opening = null;
      markOpen();
      document.dispatchEvent(new CustomEvent("horseshoe:idle", { detail: { failed: $("#case")?.dataset.case !== id } }));
    }, 60));
  });
  document.addEventListener("htmx:afterSettle", markOpen);
  document.addEventListener("DOMContentLoaded", markOpen);

  // Open the next or the previous case. False without a list.
  function move(step) {
    const links = $$("#case-list .row .who");
    if (!links.length) return false;
    const open = $(`#case-list .row[data-case="${openId()}"] .who`);
    const at = links.indexOf(open || document.activeElement.closest?.(".row .who"));
    const next = links[Math.max(0, Math.min(links.length - 1, at + step))];
    next.focus({ preventScroll: true });
    next.closest(".row").scrollIntoView({ block: "nearest" });
    if (next !== open) next.click();
    return true;
  }

  // The case to open after this one: the next that is still in the list, else the one before it. "" without one.
  function following(id) {
    const rows = $$("#case-list .row");
    const at = rows.findIndex((row) => row.dataset.case === id);
    const candidates = at < 0 ? rows : [...rows.slice(at + 1), ...rows.slice(0, at).reverse()];
    return candidates.find((row) => row.dataset.case !== id && !row.classList.contains("gone"))?.dataset.case ?? "";
  }

  horseshoe.list = { following, isOpening: () => Boolean(opening), move };
})();
