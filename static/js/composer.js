// The composer: length as the network counts it, and the draft kept on the server while somebody types.
// The server's count is the truth: it comes back with every kept draft and replaces this estimate.
(() => {
  "use strict";
  const PAUSE = 800;
  const LINK = /\bhttps?:\/\/[^\s]+|\b(?:[a-z0-9-]+\.)+[a-z]{2,}(?:\/[^\s]*)?/gi;
  const LIGHT = (code) => code <= 4351 || (code >= 8192 && code <= 8205) || (code >= 8208 && code <= 8223) || (code >= 8242 && code <= 8247);
  const AGAIN = 5000;
  // Trying again does not help: the person has to sign in, or may not write here.
  const FINAL = ["signed_out", "somebody_else", "forbidden", "missing", "refused", "large"];
  const { Refusal, kindOfStatus, post, signInAddress } = window.horseshoe;
  const keeper = () => window.horseshoe.keeper;
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

  function say(words, signIn = false) {
    const state = document.getElementById("draft-state");
    if (!state) return;
    state.textContent = words;
    if (!signIn) return;
    const link = document.createElement("a");
    link.href = signInAddress();
    link.textContent = "Sign in again";
    state.append(" ", link);
  }

  // The draft on the server. Until it is there the text stays in this browser, and is sent again by and by.
  async function saveDraft() {
    clearTimeout(timer);
    timer = 0;
    const form = document.getElementById("reply-form");
    const answer = document.getElementById("answer");
    if (!form || !answer || document.body.dataset.sent) return;
    const text = answer.value;
    if (storedDraft === form.dataset.draft + text) return;
    const fields = new URLSearchParams({ text, csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    try {
      const response = await post(form.dataset.draft, fields, { keepalive: text.length < 20000 });
      if (!response.ok) throw new Refusal(kindOfStatus(response.status));
      storedDraft = form.dataset.draft + text;
      const { length } = await response.json();
      if (document.getElementById("answer") !== answer || document.body.dataset.sent) return;
      answer.defaultValue = text;
      keeper().keep(form);
      if (answer.value === text) {
        form.dataset.unsaved = "no";
        show(length);
        say(text.trim() ? "Draft kept" : "");
      }
    } catch (error) {
      if (document.getElementById("answer") !== answer) return;
      const reason = error instanceof Refusal ? error : new Refusal("broken");
      form.dataset.unsaved = "yes";
      say(`Kept in this browser only. ${reason.message}`, reason.kind === "signed_out");
      if (!FINAL.includes(reason.kind)) timer = setTimeout(saveDraft, AGAIN);
    }
  }

  document.addEventListener("input", (event) => {
    if (event.target.id !== "answer") return;
    refresh();
    say("");
    event.target.form.dataset.unsaved = "no";
    clearTimeout(timer);
    timer = setTimeout(saveDraft, PAUSE);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && timer) saveDraft();
  });
  window.addEventListener("pagehide", () => {
    if (timer) saveDraft();
  });
  document.addEventListener("horseshoe:back", saveDraft);
  document.addEventListener("horseshoe:given-back", (event) => {
    if (event.target.id !== "reply-form") return;
    refresh();
    saveDraft();
  });
  // Leaving a case: its draft goes first. Sending: no draft may follow the answer.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target, xhr } = event.detail;
    if (elt.id === "reply-form") {
      clearTimeout(timer);
      timer = 0;
      document.body.dataset.sent = "yes";
      // Not by htmx:afterRequest: it isn't told of a request whose form has been replaced.
      const begun = performance.now();
      xhr.addEventListener("loadend", () => afterSending(xhr.status, performance.now() - begun));
    } else if (target?.id === "case") saveDraft();
  });

  // It was not sent: what was typed last before that is a draft after all. Without an answer in time it may have been
  // sent: as a draft it could be sent once more, so it stays in the browser alone.
  function afterSending(status, took) {
    delete document.body.dataset.sent;
    storedDraft = null;
    const wasLate = !status && took >= window.htmx.config.timeout;
    if (!wasLate && (status < 200 || status >= 300)) saveDraft();
  }

  // An answer that could not be sent is the draft again: an empty box shows it at once.
  document.addEventListener("htmx:afterSettle", () => {
    const draft = document.getElementById("composer-state")?.dataset.draft;
    const answer = document.getElementById("answer");
    if (!draft || !answer || answer.value || answer.defaultValue || document.body.dataset.sent) return;
    answer.value = draft;
    answer.defaultValue = draft;
    refresh();
    say("Your text is back");
  });
  document.addEventListener("htmx:afterSettle", refresh);
  document.addEventListener("DOMContentLoaded", refresh);
})();
