// The keys: single letters and digits press what carries them, J and K move in the list, G and a letter change the view.
// Everything works without this file, only slower.
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

  const singleKeysOn = () => localStorage.getItem("single-keys") !== "off";
  const isTextField = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  function moveInList(step) {
    const links = $$("#case-list .row .who, #notice-list .row button.who");
    if (!links.length) return;
    const at = links.indexOf(document.activeElement.closest?.(".row .who") || $(".row .who[aria-current]"));
    const next = links[Math.max(0, Math.min(links.length - 1, at + step))];
    next.focus();
    next.closest(".row").scrollIntoView({ block: "nearest" });
  }
  function pressKey(key) {
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
  // A digit presses the numbered button; those of an open chooser come first.
  function pressDigit(key) {
    const button = $(`.chooser [data-digit="${key}"]`) || $(`#case [data-digit="${key}"]`);
    button?.click();
    return Boolean(button);
  }
  // G and a second letter within a second and a half: to another view.
  let goPressedAt = -Infinity;
  function goToView(key) {
    const link = performance.now() - goPressedAt < 1500 && $(`[data-go="${key}"]`);
    goPressedAt = key === "g" ? performance.now() : -Infinity;
    if (link) location.assign(link.href);
    return Boolean(link) || key === "g";
  }
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (key === "Escape") {
      const details = target.closest("details[open]");
      const chooser = $(".chooser-place .chooser");
      if (chooser) {
        chooser.remove();
        $('#case [data-key="w"]')?.focus();
      } else if (details) {
        details.open = false;
        $("summary", details).focus();
      } else if (isTextField(target)) target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTextField(target) || $("dialog[open]")) return;
    if (!singleKeysOn()) return;
    const lower = key.toLowerCase();
    if (goToView(lower)) {
      event.preventDefault();
      return;
    }
    if (key === "?") $("#keys")?.showModal();
    else if (lower === "j") moveInList(1);
    else if (lower === "k") moveInList(-1);
    else if (/^[1-9]$/.test(key)) {
      if (!pressDigit(key)) return;
    } else if (!["a", "b", "h", "n", "r", "e", "t", "w", "y", "z", "/"].includes(lower) || !pressKey(lower)) return;
    event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "single-keys") localStorage.setItem("single-keys", event.target.checked ? "on" : "off");
  });
  // A link that does what a key does; without this file it leads to a page of its own.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-press]");
    if (link && pressKey(link.dataset.press)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);
  document.addEventListener("click", (event) => {
    for (const details of $$("details.pop[open]")) if (!details.contains(event.target)) details.open = false;
  });

  // Another script asks for a key's action after an answer has arrived.
  document.addEventListener("horseshoe:press", (event) => pressKey(event.detail));

  document.addEventListener("DOMContentLoaded", () => {
    const box = $("#single-keys");
    if (box) box.checked = singleKeysOn();
  });
})();
