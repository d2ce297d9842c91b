// The inbox's keys, selection and small movements. Everything works without this file, only slower.
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  document.documentElement.classList.add("scripted");

  // On its way to another page, which may bring a message: going anywhere else would lose it.
  let leaving = false;
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    leaving ||= Boolean(event.detail.xhr.getResponseHeader("HX-Redirect"));
  });

  addEventListener("pageshow", () => {
    leaving = false;
  });

  // A refusal carries the case as it stands: show it like any other answer.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if ([403, 409, 422].includes(xhr.status) && xhr.responseText.includes("case-notice")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
    if (xhr.status === 404 && event.detail.target.closest("#case") && !leaving) location.assign("/");
  });

  // What somebody is typing or has opened is left alone by everything that arrives.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const asked = event.detail.elt || document;
    if (!target) return;
    const busy = target.contains(document.activeElement) && /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    const unfolded = $("details[open], .chooser", target);
    const problem = fragment && $(".banner.warning, .banner.error", fragment);
    if (target.id === "composer") {
      const typed = $("#answer", target);
      if (typed && typed.value.trim() && !document.body.dataset.sent) event.detail.shouldSwap = false;
    } else if (target.id === "case-notice" && document.body.dataset.live) {
      // A refresh has nothing to say, and what was said, with its undo, goes in its own time.
      event.detail.shouldSwap = false;
    } else if (["case-bar", "case-side", "case-passing"].includes(target.id) && (busy || unfolded) && !problem && document.body.dataset.live) {
      event.detail.shouldSwap = false;
    }
    void asked;
  });

  // Selection: the row of the open case.
  function select() {
    const open = $("#case")?.dataset.case;
    for (const link of $$(".row .who[aria-current]")) link.removeAttribute("aria-current");
    if (open) $(`.row[data-case="${open}"] .who`)?.setAttribute("aria-current", "true");
  }

  function toEnd(always) {
    const thread = $("#thread");
    if (!thread || !$("#thread-newest")) return;
    if (always || thread.dataset.end !== "no") thread.scrollTop = thread.scrollHeight;
  }

  document.addEventListener("scroll", (event) => {
    if (event.target.id === "thread") {
      const { scrollTop, scrollHeight, clientHeight } = event.target;
      event.target.dataset.end = scrollHeight - scrollTop - clientHeight < 60 ? "yes" : "no";
    }
  }, true);

  document.addEventListener("htmx:afterSettle", (event) => {
    select();
    count();
    if (event.detail.elt?.id === "case") {
      toEnd(true);
      if (!event.detail.requestConfig?.triggeringEvent?.isTrusted) return;
      // Who is quicker than the page stands in a field of the case already: taken out of it, what they type would act.
      if (!document.activeElement?.closest?.("#case :is(input, textarea, select)")) $("#case-bar h2")?.focus({ preventScroll: true });
      if (matchMedia("(max-width: 48rem)").matches) scrollTo(0, 0);
    } else if (event.detail.elt?.id === "passing-chooser") {
      $(".chooser .btn", event.detail.elt)?.focus();
    } else if ($("#thread")?.contains(event.detail.elt)) {
      toEnd(false);
    }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    // The form itself may have been replaced by what it brought.
    const asked = event.detail.requestConfig?.elt?.dataset?.then;
    if (asked && event.detail.successful) setTimeout(() => press(asked));
    if (form.matches?.("form[data-clear]") && event.detail.successful) {
      form.reset();
      form.closest("details")?.removeAttribute("open");
    }
  });

  // The answer's undo window, counted down.
  let asked = "";
  function count() {
    for (const chip of $$("[data-countdown]")) {
      const left = Math.ceil((Date.parse(chip.dataset.countdown) - Date.now() + skew) / 1000);
      if (left > 0) chip.textContent = `sending in ${left} s`;
      else {
        chip.textContent = "about to be sent";
        const undo = $("form button", chip.parentElement);
        if (undo) undo.disabled = true;
        if (asked !== chip.dataset.countdown && left < -1) {
          asked = chip.dataset.countdown;
          document.dispatchEvent(new CustomEvent("horseshoe:case"));
        }
      }
    }
  }
  // Clocks differ: what counts is the time that the server said was left.
  const skew = 0;
  setInterval(count, 500);

  // The queue the person came from, beside a case that was opened by its address.
  if ($("#case-list[hx-get]")) sessionStorage.setItem("queue", location.pathname + location.search);
  document.addEventListener("htmx:pushedIntoHistory", (event) => {
    if (!event.detail.path.startsWith("/cases/")) sessionStorage.setItem("queue", event.detail.path);
  });
  function restore() {
    const list = $("#case-list[data-queue]");
    if (!list || getComputedStyle(list.parentElement).display === "none") return;
    const kept = sessionStorage.getItem("queue") || "";
    const queue = /^\/($|\?|queue\/)/.test(kept) ? kept : list.dataset.queue;
    window.htmx.ajax("GET", queue, { source: list, target: list, swap: "outerHTML" });
    const back = $("#case-bar .back");
    if (back) back.href = queue;
  }

  // Keys
  const single = () => localStorage.getItem("single-keys") !== "off";
  const typing = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  function rows(step) {
    const links = $$("#case-list .row .who, #notice-list .row button.who");
    if (!links.length) return;
    const at = links.indexOf(document.activeElement.closest?.(".row .who") || $(".row .who[aria-current]"));
    const next = links[Math.max(0, Math.min(links.length - 1, at + step))];
    next.focus();
    next.closest(".row").scrollIntoView({ block: "nearest" });
  }
  function press(key) {
    const element = $(`#case [data-key="${key}"]`) || $(`[data-key="${key}"]`);
    if (!element || element.disabled) return false;
    if (element.matches("summary")) {
      const details = element.parentElement;
      details.open = !details.open;
      if (details.open) $("select, textarea, input:not([type=hidden])", details)?.focus();
    } else if (element.matches("input, textarea")) {
      element.focus();
      element.scrollIntoView({ block: "nearest" });
    } else element.click();
    return true;
  }
  // A number chooses among what is numbered: what was opened last comes first.
  function digit(key) {
    const button = $(`.chooser [data-digit="${key}"]`) || $(`#case [data-digit="${key}"]`);
    button?.click();
    return Boolean(button);
  }
  // G and a second letter within a second and a half: to another view.
  let going = -Infinity;
  function go(key) {
    const there = performance.now() - going < 1500 && $(`[data-go="${key}"]`);
    going = key === "g" ? performance.now() : -Infinity;
    if (there) location.assign(there.href);
    return Boolean(there) || key === "g";
  }
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (key === "Enter" && (event.ctrlKey || event.metaKey) && target.id === "answer") {
      event.preventDefault();
      $("#send")?.click();
      return;
    }
    if (key === "Escape") {
      const details = target.closest("details[open]");
      const chooser = $(".chooser-place .chooser");
      if (chooser) {
        chooser.remove();
        $('#case [data-key="w"]')?.focus();
      } else if (details) {
        details.open = false;
        $("summary", details).focus();
      } else if (typing(target)) target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(target) || $("dialog[open]")) return;
    if (!single()) return;
    const low = key.toLowerCase();
    if (go(low)) {
      event.preventDefault();
      return;
    }
    if (key === "?") $("#keys")?.showModal();
    else if (low === "j") rows(1);
    else if (low === "k") rows(-1);
    else if (/^[1-9]$/.test(key)) {
      if (!digit(key)) return;
    } else if (!["a", "b", "h", "n", "r", "e", "t", "w", "y", "z", "/"].includes(low) || !press(low)) return;
    event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "single-keys") localStorage.setItem("single-keys", event.target.checked ? "on" : "off");
  });
  // A link that stands for a key of this page; without this file it leads to a page of its own.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-press]");
    if (link && press(link.dataset.press)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);
  document.addEventListener("click", (event) => {
    for (const details of $$("details.pop[open]")) if (!details.contains(event.target)) details.open = false;
  });

  document.addEventListener("DOMContentLoaded", () => {
    const box = $("#single-keys");
    if (box) box.checked = single();
    select();
    toEnd(true);
    restore();
  });
})();
