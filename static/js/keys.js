// The keys: single letters and digits press what carries them, J and K move in the list, G and a letter change the view.
// Everything works without this file, only slower.
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

  const singleKeysOn = () => localStorage.getItem("single-keys") !== "off";
  // What a page may offer under a key; which there are says inbox/keys.py, and what carries it is pressed.
  const MEANT = /^[a-fh-wyz1-9/.;]$/;
  const isTextField = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const list = () => window.horseshoe?.list;
  // Cards of which each has the same keys: they are for the one that has the focus, else for the first.
  const cardInFocus = () => document.activeElement.closest?.("[data-card]");
  function moveToCard(step) {
    const cards = $$("[data-card]");
    if (!cards.length) return false;
    const card = cards[Math.max(0, Math.min(cards.length - 1, cards.indexOf(cardInFocus()) + step))];
    card.focus();
    card.scrollIntoView({ block: "nearest" });
    return true;
  }
  function moveInList(step) {
    if (list()?.move(step)) return;
    if (moveToCard(step)) return;
    const links = $$("#notice-list .row button.who");
    if (!links.length) return;
    const at = links.indexOf(document.activeElement.closest?.(".row .who"));
    const next = links[Math.max(0, Math.min(links.length - 1, at + step))];
    next.focus();
    next.closest(".row").scrollIntoView({ block: "nearest" });
  }
  function pressKey(key) {
    // What is no longer offered is still there for a moment, but not seen.
    const carrier = `[data-key="${CSS.escape(key)}"]`;
    const card = cardInFocus();
    const offered = [...(card ? $$(carrier, card) : []), ...$$(`#case ${carrier}`), ...$$(carrier)];
    const element = offered.find((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }));
    if (!element) return false;
    if (element.matches("summary")) {
      const details = element.parentElement;
      details.open = !details.open;
      if (details.open) $("[data-first], select, textarea, input:not([type=hidden])", details)?.focus();
    } else if (element.matches("input, textarea")) {
      element.focus();
      element.scrollIntoView({ block: "nearest" });
    } else element.click();
    return true;
  }
  // Digits are for the chooser of departments from the moment W is pressed until it is closed: never for the playbook.
  let chooserAsked = -Infinity;
  function pressDigit(key) {
    const choice = $(`.pop[open] [data-choice="${key}"]`);
    if (choice) {
      choice.click();
      return true;
    }
    const isForChooser = $("#hand-over-chooser > *") || performance.now() - chooserAsked < 2000;
    const button = $(`${isForChooser ? ".chooser" : "#case"} [data-digit="${key}"]`);
    button?.click();
    return Boolean(button);
  }
  function openChooser() {
    chooserAsked = performance.now();
    if ($(".chooser-place .chooser")) return true;
    return pressKey("w");
  }
  // While a case, or the chooser, is on its way, keys wait for it: they are meant for what will be seen.
  let choosing = 0;
  let movingOn = 0;
  let queued = [];
  const isBusy = () => choosing + movingOn > 0 || Boolean(list()?.isOpening());
  const OPENS_FIELD = ["c", "d", "h", "m", "n", "r", "/", ";"];
  // What follows the key of a field is text for the field, and no key.
  let typed = "";
  const awaitsField = () => queued.some((one) => OPENS_FIELD.includes(one));
  function forget() {
    queued = [];
    typed = "";
  }
  function resume(failed) {
    if (failed) forget();
    while (queued.length && !isBusy()) press(queued.shift());
    if (queued.length) return;
    const field = document.activeElement;
    if (typed && field.matches("input, textarea")) {
      field.setRangeText(typed, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    typed = "";
  }
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target, xhr } }) => {
    if (elt.matches("[data-moves-on]")) {
      movingOn += 1;
      xhr.addEventListener("loadend", () => setTimeout(() => {
        movingOn -= 1;
        resume(xhr.status < 200 || xhr.status >= 300);
      }, 60));
    }
    if (target?.id !== "hand-over-chooser") return;
    choosing += 1;
    document.body.dataset.choosing = "yes";
    // Not at once: what was put in works only after htmx has settled it.
    xhr.addEventListener("loadend", () => setTimeout(() => {
      choosing -= 1;
      if (!choosing) delete document.body.dataset.choosing;
      resume(xhr.status < 200 || xhr.status >= 300);
    }, 60));
  });
  document.addEventListener("horseshoe:idle", ({ detail }) => resume(detail.failed));
  // Who presses elsewhere means something else by now.
  document.addEventListener("pointerdown", forget, true);
  // What a key does; false for a key that means nothing here.
  function press(key) {
    if (key === "?") $("#keys")?.showModal();
    else if (key === "j") moveInList(1);
    else if (key === "k") moveInList(-1);
    else if (key === "w") return openChooser();
    else if (/^[1-9]$/.test(key)) return pressDigit(key);
    else return MEANT.test(key) && pressKey(key);
    return true;
  }
  // G and a second letter within a second and a half: to another view.
  let goPressedAt = -Infinity;
  function goToView(key) {
    const link = performance.now() - goPressedAt < 1500 && $(`[data-go="${CSS.escape(key)}"]`);
    goPressedAt = key === "g" ? performance.now() : -Infinity;
    if (link) location.assign(link.href);
    return Boolean(link) || key === "g";
  }
  // What leads on to the next case: pressed twice at once, it would act on a case that nobody has read.
  let ledOn = { key: "", at: -Infinity };
  function isSecondTap(key) {
    if (!["b", "e"].includes(key)) return false;
    const before = ledOn;
    ledOn = { key, at: performance.now() };
    return key === before.key && ledOn.at - before.at < 400;
  }
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (key === "Escape") {
      forget();
      chooserAsked = -Infinity;
      // Elsewhere a form is no pane: what is open in it stays open.
      if (!$(".app, .search-page, #notice-list")) return;
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
    if (isBusy() && awaitsField() && key.length === 1) {
      typed += key;
      event.preventDefault();
      return;
    }
    const lower = key.toLowerCase();
    if (goToView(lower)) {
      event.preventDefault();
      return;
    }
    // A key that is held down moves in the list, but acts once.
    const isMove = ["j", "k"].includes(lower);
    if ((event.repeat && !isMove) || isSecondTap(lower)) return;
    if (isBusy() && (queued.length || !isMove)) {
      if (!MEANT.test(lower)) return;
      queued.push(lower);
    } else if (!press(lower)) return;
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
  // Opened by a click or a key, a form is ready to be written in; on a phone its keyboard would cover it.
  document.addEventListener("toggle", ({ target }) => {
    if (!target.matches?.("details.pop[open]") || !matchMedia("(hover: hover)").matches) return;
    if (document.activeElement === $(":scope > summary", target)) $("[data-first], select, textarea, input:not([type=hidden])", target)?.focus();
  }, true);
  document.addEventListener("click", (event) => {
    for (const details of $$("details.pop[open]")) if (!details.contains(event.target)) details.open = false;
  });

  // Another script asks for a key's action after an answer has arrived.
  document.addEventListener("horseshoe:press", (event) => pressKey(event.detail));

  (window.horseshoe ||= {}).keys = { press };
  document.addEventListener("DOMContentLoaded", () => {
    const box = $("#single-keys");
    if (box) box.checked = singleKeysOn();
  });
})();
