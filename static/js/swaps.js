// What happens around htmx's swaps: what may be replaced, where the focus and the scroll position go, which row is open.
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  document.documentElement.classList.add("scripted");

  // A refusal carries the case as it stands: show it like any other answer.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if ([403, 409, 422].includes(xhr.status) && xhr.responseText.includes("case-notice")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  // The server shows the next case after one that was closed or passed on, and leads back to the queue of this tab.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const queue = sessionStorage.getItem("queue");
    if (queue) detail.headers["Horseshoe-Queue"] = queue;
    const id = detail.elt.matches("[data-moves-on]") && $("#case")?.dataset.case;
    const following = id && window.horseshoe.list?.following(id);
    if (following) detail.headers["Horseshoe-Next"] = following;
  });

  // Who stood on something that is replaced stands on what comes in its place, else on the name of the case. By this
  // swap alone: who has left the place since, by Escape, is not taken back there by the next one.
  let stoodOn = null;
  document.addEventListener("htmx:beforeSwap", () => {
    const active = document.activeElement;
    stoodOn = null;
    if (!active?.closest("#case")) return;
    const { key } = active.dataset;
    const action = active.form?.getAttribute("action");
    stoodOn = [active.id && `#${CSS.escape(active.id)}`, key && `#case [data-key="${key}"]`, action && `#case form[action="${CSS.escape(action)}"] button`];
  });
  document.addEventListener("htmx:afterSettle", () => {
    const places = stoodOn && [...stoodOn.filter(Boolean), "#case-bar h2"];
    stoodOn = null;
    if (!places || (document.activeElement && document.activeElement !== document.body)) return;
    for (const place of places) {
      const element = $(place);
      if (!element?.checkVisibility({ visibilityProperty: true })) continue;
      element.focus({ preventScroll: true });
      return;
    }
  });

  // Never replace what somebody is typing in or has opened.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (!target) return;
    const busy = target.contains(document.activeElement) && /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    const unfolded = $("details[open], .chooser", target);
    // The chooser of departments is on its way: its place must still be there.
    const isChoosing = document.body.dataset.choosing && $("#hand-over-chooser", target);
    const problem = fragment && $(".banner.warning, .banner.error", fragment);
    if (target.id === "composer") {
      const answer = $("#answer", target);
      if (answer && answer.value.trim() && !document.body.dataset.sent) event.detail.shouldSwap = false;
    } else if (target.id === "case-notice" && document.body.dataset.live) {
      // The message that stands there, with its undo, goes in its own time; unless a colleague took the case meanwhile.
      const news = fragment && $(".banner", fragment);
      event.detail.shouldSwap = Boolean(news) && !$(".failure", target);
      if (news && !event.detail.shouldSwap) target.prepend(news);
    } else if (["case-bar", "case-side", "case-hand-over"].includes(target.id) && (busy || unfolded || isChoosing) && !problem && document.body.dataset.live) {
      event.detail.shouldSwap = false;
    }
  });

  // The text of an answer that is sent again leaves the box with it, unless it was changed there.
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const text = detail.elt.dataset?.text;
    if (text && $("#answer")?.value.trim() === text.replace(/\r\n?/g, "\n").trim()) document.body.dataset.sent = "yes";
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt.dataset?.text) delete document.body.dataset.sent;
  });

  // What has faded away is gone for the keys and for the eye alike.
  document.addEventListener("animationend", ({ target, animationName }) => {
    if (animationName === "fading" && target.matches("#case-notice > .banner")) target.remove();
  });

  function scrollToEnd(always) {
    const thread = $("#thread");
    if (!thread || !$("#thread-newest")) return;
    if (always || thread.dataset.end !== "no") thread.scrollTop = thread.scrollHeight;
  }

  // On a phone the page itself scrolls: a long case opens at its newest message, with the box for an answer below it.
  function showNewestOnPhone() {
    const newest = $("#thread-newest > :last-child");
    if (!matchMedia("(max-width: 48rem)").matches || !newest) return;
    scrollTo(0, 0);
    if (newest.getBoundingClientRect().bottom > innerHeight) ($("#composer") ?? newest).scrollIntoView({ block: "end" });
  }

  document.addEventListener("scroll", (event) => {
    if (event.target.id === "thread") {
      const { scrollTop, scrollHeight, clientHeight } = event.target;
      event.target.dataset.end = scrollHeight - scrollTop - clientHeight < 60 ? "yes" : "no";
    }
  }, true);

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt?.id === "case") {
      scrollToEnd(true);
      if (!event.detail.requestConfig?.triggeringEvent?.isTrusted) return;
      // Somebody may already stand in a field of the case: with the focus moved, their typing would act as keys.
      if (!document.activeElement?.closest?.("#case :is(input, textarea, select)")) $("#case-bar h2")?.focus({ preventScroll: true });
      showNewestOnPhone();
    } else if (event.detail.elt?.id === "hand-over-chooser") {
      $(".chooser .btn", event.detail.elt)?.focus();
    } else if ($("#thread")?.contains(event.detail.elt)) {
      scrollToEnd(false);
    }
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    // Read from the request: the form itself may have been replaced by the answer.
    const key = event.detail.requestConfig?.elt?.dataset?.then;
    if (key && event.detail.successful) setTimeout(() => document.dispatchEvent(new CustomEvent("horseshoe:press", { detail: key })));
    // Undone: the message above the panes is about something that did not happen.
    if (form.matches?.("#messages .undo") && event.detail.successful) form.closest(".banner").remove();
    // A refusal that is shown counts as successful: what was typed stays for it.
    if (form.matches?.("form[data-clear]") && event.detail.successful && event.detail.xhr.status < 400) {
      form.reset();
      form.closest("details")?.removeAttribute("open");
    }
  });

  // The queue the person came from, beside a case that was opened by its address.
  if ($("#case-list[hx-get]")) sessionStorage.setItem("queue", location.pathname + location.search);
  document.addEventListener("htmx:pushedIntoHistory", (event) => {
    if (!event.detail.path.startsWith("/cases/")) sessionStorage.setItem("queue", event.detail.path);
  });
  function restoreQueue() {
    const pane = $("#list-pane[data-queue]");
    if (!pane || getComputedStyle(pane).display === "none") return;
    const stored = sessionStorage.getItem("queue") || "";
    const queue = /^\/($|\?|queue\/|views\/\d)/.test(stored) ? stored : pane.dataset.queue;
    window.htmx.ajax("GET", queue, { source: pane, target: pane, swap: "outerHTML" });
    const back = $("#case-bar .back");
    if (back) back.href = queue;
  }

  document.addEventListener("DOMContentLoaded", () => {
    scrollToEnd(true);
    if (!location.hash) showNewestOnPhone();
    restoreQueue();
  });
})();
