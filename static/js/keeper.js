// What somebody typed stays in this browser until the server has it: by person, so that nobody else is ever shown it.
// A form with something typed in it is one entry: its values, and what it showed before. Everything works without this file.
(() => {
  "use strict";
  const { TYPED, isSignIn } = window.horseshoe;
  const PREFIX = "kept:";
  const KEEP_FOR = 7 * 24 * 3600 * 1000;
  const LONGEST = 100000;

  const isKept = (form) => form.getAttribute("method") === "post" && !form.closest(".door, dialog");
  const isStored = (form) => !form.closest("[data-keep=off]");
  // Its rows come and go: only the server can show it again as it was.
  const hasRows = (form) => form.dataset.keep === "rows";
  const isChoice = (field) => ["checkbox", "radio"].includes(field.type);
  const controlsOf = (form) => [...form.elements].filter((field) => field.name && (isChoice(field) || field.matches(`select, ${TYPED}`)));
  const valueOf = (field) => (isChoice(field) ? field.checked : field.value);
  const firstOption = (select) => ([...select.options].find((option) => option.defaultSelected) ?? select.options[0])?.value ?? "";
  function shownOf(field) {
    if (isChoice(field)) return field.defaultChecked;
    return field.matches("select") ? firstOption(field) : field.defaultValue;
  }

  // The values of a form's fields by name; fields of one name in their order.
  function collect(form, read) {
    const values = {};
    for (const field of controlsOf(form)) (values[field.name] ||= []).push(read(field));
    return values;
  }
  const fieldsOf = (form) => [...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string");
  const typedIn = (form) => controlsOf(form).filter((field) => field.matches(TYPED) && field.value !== field.defaultValue);
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  class Keeper {
    constructor() {
      this.person = document.body.dataset.person;
      // Forms that somebody has typed in on this page.
      this.touched = new Set();
      // A form is given back what was kept once: what another tab is typing meanwhile is no business of this one.
      this.seen = new WeakSet();
      // What a form with rows showed before somebody changed it.
      this.before = new WeakMap();
      this.leaving = false;
    }

    beforeOf(form) {
      return this.before.get(form) ?? this.read(form)?.shown ?? collect(form, shownOf);
    }

    isChanged(form) {
      if (hasRows(form)) return !same(collect(form, valueOf), this.beforeOf(form));
      return typedIn(form).length > 0;
    }

    key(form) {
      const action = form.getAttribute("action");
      const path = new URL(action || location.href, location.href).pathname;
      const alike = [...document.querySelectorAll("form")].filter((other) => other.getAttribute("action") === action);
      return `${PREFIX}${this.person}:${path}:${alike.indexOf(form)}`;
    }

    read(form) {
      try {
        return JSON.parse(localStorage.getItem(this.key(form)));
      } catch {
        return null;
      }
    }

    keep(form) {
      if (!this.person || !isKept(form)) return;
      this.touched.add(form);
      const values = collect(form, valueOf);
      const shown = hasRows(form) ? this.beforeOf(form) : collect(form, shownOf);
      const entry = JSON.stringify({ values, shown, fields: hasRows(form) ? fieldsOf(form) : undefined, at: Date.now() });
      try {
        if (isStored(form) && this.isChanged(form) && entry.length < LONGEST) localStorage.setItem(this.key(form), entry);
        else localStorage.removeItem(this.key(form));
      } catch {
        // The browser's storage is full or switched off: the page still asks before it is left.
      }
    }

    drop(form) {
      this.touched.delete(form);
      localStorage.removeItem(this.key(form));
      form.querySelector(".given-back")?.remove();
    }

    // The server has what the form shows.
    settle(form) {
      this.drop(form);
      // It is emptied next, to what it showed at first.
      if (form.dataset.clear !== undefined) return;
      for (const field of controlsOf(form)) {
        if (isChoice(field)) field.defaultChecked = field.checked;
        else if (field.matches("select")) for (const option of field.options) option.defaultSelected = option.selected;
        else field.defaultValue = field.value;
      }
    }

    giveBackAll() {
      if (!this.person) return;
      for (const form of document.querySelectorAll("form")) {
        if (isKept(form) && !this.touched.has(form) && !this.seen.has(form)) {
          if (hasRows(form)) this.offerBack(form);
          else this.giveBack(form);
        }
        this.seen.add(form);
      }
    }

    giveBack(form) {
      const entry = this.read(form);
      if (!entry || form.querySelector(".given-back")) return;
      const now = collect(form, valueOf);
      const shown = collect(form, shownOf);
      if (same(shown, entry.values) || this.wasSent(form, entry)) this.drop(form);
      else if (same(now, entry.values)) this.touched.add(form);
      else if (!same(now, shown)) return;
      else if (same(shown, entry.shown) || Object.values(shown).flat().every((value) => !value)) {
        this.fill(form, entry);
        this.say(form, `What you typed is back. It ${form.id === "reply-form" ? "has not been sent" : "is not saved yet"}.`, ["Discard", () => this.discard(form)]);
      } else this.say(form, `You typed “${this.words(form, entry)}” here, which was not saved; this has been changed since.`, ["Put it back", () => this.fill(form, entry)], ["Discard", () => this.discard(form)]);
    }

    // The server is asked to show the form with the rows as they were; it saves nothing.
    offerBack(form) {
      const entry = this.read(form);
      this.before.set(form, collect(form, valueOf));
      if (!entry?.fields) return;
      const shown = Object.values(this.before.get(form)).flat();
      const typed = Object.values(entry.values).flat().filter((value) => typeof value === "string" && value && !shown.includes(value));
      this.say(form, `You changed this form${typed.length ? ` (“${typed.join(" · ").slice(0, 200)}”)` : ""} and did not save it.`, ["Put it back", () => this.putBack(form, entry)], ["Discard", () => this.discard(form)]);
    }

    putBack(form, { fields }) {
      const again = document.createElement("form");
      again.method = "post";
      again.action = location.href;
      again.hidden = true;
      const secret = ["csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value];
      for (const [name, value] of [secret, ...fields, ["do", "look"]]) {
        const field = document.createElement("textarea");
        field.name = name;
        field.value = value;
        again.append(field);
      }
      this.seen.add(again);
      document.getElementById("content").append(again);
      again.requestSubmit();
    }

    // An answer whose receipt got lost stands in the thread: it is not offered for sending once more.
    wasSent(form, { values }) {
      if (form.id !== "reply-form") return false;
      const text = values.text?.[0].trim();
      return [...document.querySelectorAll("#thread .msg.out .said")].some((said) => text && said.textContent.trim().startsWith(text));
    }

    words(form, { values }) {
      const typed = controlsOf(form).filter((field) => field.matches(TYPED)).flatMap((field) => values[field.name] || []);
      return typed.filter(Boolean).join(" · ").slice(0, 200);
    }

    fill(form, { values }) {
      const places = {};
      for (const field of controlsOf(form)) {
        const place = (places[field.name] = (places[field.name] ?? -1) + 1);
        const value = values[field.name]?.[place];
        if (value === undefined) continue;
        if (isChoice(field)) field.checked = value;
        else if (!field.matches("select") || [...field.options].some((option) => option.value === value)) field.value = value;
      }
      form.querySelector(".given-back")?.remove();
      this.keep(form);
      for (let around = form.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
      for (const inner of form.querySelectorAll("details")) if (inner.querySelector(TYPED)) inner.open = true;
      form.dispatchEvent(new CustomEvent("horseshoe:given-back", { bubbles: true }));
    }

    discard(form) {
      this.drop(form);
      form.reset();
      form.dispatchEvent(new CustomEvent("horseshoe:given-back", { bubbles: true }));
    }

    say(form, words, ...actions) {
      const line = document.createElement("p");
      line.className = "given-back";
      line.setAttribute("role", "status");
      line.append(words);
      for (const [label, act] of actions) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn plain";
        button.textContent = label;
        button.addEventListener("click", act);
        line.append(" ", button);
      }
      form.prepend(line);
    }

    // The server showed the form once more with what was typed, and did not save it.
    markUnsaved(form) {
      form.dataset.changed = "yes";
      this.touched.add(form);
      if (!hasRows(form)) return;
      this.seen.add(form);
      this.before.set(form, this.beforeOf(form));
      this.keep(form);
    }

    keepRows(part) {
      const form = part.closest?.("form[data-keep=rows]");
      if (form && this.before.has(form) && this.isChanged(form)) this.keep(form);
    }

    // Only what neither the server has nor goes there by itself, as the draft of an answer does.
    isUnsaved() {
      return [...this.touched].some((form) => form.isConnected && form.dataset.unsaved !== "no" && (form.dataset.changed || (hasRows(form) ? this.isChanged(form) : typedIn(form).some((field) => field.value.trim()))));
    }

    sweep() {
      for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
        let at = 0;
        try {
          ({ at } = JSON.parse(localStorage.getItem(key)));
        } catch {
          // Not ours, or broken.
        }
        if (!(Date.now() - at < KEEP_FOR)) localStorage.removeItem(key);
      }
    }
  }

  let keeper = null;
  document.addEventListener("DOMContentLoaded", () => {
    keeper = new Keeper();
    window.horseshoe.keeper = keeper;
    keeper.sweep();
    keeper.giveBackAll();
  });
  for (const name of ["input", "change"]) {
    document.addEventListener(name, ({ target }) => {
      if (target.form) keeper?.keep(target.form);
    });
  }
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    keeper?.giveBackAll();
    keeper?.keepRows(target);
  });
  document.addEventListener("htmx:oobAfterSwap", () => keeper?.giveBackAll());
  // Before the answer is put in: it may bring the same form, empty.
  document.addEventListener("htmx:beforeOnLoad", ({ detail: { xhr, requestConfig } }) => {
    const place = xhr.getResponseHeader("HX-Redirect");
    if (place && isSignIn(place)) keeper.leaving = true;
    else if (requestConfig.verb === "post" && xhr.status >= 200 && xhr.status < 300) {
      // Not a part of a form that asks how it would read.
      if (requestConfig.elt.matches("form")) keeper.settle(requestConfig.elt);
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (keeper && !keeper.leaving && keeper.isUnsaved()) event.preventDefault();
  });
  window.addEventListener("pageshow", () => {
    if (keeper) keeper.leaving = false;
  });
})();
