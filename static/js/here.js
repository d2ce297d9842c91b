// Who else has a case open. A page says every 15 seconds which case it shows, and at once when that changes or somebody
// begins to write: no key press is a request of its own. The answer says who is in the rows that are marked, so that a
// browser that was killed is forgotten. What changes in the meantime comes over the live stream (stream.js).
(() => {
  "use strict";
  const SIGN_EVERY = 15000;
  // Somebody who goes through the list by key is nowhere for long.
  const SETTLED = 700;
  const STILL_WRITING = 60000;
  // A glance at another tab is no leaving.
  const AWAY = 10000;
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const NOBODY = { short: "", title: "", writes: false };
  const page = [...crypto.getRandomValues(new Uint32Array(3))].map((number) => number.toString(36).padStart(7, "0")).join("");

  // By which this page leaves out what it has told itself.
  window.horseshoe.page = page;

  let said = { id: "", writes: false };
  let typedAt = -Infinity;
  let isAway = false;
  let soon = 0;

  const address = () => $("[data-here]")?.dataset.here;
  const openId = () => $("#case")?.dataset.case || "";

  function presentState() {
    const id = isAway ? "" : openId();
    return { id, writes: Boolean(id) && performance.now() - typedAt < STILL_WRITING && Boolean($("#answer")?.value.trim()) };
  }

  function show(mark, { short, title, writes }) {
    if (mark.textContent !== short) mark.textContent = short;
    mark.title = title;
    mark.classList.toggle("writes", writes);
  }

  // As inbox/queue/markup.py.
  function showInRow(row, words) {
    let mark = $(".meta .here", row);
    if (!words.short) mark?.remove();
    else if (!mark) {
      mark = document.createElement("span");
      mark.className = "here";
      $(".meta .when", row)?.before(mark);
    }
    if (words.short) show(mark, words);
  }

  function showInCase(words) {
    const mark = $("#case-here");
    if (!mark || mark.title === words.title) return;
    const writing = mark.classList.contains("writes") || words.writes;
    show(mark, words);
    mark.hidden = !words.short;
    // Since when they write is in the server's words.
    if (writing) document.dispatchEvent(new CustomEvent("horseshoe:case"));
  }

  function showPeople(people, ids) {
    for (const id of ids) {
      const words = people[id] || NOBODY;
      for (const row of $$(`#case-list .row[data-case="${id}"]`)) showInRow(row, words);
      if (id === openId()) showInCase(words);
    }
  }

  const markedIds = () => $$("#case-list .row:has(.meta .here)").map((row) => row.dataset.case).slice(0, 100);

  function fieldsOf(state, rows) {
    const fields = new URLSearchParams({ page, case: state.id, rows: rows.join(",") });
    if (state.writes) fields.set("writes", "1");
    const secret = $("[name=csrfmiddlewaretoken]")?.value;
    if (secret) fields.set("csrfmiddlewaretoken", secret);
    return fields;
  }

  async function sign() {
    clearTimeout(soon);
    soon = 0;
    const state = presentState();
    const rows = isAway ? [] : markedIds();
    if (!address() || !(state.id || said.id || rows.length)) return;
    said = state;
    const asked = [...rows, ...(state.id ? [state.id] : [])];
    try {
      const answer = await window.horseshoe.post(address(), fieldsOf(state, rows));
      const { is_known: isKnown, people } = answer.ok ? await answer.json() : {};
      showPeople(isKnown ? people : {}, isKnown ? asked : [...markedIds(), openId()]);
    } catch {
      // Nobody can say now: better nothing than something that is no longer so.
      showPeople({}, [...markedIds(), openId()]);
    }
  }

  function signSoon() {
    soon ||= setTimeout(sign, SETTLED);
  }

  function signIfChanged() {
    const state = presentState();
    if (state.id === said.id && state.writes === said.writes) return;
    clearTimeout(soon);
    soon = 0;
    signSoon();
  }

  function leave() {
    if (!said.id || !address()) return;
    said = { id: "", writes: false };
    navigator.sendBeacon(address(), fieldsOf(said, []));
  }

  let leaving = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(leaving);
    if (document.hidden) {
      leaving = setTimeout(() => {
        isAway = true;
        leave();
      }, AWAY);
    } else {
      isAway = false;
      sign();
    }
  });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) sign();
  });
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "answer") return;
    typedAt = performance.now();
    if (!said.writes) signSoon();
  });
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
    if (elt.id === "reply-form") typedAt = -Infinity;
  });
  document.addEventListener("htmx:afterSettle", signIfChanged);
  document.addEventListener("DOMContentLoaded", () => {
    if (!document.hidden) signSoon();
  });
  setInterval(() => document.hidden || sign(), SIGN_EVERY);
  document.addEventListener("horseshoe:live", ({ detail }) => {
    if (detail.kind === "people") showPeople(detail.people, Object.keys(detail.people));
  });
})();
