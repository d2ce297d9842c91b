// A board that stays true while it is open: it asks again when something changed, and each half minute, because ages grow.
// Beside it stands how old its numbers are, and plainly when there is no connection. live.js refreshes the navigation.
(() => {
  "use strict";
  const SHORTEST_PAUSE = 5000;
  const AT_LEAST = 30000;
  const LOST_AFTER = 80000;
  const findBoard = () => document.querySelector("#live-board[hx-get]");
  const clock = (at) => at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

  // When the board was last asked for, last came, and last changed; `stream` is the state of the live stream.
  class State {
    constructor() {
      this.askedAt = performance.now();
      this.cameAt = performance.now();
      this.came = new Date();
      this.changedAt = 0;
      this.isLost = false;
      this.stream = "";
      this.timer = 0;
      this.isAsking = false;
    }

    words() {
      if (this.isLost) return `No connection. The numbers are of ${clock(this.came)}.`;
      if (this.stream === "broken") return `Asked again every 30 s, last ${clock(this.came)}`;
      if (!this.changedAt) return `Live, as of ${clock(this.came)}`;
      const seconds = Math.floor((performance.now() - this.changedAt) / 1000);
      if (seconds < 1) return "Live, last change just now";
      return `Live, last change ${seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`} ago`;
    }
  }

  const state = new State();

  function show() {
    if (performance.now() - state.cameAt > LOST_AFTER && !document.hidden) state.isLost = true;
    const place = document.getElementById("board-state");
    if (!place) return;
    const words = state.words();
    if (place.textContent !== words) place.textContent = words;
    place.classList.toggle("lost", state.isLost);
    document.body.classList.toggle("lost-board", state.isLost);
  }

  function ask() {
    clearTimeout(state.timer);
    state.timer = 0;
    const board = findBoard();
    if (!board || document.hidden || state.isAsking) return;
    state.askedAt = performance.now();
    state.isAsking = true;
    window.htmx.ajax("GET", board.getAttribute("hx-get"), { source: board, target: board, swap: "outerHTML" }).finally(() => {
      state.isAsking = false;
      show();
    });
  }

  function schedule() {
    if (state.timer) return;
    state.timer = setTimeout(ask, Math.max(0, SHORTEST_PAUSE - (performance.now() - state.askedAt)));
  }

  document.addEventListener("horseshoe:live", ({ detail: { kind, ids } }) => {
    if (kind === "open" || kind === "broken") state.stream = kind;
    else if (kind === "cases" || ids) {
      state.changedAt = performance.now();
      schedule();
    }
    show();
  });
  document.addEventListener("htmx:afterSwap", ({ detail: { requestConfig } }) => {
    if (requestConfig?.elt?.id !== "live-board") return;
    state.isLost = false;
    state.cameAt = performance.now();
    state.came = new Date();
    show();
  });
  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(failure, ({ detail: { requestConfig } }) => {
      if (requestConfig?.elt?.id !== "live-board") return;
      state.isLost = true;
      show();
    });
  }
  document.addEventListener("horseshoe:unreachable", () => {
    state.isLost = true;
    show();
  });
  document.addEventListener("horseshoe:back", ask);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });
  document.addEventListener("DOMContentLoaded", () => {
    show();
    setInterval(show, 1000);
    setInterval(() => performance.now() - state.askedAt >= AT_LEAST - 1000 && ask(), AT_LEAST);
  });
})();
