// Live updates: an event says which cases changed, the page asks again for what it shows. When the stream breaks the
// page polls. Nothing is asked while the page is hidden, and never faster than the server answers.
(() => {
  "use strict";
  const POLL = 10000;
  const GAP = 600;
  const PAGE = 50;
  const REFRESHED = "#case-list[hx-get], #thread-newest, #notice-list, #rail";
  const $ = (selector) => document.querySelector(selector);
  let source = null;
  let polling = 0;
  let retry = 0;
  let waiting = 0;
  let last = 0;
  let cost = 0;
  let stale = false;
  let acting = 0;
  let acts = 0;
  let missed = false;
  let pressed = -Infinity;
  const changed = new Set();
  let everything = false;
  let noticed = false;

  function announce(words) {
    const region = $("#announce");
    if (region) region.textContent = words;
  }

  function known() {
    return new Map([...document.querySelectorAll("#case-list .row")].map((row) => [row.dataset.case, row.querySelector(".when")?.getAttribute("datetime")]));
  }

  async function refresh() {
    waiting = 0;
    if (document.hidden) {
      stale = true;
      return;
    }
    last = performance.now();
    const list = $("#case-list[hx-get]");
    const open = $("#case[data-case]");
    const work = [];
    if (list && list.querySelectorAll(".row").length <= PAGE) work.push(rows(list));
    else if (list) offer(list);
    const concerned = open && $("#thread-newest") && (everything || changed.has(Number(open.dataset.case)));
    // Whoever is correcting how a message was read is not interrupted: correcting and cancelling show what is new.
    if (concerned && acting) missed = true;
    else if (concerned && !$("#thread .reading-form")) work.push(thread());
    const told = $("#notice-list[hx-get]");
    if (told && (noticed || everything) && told.querySelectorAll(".row").length <= PAGE) work.push(again(told));
    work.push(navigation());
    everything = false;
    noticed = false;
    changed.clear();
    await Promise.allSettled(work);
    cost = performance.now() - last;
  }

  // Somebody who has read further down keeps their place; the newest are a click away.
  function offer(list) {
    if (list.querySelector(".newer")) return;
    const line = document.createElement("p");
    const link = document.createElement("a");
    line.className = "more newer";
    link.className = "btn";
    link.href = list.getAttribute("hx-get");
    link.textContent = "There are newer cases: show them";
    line.append(link);
    list.prepend(line);
    announce("There are newer cases");
  }

  async function rows(list) {
    const before = known();
    const focused = document.activeElement?.closest?.("#case-list .row")?.dataset.case;
    const top = list.scrollTop;
    await window.htmx.ajax("GET", list.getAttribute("hx-get"), { source: list, target: list, swap: "outerHTML" });
    const now = $("#case-list");
    now.scrollTop = top;
    if (focused) now.querySelector(`.row[data-case="${focused}"] .who`)?.focus({ preventScroll: true });
    let fresh = 0;
    for (const row of now.querySelectorAll(".row")) {
      const at = row.querySelector(".when")?.getAttribute("datetime");
      if (before.get(row.dataset.case) !== at) {
        row.classList.add("arrived");
        fresh += 1;
      }
    }
    if (fresh) announce(fresh === 1 ? "One new or changed case" : `${fresh} new or changed cases`);
  }

  async function again(list) {
    const focused = document.activeElement?.closest?.("#notice-list form")?.getAttribute("action");
    await window.htmx.ajax("GET", list.getAttribute("hx-get"), { source: list, target: list, swap: "outerHTML" });
    if (focused) $(`#notice-list form[action="${focused}"] button`)?.focus({ preventScroll: true });
  }

  async function thread() {
    const messages = document.querySelectorAll("#thread-newest .msg").length;
    const newest = $("#thread-newest");
    await window.htmx.ajax("GET", newest.getAttribute("hx-get"), { source: newest, target: newest, swap: "outerHTML" });
    if (document.querySelectorAll("#thread-newest .msg").length > messages) announce("A new message in this case");
  }

  async function navigation() {
    const rail = $("#rail");
    const address = $("[data-navigation]")?.dataset.navigation;
    if (!rail || !address || rail.contains(document.activeElement)) return;
    const at = $("#case-list[hx-get]")?.getAttribute("hx-get") || location.pathname;
    await window.htmx.ajax("GET", `${address}?at=${encodeURIComponent(at)}`, { source: rail, target: rail, swap: "outerHTML" });
  }

  function soon() {
    if (waiting) return;
    const pause = Math.min(Math.max(GAP, cost * 4), POLL) - (performance.now() - last);
    waiting = setTimeout(refresh, Math.max(0, pause));
  }

  function poll(on) {
    if (on && !polling) {
      polling = setInterval(() => {
        everything = true;
        soon();
      }, POLL);
    } else if (!on && polling) {
      clearInterval(polling);
      polling = 0;
    }
    const banner = $("#offline");
    if (banner) banner.hidden = !on;
  }

  function connect() {
    const address = $("[data-live]")?.dataset.live;
    if (!address || typeof EventSource === "undefined") {
      if (address) poll(true);
      return;
    }
    let opened = false;
    source = new EventSource(address);
    source.addEventListener("open", () => {
      opened = true;
      clearTimeout(retry);
      if (polling) {
        // Something may have happened while nobody listened.
        everything = true;
        soon();
      }
      poll(false);
    });
    source.addEventListener("cases", (event) => {
      const ids = JSON.parse(event.data);
      if (!ids.length) everything = true;
      for (const id of ids) changed.add(id);
      soon();
    });
    source.addEventListener("notices", () => {
      noticed = true;
      soon();
    });
    source.addEventListener("error", () => {
      poll(true);
      if (source.readyState === EventSource.CLOSED) {
        clearTimeout(retry);
        retry = setTimeout(connect, opened ? 2000 : 15000);
      }
    });
  }

  // What somebody does brings the case as it stands afterwards, or a form to do it with. A refresh that was asked for
  // before comes too late, and would take away the form, or what the answer on its way is for (htmx then drops it).
  const isRefresh = (detail) => detail.requestConfig.elt.id === "thread-newest";

  function caseAgain() {
    const open = $("#case[data-case]");
    missed = false;
    if (!open) return;
    changed.add(Number(open.dataset.case));
    soon();
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig, xhr } = event.detail;
    const acted = elt.closest("#case") && !isRefresh(event.detail);
    if (acted) {
      acting += 1;
      acts += 1;
    }
    xhr.acts = acts;
    if (!acted) return;
    // Not by htmx:afterRequest: it isn't told of a request whose element is gone.
    xhr.addEventListener("loadend", () => {
      acting -= 1;
      if (requestConfig.verb === "post" && xhr.status >= 200 && xhr.status < 300) missed = false;
      // What came meanwhile has been passed over for an answer that did not bring the case.
      else if (missed || requestConfig.verb === "post") caseAgain();
    });
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "thread-newest" || event.detail.requestConfig.verb !== "get") return;
    if (isRefresh(event.detail) && event.detail.xhr.acts !== acts) {
      event.detail.shouldSwap = false;
      if (acting) missed = true;
      else caseAgain();
    }
    // Only while this answer is put in: what somebody's own doing brings goes over what they have open.
    document.body.dataset.live = "yes";
    queueMicrotask(() => delete document.body.dataset.live);
  });
  // What is exchanged between pressing and letting go is never clicked. Not for ever: letting go may stay unheard.
  document.addEventListener("pointerdown", () => {
    pressed = performance.now();
  }, true);
  for (const over of ["pointerup", "pointercancel"]) {
    document.addEventListener(over, () => {
      pressed = -Infinity;
    }, true);
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig } = event.detail;
    if (requestConfig.elt !== target || !target.matches(REFRESHED) || performance.now() - pressed > POLL) return;
    event.detail.shouldSwap = false;
    everything = true;
    soon();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && stale) {
      stale = false;
      everything = true;
      soon();
    }
  });
  document.addEventListener("horseshoe:case", caseAgain);
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) connect();
  });
  document.addEventListener("DOMContentLoaded", connect);
})();
