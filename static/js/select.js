// Selecting cases in a list: their boxes, Shift and a click for a range, X, Shift with J and K, Ctrl A for all that match.
// The boxes belong to the form of the bar, which works without this file, too.
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const isTextField = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const boxes = () => $$("#case-list .pick input");
  const bar = () => $("#bulk");
  const every = () => $("#bulk [name=every]");

  // The cases that are selected, so that they still are when the list is shown anew; the box that was used last.
  const chosen = new Set();
  let last = null;

  function isOn() {
    return Boolean(bar()?.classList.contains("on"));
  }

  function say(count, left) {
    const words = every().checked ? (left ? `All but ${left}` : "All") : `${count} selected`;
    const place = $("[data-selected]", bar());
    if (place.textContent === words) return;
    place.textContent = words;
    const region = $("#announce");
    if (region) region.textContent = words;
  }

  function show() {
    if (!bar()) return;
    const all = boxes();
    const count = all.filter((box) => box.checked).length;
    chosen.clear();
    for (const box of all) {
      if (box.checked) chosen.add(box.value);
      box.closest(".row").classList.toggle("picked", box.checked);
    }
    for (const input of $$("[name=left_out]", bar())) input.remove();
    const left = every().checked ? all.filter((box) => !box.checked) : [];
    for (const box of left) {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: "left_out", value: box.value });
      bar().append(input);
    }
    bar().classList.toggle("on", count > 0 || every().checked);
    say(count, left.length);
  }

  function restore() {
    for (const box of boxes()) box.checked = box.checked || chosen.has(box.value) || Boolean(every()?.checked);
    show();
  }

  function choose(box, checked) {
    box.checked = checked;
    last = box;
    show();
  }

  // From the box that was used last to this one, both included.
  function chooseRange(box, checked) {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const between of from < 0 ? [box] : all.slice(from, to + 1)) between.checked = checked;
    last = box;
    show();
  }

  function clear() {
    every().checked = false;
    for (const box of boxes()) box.checked = false;
    show();
  }

  function chooseEvery() {
    every().checked = true;
    for (const box of boxes()) box.checked = true;
    show();
  }

  // The row with the focus, else the open case's, else the first.
  function here() {
    const row = document.activeElement.closest?.("#case-list .row") || $("#case-list .row:has(.who[aria-current])") || $("#case-list .row");
    return row ? $(".pick input", row) : null;
  }

  function step(by) {
    const all = boxes();
    const box = here();
    if (!box) return;
    const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(box) + by))];
    box.checked = true;
    choose(next, true);
    focus(next);
  }

  function focus(box) {
    box.focus({ preventScroll: true });
    box.closest(".row").scrollIntoView({ block: "nearest" });
  }

  // True for a key that was meant for the selection.
  function press({ key, shiftKey, ctrlKey, metaKey, altKey }) {
    const lower = key.toLowerCase();
    if (ctrlKey || metaKey) {
      if (lower !== "a" || !isOn()) return false;
      chooseEvery();
      return true;
    }
    if (altKey) return false;
    if (key === "Escape" && isOn()) {
      clear();
      return true;
    }
    if (localStorage.getItem("single-keys") === "off") return false;
    if (shiftKey && ["j", "k"].includes(lower)) {
      step(lower === "j" ? 1 : -1);
      return true;
    }
    if (lower === "x" && !shiftKey) {
      const box = here();
      if (!box) return false;
      choose(box, !box.checked);
      focus(box);
      return true;
    }
    const button = isOn() && $$("[data-bulk-key]", bar()).find((one) => one.dataset.bulkKey === lower);
    button?.click?.();
    return Boolean(button);
  }

  document.addEventListener("keydown", (event) => {
    if (!bar() || event.isComposing || isTextField(event.target) || $("dialog[open]")) return;
    if (event.key === "Escape" && event.target.closest("details[open]")) return;
    if (!press(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-select-none]")) {
      clear();
      return;
    }
    const box = event.target.closest?.("#case-list .pick input");
    if (!box) return;
    if (event.shiftKey && last) chooseRange(box, box.checked);
    else choose(box, box.checked);
  });
  document.addEventListener("change", ({ target }) => {
    if (!target.matches?.("#bulk [name=every]")) return;
    if (target.checked) chooseEvery();
    else clear();
  });
  document.addEventListener("htmx:afterSwap", restore);
  document.addEventListener("horseshoe:listed", restore);
  document.addEventListener("DOMContentLoaded", restore);
  window.addEventListener("pageshow", show);
})();
