// The composer: length as the network counts it, and the draft kept on the server while somebody types.
// The count is the server's own (length.js), and comes back from there with every kept draft.
(() => {
  "use strict";
  const PAUSE = 800;
  // What the server strips off an answer: not what trim() does.
  const BLANK = "[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
  const BLANK_ENDS = new RegExp(`^${BLANK}|${BLANK}$`, "g");
  const AGAIN = 5000;
  // Trying again does not help: the person has to sign in, or may not write here.
  const FINAL = ["signed_out", "somebody_else", "forbidden", "missing", "refused", "large"];
  const { Refusal, kindOfStatus, post, signInAddress } = window.horseshoe;
  const keeper = () => window.horseshoe.keeper;
  let timer = 0;
  let storedDraft = null;
  let underWay = null;

  function measure(count, text) {
    const { signature, unit } = count.dataset;
    let whole = text.replace(BLANK_ENDS, "");
    if (!whole) return 0;
    if (signature && !whole.endsWith(signature)) whole = `${whole} ${signature}`;
    return window.horseshoe.measure(whole, unit);
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

  // Another page of the same person has stored a text since this one did: this one follows, whatever comes late.
  let isElsewhere = false;

  // The draft on the server. Until it is there the text stays in this browser, and is sent again by and by.
  async function saveDraft() {
    clearTimeout(timer);
    timer = 0;
    const form = document.getElementById("reply-form");
    const answer = document.getElementById("answer");
    if (!form || !answer || document.body.dataset.sent) return;
    const text = answer.value;
    if (storedDraft === form.dataset.draft + text) return;
    const canned = document.getElementById("canned-ids")?.value ?? "";
    // A text that is still on its way will be there when this one comes.
    const base = underWay?.place === form.dataset.draft ? underWay.text : answer.defaultValue;
    const own = { place: form.dataset.draft, text };
    underWay = own;
    const fields = new URLSearchParams({ text, base, canned, page: window.horseshoe.page || "", csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    try {
      const response = await post(form.dataset.draft, fields, { keepalive: text.length < 20000 });
      if (response.status === 409) {
        const { text: other } = await response.json();
        const isOwn = [answer.value, answer.defaultValue].some((shown) => shown.trim() === other.trim());
        if (!isOwn && document.getElementById("answer") === answer) offerOther(form, answer, other);
        return;
      }
      if (!response.ok) throw new Refusal(kindOfStatus(response.status));
      storedDraft = form.dataset.draft + text;
      const { length } = await response.json();
      if (document.getElementById("answer") !== answer || document.body.dataset.sent) return;
      answer.defaultValue = text;
      // What this page was last shown of other pages is older than this.
      const shown = document.getElementById("composer-state");
      if (shown?.dataset.draft !== undefined) shown.dataset.draft = text;
      isElsewhere = false;
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
      // The case may have gone elsewhere: its page says so.
      if (["missing", "forbidden"].includes(reason.kind)) document.dispatchEvent(new CustomEvent("horseshoe:case"));
      if (!FINAL.includes(reason.kind)) timer = setTimeout(saveDraft, AGAIN);
    } finally {
      if (underWay === own) underWay = null;
    }
  }

  // Another page of the same person has stored another text: both are there until one is chosen.
  function offerOther(form, answer, other) {
    form.dataset.unsaved = "yes";
    keeper().keep(form);
    say("Not kept yet: you have written something else on another page.");
    document.getElementById("draft-elsewhere")?.remove();
    const block = document.createElement("div");
    Object.assign(block, { className: "kept-words", id: "draft-elsewhere" });
    const label = document.createElement("label");
    const box = document.createElement("textarea");
    Object.assign(box, { className: "box", rows: 3, readOnly: true, dir: "auto", value: other, defaultValue: other });
    label.append("Written on another page ", box);
    const acts = document.createElement("div");
    acts.className = "acts";
    block.append(label, acts);
    const choose = (words, textOf) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "btn", textContent: words });
      button.addEventListener("click", () => {
        answer.defaultValue = other;
        answer.value = textOf();
        block.remove();
        answer.focus();
        refresh();
        storedDraft = null;
        saveDraft();
      });
      acts.append(button);
    };
    choose("Add it below", () => `${answer.value}\n\n${other}`);
    choose("Use it instead", () => other);
    choose("Drop it", () => answer.value);
    answer.after(block);
  }

  // Stored on another page, where nothing has been typed here since: this page shows it, too.
  document.addEventListener("horseshoe:live", ({ detail: { kind, drafts } }) => {
    const page = kind === "drafts" ? drafts[document.getElementById("case")?.dataset.case] : undefined;
    if (page === undefined || page === window.horseshoe.page) return;
    isElsewhere = true;
    document.dispatchEvent(new CustomEvent("horseshoe:case"));
  });
  document.addEventListener("htmx:afterSettle", () => {
    const draft = document.getElementById("composer-state")?.dataset.draft;
    const answer = document.getElementById("answer");
    if (!isElsewhere || !answer || draft === undefined || document.body.dataset.sent) return;
    if (answer.value !== answer.defaultValue || draft === answer.defaultValue) return;
    answer.value = draft;
    answer.defaultValue = draft;
    refresh();
    say("As written on your other page");
  });

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
      xhr.addEventListener("loadend", () => afterSending(xhr, performance.now() - begun));
    } else if (target?.id === "case") saveDraft();
  });

  // It was not sent: what was typed last before that is a draft after all. Without an answer in time it may have been
  // sent: as a draft it could be sent once more, so it stays in the browser alone. So it does when its form had expired:
  // it is sent again at once (failures.js), and a draft would follow it.
  function afterSending(xhr, took) {
    delete document.body.dataset.sent;
    storedDraft = null;
    const { status } = xhr;
    const wasLate = !status && took >= window.htmx.config.timeout;
    const goesAgain = xhr.getResponseHeader("Horseshoe-Refused") === "expired";
    if (!wasLate && !goesAgain && (status < 200 || status >= 300)) saveDraft();
  }

  // An answer that could not be sent is the draft again: an empty box shows it at once.
  document.addEventListener("htmx:afterSettle", () => {
    const draft = document.getElementById("composer-state")?.dataset.draft;
    const answer = document.getElementById("answer");
    if (!draft || !answer || answer.value || answer.defaultValue || document.body.dataset.sent) return;
    answer.value = draft;
    answer.defaultValue = draft;
    const canned = document.getElementById("canned-ids");
    if (canned) canned.value = document.getElementById("composer-state").dataset.canned ?? "";
    refresh();
    say("Your text is back");
  });
  document.addEventListener("htmx:afterSettle", refresh);
  document.addEventListener("DOMContentLoaded", refresh);
})();
