// Live updates: an event says which cases changed, the page asks again for what it shows. When the stream breaks the
// page polls. Nothing is asked while the page is hidden, and never faster than the server answers.
(() => {
  "use strict";
  const POLL_EVERY = 10000;
  const SHORTEST_PAUSE = 600;
  const PAGE_SIZE = 50;
  const REFRESHED = "#thread-newest, #notice-list, #rail, #live-board";
  const $ = (selector) => document.querySelector(selector);

  // What has changed on the server since the page last asked.
  class Changes {
    constructor() {
      this.clear();
    }

    clear() {
      this.cases = new Set();
      this.everything = false;
      this.notices = false;
    }

    noteCases(ids) {
      if (!ids.length) this.everything = true;
      for (const id of ids) this.cases.add(id);
    }

    concernCase(id) {
      return this.everything || this.cases.has(id);
    }

    concernNotices() {
      return this.everything || this.notices;
    }
  }

  // Requests of somebody's own doing in the open case: a refresh that began before one of them comes too late.
  class OwnRequests {
    constructor() {
      this.running = 0;
      this.begun = 0;
      // A refresh was passed over because of them.
      this.missedRefresh = false;
    }

    begin() {
      this.running += 1;
      this.begun += 1;
    }

    end() {
      this.running -= 1;
    }
  }

  // When the next refresh is due: after a pause that grows with what the last one cost. While one is due or under way
  // the page says so of itself (data-refreshing).
  class RefreshTimer {
    constructor() {
      this.timer = 0;
      this.running = 0;
      this.lastStart = 0;
      this.lastDuration = 0;
      this.skippedWhileHidden = false;
    }

    schedule() {
      if (this.timer) return;
      const pause = Math.min(Math.max(SHORTEST_PAUSE, this.lastDuration * 4), POLL_EVERY);
      this.timer = setTimeout(refresh, Math.max(0, pause - (performance.now() - this.lastStart)));
      this.showState();
    }

    showState() {
      document.documentElement.toggleAttribute("data-refreshing", Boolean(this.timer || this.running));
    }

    begin() {
      this.timer = 0;
      if (document.hidden) {
        this.skippedWhileHidden = true;
        this.showState();
        return false;
      }
      this.lastStart = performance.now();
      this.running += 1;
      return true;
    }

    end() {
      this.lastDuration = performance.now() - this.lastStart;
      this.running -= 1;
      this.showState();
    }
  }

  const changes = new Changes();
  const ownRequests = new OwnRequests();
  const refreshTimer = new RefreshTimer();

  function refreshEverything() {
    changes.everything = true;
    refreshTimer.schedule();
  }

  function announce(words) {
    const region = $("#announce");
    if (region) region.textContent = words;
  }

  async function refresh() {
    if (!refreshTimer.begin()) return;
    const list = $("#case-list[hx-get]");
    const openCase = $("#case[data-case]");
    const notices = $("#notice-list[hx-get]");
    const requests = [];
    // What comes of it is for list.js, which holds the list still.
    if (list) requests.push(window.htmx.ajax("GET", list.getAttribute("hx-get"), { source: list, target: list, swap: "outerHTML" }));
    const concerned = openCase && $("#thread-newest") && changes.concernCase(Number(openCase.dataset.case));
    // Somebody who is correcting how a message was read is not interrupted: saving and cancelling show what is new.
    if (concerned && ownRequests.running) ownRequests.missedRefresh = true;
    else if (concerned && !$("#thread .reading-form")) requests.push(refreshThread());
    if (notices && changes.concernNotices() && notices.querySelectorAll(".row").length <= PAGE_SIZE) requests.push(refreshNotices(notices));
    requests.push(refreshNavigation());
    changes.clear();
    await Promise.allSettled(requests);
    refreshTimer.end();
  }

  async function refreshNotices(list) {
    const focused = document.activeElement?.closest?.("#notice-list form")?.getAttribute("action");
    await window.htmx.ajax("GET", list.getAttribute("hx-get"), { source: list, target: list, swap: "outerHTML" });
    if (focused) $(`#notice-list form[action="${focused}"] button`)?.focus({ preventScroll: true });
  }

  async function refreshThread() {
    const countBefore = document.querySelectorAll("#thread-newest .msg").length;
    const newest = $("#thread-newest");
    await window.htmx.ajax("GET", newest.getAttribute("hx-get"), { source: newest, target: newest, swap: "outerHTML" });
    if (document.querySelectorAll("#thread-newest .msg").length > countBefore) announce("A new message in this case");
  }

  async function refreshNavigation() {
    const rail = $("#rail");
    const address = $("[data-navigation]")?.dataset.navigation;
    if (!rail || !address || rail.contains(document.activeElement)) return;
    const at = $("#case-list[hx-get]")?.getAttribute("hx-get") || location.pathname;
    await window.htmx.ajax("GET", `${address}?at=${encodeURIComponent(at)}`, { source: rail, target: rail, swap: "outerHTML" });
  }

  // What the stream says, and polling for as long as it is broken.
  let polling = 0;
  document.addEventListener("horseshoe:live", ({ detail: { kind, ids, missed } }) => {
    if (kind === "broken") polling ||= setInterval(refreshEverything, POLL_EVERY);
    else if (kind === "open") {
      clearInterval(polling);
      if (polling || missed) refreshEverything();
      polling = 0;
    } else if (["cases", "notices"].includes(kind)) {
      if (kind === "cases") changes.noteCases(ids);
      else changes.notices = true;
      refreshTimer.schedule();
    }
  });

  // What somebody does brings the case as it stands afterwards, or a form to do it with. A refresh that began before
  // comes too late: it would take away the form, or the element that the answer under way is for (htmx then drops it).
  const isRefresh = (detail) => detail.requestConfig.elt.id === "thread-newest";

  function refreshOpenCase() {
    const openCase = $("#case[data-case]");
    ownRequests.missedRefresh = false;
    if (!openCase) return;
    changes.cases.add(Number(openCase.dataset.case));
    refreshTimer.schedule();
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig, xhr } = event.detail;
    const isOwn = elt.closest("#case") && !isRefresh(event.detail);
    if (isOwn) ownRequests.begin();
    xhr.ownRequestsBegun = ownRequests.begun;
    if (!isOwn) return;
    // Not by htmx:afterRequest: it isn't told of a request whose element is gone.
    xhr.addEventListener("loadend", () => {
      ownRequests.end();
      if (requestConfig.verb === "post" && xhr.status >= 200 && xhr.status < 300) ownRequests.missedRefresh = false;
      // A refresh was passed over for an answer that did not bring the case.
      else if (ownRequests.missedRefresh || requestConfig.verb === "post") refreshOpenCase();
    });
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "thread-newest" || event.detail.requestConfig.verb !== "get") return;
    // The case has been passed on meanwhile, and nothing of it stands on the page any more.
    if (!event.detail.target.isConnected) {
      event.detail.shouldSwap = false;
      return;
    }
    if (isRefresh(event.detail) && event.detail.xhr.ownRequestsBegun !== ownRequests.begun) {
      event.detail.shouldSwap = false;
      if (ownRequests.running) ownRequests.missedRefresh = true;
      else refreshOpenCase();
    }
    // Only while this answer is put in: what somebody's own doing brings goes over what they have open.
    document.body.dataset.live = "yes";
    queueMicrotask(() => delete document.body.dataset.live);
  });

  // An element replaced between pressing and letting go is never clicked, so nothing is replaced meanwhile. Not for
  // ever: letting go may happen where nobody hears of it.
  let pressedAt = -Infinity;
  document.addEventListener("pointerdown", () => {
    pressedAt = performance.now();
  }, true);
  for (const released of ["pointerup", "pointercancel"]) {
    document.addEventListener(released, () => {
      pressedAt = -Infinity;
    }, true);
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig } = event.detail;
    if (requestConfig.elt !== target || !target.matches(REFRESHED) || performance.now() - pressedAt > POLL_EVERY) return;
    event.detail.shouldSwap = false;
    refreshEverything();
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !refreshTimer.skippedWhileHidden) return;
    refreshTimer.skippedWhileHidden = false;
    refreshEverything();
  });
  document.addEventListener("horseshoe:case", refreshOpenCase);
})();
