// Ctrl K (on a Mac Cmd K): everything by its name. What the page offers comes from offered.js and is there at once; places
// that the navigation does not list, cases, customers and canned answers come from the server, the latest question's answer
// alone. Without this file /go/ is a page with the same list.
(() => {
  "use strict";
  const horseshoe = (window.horseshoe ||= {});
  const PAUSE = 120;
  const MOST = 40;
  const MOST_RECENT = 12;
  const KINDS = { act: "Act", place: "Page", case: "Case", customer: "Customer", canned: "Canned answer", search: "Search" };
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  const $ = (id) => document.getElementById(id);
  const recentKey = () => `palette-recent-${document.body.dataset.person}`;
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  let dialog = null;
  // What the page offers, what the server has of this question, what is shown, and which of it is marked.
  let local = [];
  let places = null;
  let remote = [];
  let shown = [];
  let at = 0;
  let asked = 0;
  let timer = 0;
  let trouble = "";

  function make(tag, className, text = "") {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
  }

  function build() {
    dialog = make("dialog", "palette");
    dialog.id = "palette";
    dialog.setAttribute("aria-label", "Find anything");
    const field = make("input", "input");
    Object.assign(field, { id: "palette-words", type: "text", maxLength: 200, autocomplete: "off", spellcheck: false, placeholder: "An act, a page, a customer, words or a case number" });
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list", "aria-label": "Find an act, a page, a case or a customer", "data-keep": "off" })) field.setAttribute(name, value);
    const list = make("ul", "");
    list.id = "palette-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Offered");
    const words = make("p", "palette-said soft-text");
    words.id = "palette-said";
    words.setAttribute("role", "status");
    dialog.append(field, list, words);
    document.body.append(dialog);
    field.addEventListener("input", refresh);
    dialog.addEventListener("keydown", onKey);
    dialog.addEventListener("click", (event) => {
      // Not for what closes menus when something else is pressed: a choice may just have opened one.
      event.stopPropagation();
      const option = event.target.closest("[role=option]");
      if (option) choose(Number(option.dataset.at));
      else if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => {
      asked += 1;
      clearTimeout(timer);
    });
  }

  function readRecent() {
    try {
      const stored = JSON.parse(localStorage.getItem(recentKey()) ?? "[]");
      return Array.isArray(stored) ? stored : [];
    } catch {
      return [];
    }
  }

  // Ids alone: no customer's name stays in the browser.
  function remember({ id, kind }) {
    if (!["act", "place", "case", "customer"].includes(kind)) return;
    try {
      localStorage.setItem(recentKey(), JSON.stringify([id, ...readRecent().filter((one) => one !== id)].slice(0, MOST_RECENT)));
    } catch {
      // Without a store nothing is recent.
    }
  }

  // 0: every word begins a word of the name; 1: the words are somewhere in it; -1: not.
  function match(item, words) {
    const name = plain(`${item.name} ${item.kind === "act" ? "" : item.about ?? ""}`);
    let worst = 0;
    for (const word of words) {
      const place = name.indexOf(word);
      if (place < 0) return -1;
      const begins = place === 0 || new RegExp(`[^\\p{L}\\p{N}]${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "u").test(name);
      if (!begins) worst = 1;
    }
    return worst;
  }

  function rank(query) {
    const words = plain(query).split(/\s+/).filter(Boolean);
    const recent = readRecent();
    const whole = words.join(" ");
    const have = new Set(local.map(({ id }) => id));
    const before = recent.filter((id) => /^case:\d+$/.test(id) && !have.has(id)).map((id) => ({ kind: "case", id, name: `Case ${id.slice(5)}`, href: `/cases/${id.slice(5)}/`, about: "" }));
    const all = [...local, ...(places ?? []).filter(({ id }) => !have.has(id)), ...before];
    const rows = all.map((item, order) => {
      const place = recent.indexOf(item.id);
      return { item, order, class: match(item, words), recent: place < 0 ? MOST_RECENT : place, begins: plain(item.name).startsWith(whole) ? 0 : 1 };
    });
    const fitting = rows.filter((row) => row.class >= 0 && (words.length || row.recent < MOST_RECENT || (row.item.kind !== "case" && !row.item.isNested)));
    fitting.sort((a, b) => a.class - b.class || a.recent - b.recent || a.begins - b.begins || a.order - b.order);
    return fitting.map(({ item }) => item);
  }

  function collect() {
    const query = $("palette-words").value.trim();
    const own = rank(query);
    const have = new Set(own.map(({ id }) => id));
    const numbers = remote.filter((item) => item.isNumber);
    const rest = remote.filter((item) => !item.isNumber && !have.has(item.id));
    const search = query ? [{ kind: "search", id: "search", name: `Search all messages for “${query}”`, href: `/search/?${new URLSearchParams({ q: query })}`, about: "" }] : [];
    const room = MOST - Math.min(rest.length, MOST / 2);
    return [...numbers, ...own.filter(({ id }) => !numbers.some((one) => one.id === id)).slice(0, room), ...rest, ...search];
  }

  function show() {
    const before = shown[at]?.id;
    shown = collect();
    at = Math.max(0, shown.findIndex(({ id }) => id === before && at > 0));
    $("palette-list").replaceChildren(...shown.map(makeOption));
    mark(at);
    say();
  }

  function makeOption(item, number) {
    const option = make("li", "");
    option.id = `palette-${number}`;
    option.dataset.at = number;
    option.setAttribute("role", "option");
    const name = make("span", "name", item.name);
    name.dir = "auto";
    option.append(name);
    if (item.about) option.append(make("span", "about", item.about));
    option.append(make("span", "kind", KINDS[item.kind]));
    if (item.cap) option.append(make("kbd", "", item.cap));
    return option;
  }

  function mark(number) {
    at = number;
    const field = $("palette-words");
    [...$("palette-list").children].forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    const option = $(`palette-${at}`);
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  function say() {
    const real = shown.filter(({ kind }) => kind !== "search").length;
    const query = $("palette-words").value.trim();
    let words = trouble || (real ? `${real} offered. Arrow keys choose, Enter takes.` : query ? `Nothing found for “${query}”. Enter searches all messages.` : "This page offers nothing.");
    if (!trouble && timer) words = real ? words : "Looking …";
    if ($("palette-said").textContent !== words) $("palette-said").textContent = words;
  }

  async function askServer(address, number) {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000) });
    if (answer.redirected || answer.status === 401) throw new Error("You are signed out. Reload the page to sign in.");
    if (!answer.ok) throw new Error("The server could not answer. What this page offers is still here.");
    const content = await answer.json();
    return number === asked ? content : null;
  }

  const caseItem = (kind, more = {}) => ({ case: id, name, about }) => ({ kind, id: `case:${id}`, name: kind === "case" && more.isNumber ? `Case ${id}: ${name}` : name, about, href: `/cases/${id}/`, ...more });

  async function lookForCases(query, number) {
    const found = await askServer(`${document.body.dataset.palette}?${new URLSearchParams({ q: query })}`, number);
    if (!found) return [];
    const all = [...found.numbers.map(caseItem("case", { isNumber: true })), ...found.customers.map(caseItem("customer")), ...found.cases.map(caseItem("case"))];
    const seen = new Set();
    return all.filter(({ id }) => !seen.has(id) && seen.add(id));
  }

  async function lookForCanned(query, number) {
    const place = $("canned")?.dataset.found;
    if (!place || query.length < 2) return [];
    const found = await askServer(`${place}?${new URLSearchParams({ q: query.replace(/^;/, "") })}`, number);
    return (found?.answers ?? []).map((answer) => ({ kind: "canned", id: `canned:${answer.id}`, name: answer.title, about: answer.text.slice(0, 100), cap: `;${answer.shortcut}`, answer }));
  }

  async function lookForPlaces(number) {
    const { places: listed } = (await askServer(document.body.dataset.palette, number)) ?? {};
    if (!listed) return [];
    places = listed.map(({ group, label, href }) => ({ kind: "place", id: `place:${href}`, name: label, about: group, href }));
    return [];
  }

  async function look(query) {
    asked += 1;
    const number = asked;
    const parts = query ? [lookForCases(query, number), lookForCanned(query, number)] : [];
    if (!places) parts.push(lookForPlaces(number));
    const results = await Promise.allSettled(parts);
    if (number !== asked || !dialog.open) return;
    timer = 0;
    const failed = results.find(({ status }) => status === "rejected");
    const isOurs = failed?.reason instanceof Error && /server|signed out/.test(failed.reason.message);
    trouble = failed ? (isOurs ? failed.reason.message : "There is no connection to the server. What this page offers is still here; cases could not be searched.") : "";
    remote = results.flatMap(({ value }) => value ?? []);
    show();
  }

  function refresh() {
    clearTimeout(timer);
    asked += 1;
    remote = [];
    trouble = "";
    at = 0;
    const query = $("palette-words").value.trim();
    timer = setTimeout(look, query ? PAUSE : 0, query);
    show();
  }

  function open() {
    if (!document.body.dataset.palette) return;
    if (!dialog) build();
    const other = document.querySelector("dialog[open]");
    if (other && other !== dialog) other.close();
    local = horseshoe.offered.list();
    if (!dialog.open) dialog.showModal();
    $("palette-words").value = "";
    refresh();
    $("palette-words").focus();
  }

  function announce(words) {
    const region = $("announce") ?? document.body.appendChild(Object.assign(make("p", "visually-hidden"), { id: "announce" }));
    region.setAttribute("role", "status");
    region.textContent = words;
  }

  function perform(item) {
    if (item.kind === "canned") {
      announce(horseshoe.canned?.put(item.answer) ? `“${item.name}” inserted` : "There is no box for an answer any more.");
      return;
    }
    if (item.kind !== "act") {
      if (item.element?.isConnected) item.element.click();
      else location.assign(item.href);
      return;
    }
    if (!item.element && item.key) {
      announce(item.name);
      if (item.key === "x") document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "x", bubbles: true, cancelable: true }));
      else horseshoe.keys?.press(item.key);
      return;
    }
    const element = horseshoe.offered.findAgain(item);
    if (!element) {
      announce(`“${item.name}” is not offered any more; nothing was done.`);
      return;
    }
    announce(item.name);
    horseshoe.offered.press(element);
  }

  // The focus is back where it was before anything is done, as if the palette had not been there.
  function choose(number) {
    const item = shown[number];
    if (!item) return;
    remember(item);
    dialog.close();
    perform(item);
  }

  function onKey(event) {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const { key } = event;
    if (key in steps && shown.length) {
      const next = at + steps[key];
      mark(Math.abs(steps[key]) === 1 ? (next + shown.length) % shown.length : Math.max(0, Math.min(shown.length - 1, next)));
    } else if (key === "Enter") choose(at);
    else if (key === "Escape") dialog.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  document.addEventListener("keydown", (event) => {
    const isAsked = event.key?.toLowerCase() === "k" && !event.shiftKey && !event.altKey && (isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey);
    if (!isAsked || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    if (dialog?.open) dialog.close();
    else open();
  }, true);
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-palette-open]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
})();
