// The composer: length as the network counts it, and the draft kept on the server while somebody types.
// The server's count is the truth: it comes back with every kept draft and replaces this estimate.
(() => {
  "use strict";
  const PAUSE = 800;
  const LINK = /\bhttps?:\/\/[^\s]+|\b(?:[a-z0-9-]+\.)+[a-z]{2,}(?:\/[^\s]*)?/gi;
  const LIGHT = (code) => code <= 4351 || (code >= 8192 && code <= 8205) || (code >= 8208 && code <= 8223) || (code >= 8242 && code <= 8247);
  let timer = 0;
  let storedDraft = null;

  function weighted(text) {
    let length = 0;
    const rest = text.normalize("NFC").replace(LINK, () => {
      length += 23;
      return "";
    });
    const clusters = typeof Intl.Segmenter === "function" ? [...new Intl.Segmenter().segment(rest)].map((part) => part.segment) : [...rest];
    for (const cluster of clusters) {
      if (/\p{Extended_Pictographic}/u.test(cluster)) length += 2;
      else for (const letter of cluster) length += LIGHT(letter.codePointAt(0)) ? 1 : 2;
    }
    return length;
  }

  function measure(count, text) {
    const { signature, unit } = count.dataset;
    let whole = text.trim();
    if (!whole) return 0;
    if (signature && !whole.endsWith(signature)) whole = `${whole} ${signature}`;
    if (unit === "x_weighted") return weighted(whole);
    if (unit === "grapheme" && typeof Intl.Segmenter === "function") return [...new Intl.Segmenter().segment(whole)].length;
    return [...whole].length;
  }

  function show(length) {
    const count = document.getElementById("count");
    if (!count) return;
    const most = Number(count.dataset.max);
    count.textContent = `${length.toLocaleString("en")} / ${most.toLocaleString("en")}`;
    count.classList.toggle("over", length > most);
    if (length > most) count.textContent += ` · ${(length - most).toLocaleString("en")} too long`;
  }

  function refresh() {
    const answer = document.getElementById("answer");
    const count = document.getElementById("count");
    if (answer && count) show(measure(count, answer.value));
  }

  function say(words) {
    const state = document.getElementById("draft-state");
    if (state) state.textContent = words;
  }

  async function saveDraft() {
    clearTimeout(timer);
    const form = document.getElementById("reply-form");
    const answer = document.getElementById("answer");
    if (!form || !answer || document.body.dataset.sent) return;
    const text = answer.value;
    if (storedDraft === form.dataset.draft + text) return;
    try {
      const response = await fetch(form.dataset.draft, {
        method: "POST",
        body: new URLSearchParams({ text }),
        headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
        keepalive: text.length < 20000,
      });
      if (!response.ok) throw new Error(String(response.status));
      storedDraft = form.dataset.draft + text;
      const { length } = await response.json();
      if (document.getElementById("answer") === answer && answer.value === text) {
        show(length);
        say(text.trim() ? "Draft kept" : "");
      }
    } catch {
      say("Draft not kept: no connection");
    }
  }

  document.addEventListener("input", (event) => {
    if (event.target.id !== "answer") return;
    refresh();
    say("");
    clearTimeout(timer);
    timer = setTimeout(saveDraft, PAUSE);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && timer) saveDraft();
  });
  // Leaving a case: its draft goes first. Sending: no draft may follow the answer.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    if (elt.id === "reply-form") {
      clearTimeout(timer);
      document.body.dataset.sent = "yes";
    } else if (event.detail.target?.id === "case") saveDraft();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id === "reply-form") {
      delete document.body.dataset.sent;
      storedDraft = null;
    }
  });
  document.addEventListener("htmx:afterSettle", refresh);
  document.addEventListener("DOMContentLoaded", refresh);
})();
