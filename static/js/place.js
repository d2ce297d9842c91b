// The place in a list: who comes back from a case, also by the browser's Back, finds the list as they left it, on the row of
// that case. Without this file a list begins at its top.
(() => {
  "use strict";
  // More pages than this are not fetched to find a place again.
  const MOST_PAGES = 20;
  const $ = (selector, within = document) => within.querySelector(selector);
  const list = () => $("#case-list[hx-get]");
  const countRows = () => document.querySelectorAll("#case-list .row").length;
  const rowOf = (id) => $(`#case-list .row[data-case="${CSS.escape(id)}"]`);
  const isPhone = () => matchMedia("(max-width: 48rem)").matches;

  // Kept is where the row stands in sight: rows that nobody has seen yet have no height of their own.
  function note(id) {
    const row = id && rowOf(id);
    if (!list() || !row?.checkVisibility()) return;
    const place = { list: list().getAttribute("hx-get"), id, at: row.getBoundingClientRect().top, top: list().scrollTop, rows: countRows() };
    sessionStorage.setItem("place", JSON.stringify(place));
  }
  // On its way to the case the list is still as its reader saw it.
  document.addEventListener("click", ({ target }) => note(target.closest?.("#case-list .who")?.closest(".row").dataset.case), true);
  const noteOpen = () => note($("#case")?.dataset.case);
  addEventListener("popstate", noteOpen, true);
  addEventListener("pagehide", noteOpen);

  async function fetchMore() {
    const link = $("#case-list .more a");
    if (!link) return false;
    const before = countRows();
    await window.htmx.ajax("GET", link.href, { source: link, target: link.closest("li"), swap: "outerHTML" });
    return countRows() > before;
  }

  function showRow(place, row) {
    const scroller = isPhone() ? document.scrollingElement : list();
    row.scrollIntoView({ block: "nearest" });
    // Twice: what comes into sight takes its own height only then.
    for (const _ of [1, 2]) scroller.scrollTop += row.getBoundingClientRect().top - place.at;
  }

  async function restore() {
    const place = JSON.parse(sessionStorage.getItem("place") || "null");
    const isThere = () => place && list()?.getAttribute("hx-get") === place.list;
    for (let pages = 0; isThere() && pages < MOST_PAGES && countRows() < place.rows; pages += 1) if (!(await fetchMore())) break;
    if (!isThere() || !list().checkVisibility()) return;
    const row = rowOf(place.id);
    if (!row) {
      list().scrollTop = place.top;
      return;
    }
    showRow(place, row);
    const isFree = !$("#case[data-case]") && [null, document.body].includes(document.activeElement);
    if (isFree) $(".who", row).focus({ preventScroll: true });
  }

  function cameBack() {
    const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
    const from = document.referrer && new URL(document.referrer);
    return isBack || (from && from.origin === location.origin && /^\/cases\/\d+\/$/.test(from.pathname));
  }
  document.addEventListener("DOMContentLoaded", () => cameBack() && restore());
  document.addEventListener("htmx:historyRestore", restore);
  // Beside a case that was opened by its address, or was loaded anew, its list comes later.
  document.addEventListener("htmx:afterSwap", ({ detail }) => detail.target?.id === "list-pane" && $("#case[data-case]") && restore());
})();
