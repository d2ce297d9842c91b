// Says that there is no connection, or that live updates are interrupted, for as long as it is so.
// A request that found no server reports by "horseshoe:unreachable"; "horseshoe:back" tells everybody that it is over.
(() => {
  "use strict";
  const ASK_AGAIN = 3000;
  const clock = (at) => at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

  class ConnectionBanner {
    constructor() {
      this.since = null;
      this.interrupted = false;
      this.timer = 0;
    }

    lose() {
      if (this.since) return;
      this.since = new Date();
      this.show();
      this.timer = setTimeout(() => this.ask(), ASK_AGAIN);
    }

    // The browser knows only whether there is a network, not whether the server is there.
    async ask() {
      clearTimeout(this.timer);
      try {
        const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5000) });
        if (answer.status < 500) {
          this.regain();
          return;
        }
      } catch {
        // Still away.
      }
      if (this.since) this.timer = setTimeout(() => this.ask(), ASK_AGAIN);
    }

    regain() {
      clearTimeout(this.timer);
      if (!this.since) return;
      this.since = null;
      this.show();
      document.dispatchEvent(new CustomEvent("horseshoe:back"));
    }

    show() {
      const banner = document.getElementById("offline");
      if (!banner) return;
      const words = document.createElement("span");
      if (this.since) {
        const what = document.createElement("b");
        what.textContent = "You are offline";
        words.textContent = `No connection since ${clock(this.since)}, and you see the state of then. What you type is kept in this browser.`;
        banner.replaceChildren(what, " ", words);
      } else if (this.interrupted) {
        words.textContent = "Live updates are interrupted. This page asks again every 10 seconds.";
        banner.replaceChildren(words);
      } else banner.replaceChildren();
      banner.hidden = !banner.firstChild;
    }
  }

  const banner = new ConnectionBanner();
  window.addEventListener("offline", () => banner.lose());
  window.addEventListener("online", () => banner.ask());
  document.addEventListener("horseshoe:unreachable", () => banner.lose());
  document.addEventListener("horseshoe:live", ({ detail: { kind } }) => {
    if (!["open", "broken"].includes(kind)) return;
    banner.interrupted = kind === "broken";
    if (kind === "open") banner.regain();
    banner.show();
  });
  document.addEventListener("htmx:sendError", () => banner.lose());
  document.addEventListener("DOMContentLoaded", () => {
    if (!navigator.onLine) banner.lose();
  });
})();
