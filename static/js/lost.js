// The open case is no longer this person's to work on: the page says who has it, and offers what was typed for copying.
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  const LABELS = { text: "Your answer, not sent", note: "Your note, not saved", reason: "Your reason, not saved" };

  // What somebody has typed into the open case, by what it is.
  function typedWords(region) {
    const words = new Map();
    for (const field of region.querySelectorAll("form :is(textarea, input[type=text], input:not([type]))")) {
      const label = LABELS[field.name];
      // The answer's box holds the draft, which nobody has sent either.
      const isOwn = field.value.trim() && (field.id === "answer" || field.value !== field.defaultValue);
      if (label && isOwn) words.set(label, field.value);
    }
    return new Map(Object.values(LABELS).filter((label) => words.has(label)).map((label) => [label, words.get(label)]));
  }

  function keptWords(label, text) {
    const block = document.createElement("div");
    const name = document.createElement("label");
    const box = document.createElement("textarea");
    const copy = document.createElement("button");
    block.className = "kept-words";
    name.textContent = `${label} `;
    Object.assign(box, { className: "box", rows: 3, readOnly: true, dir: "auto", value: text, defaultValue: text });
    Object.assign(copy, { type: "button", className: "btn", textContent: "Copy" });
    copy.dataset.copy = "";
    name.append(box);
    block.append(name, copy);
    return block;
  }

  // The server's words may be older than those on the page, never newer.
  function offer(words, place) {
    for (const [label, text] of words) {
      const blocks = [...place.querySelectorAll(".kept-words")];
      blocks.find((block) => $("label", block).firstChild.textContent.trim() === label)?.remove();
      place.append(keptWords(label, text));
    }
  }

  function announce(words) {
    const region = $("#announce");
    if (region) region.textContent = words;
  }

  function unknownPlace() {
    const panel = document.createElement("div");
    const title = document.createElement("b");
    const words = document.createElement("p");
    const place = document.createElement("div");
    const link = document.createElement("a");
    Object.assign(panel, { className: "empty lost", id: "case-lost", tabIndex: -1 });
    title.textContent = "You no longer have access to this case";
    words.textContent = "It was handed over to another department, or your rights have changed.";
    place.className = "typed-words";
    Object.assign(link, { className: "btn", href: "/", textContent: "Back to the cases" });
    panel.append(title, words, place, link);
    return panel;
  }

  // The region of a case that its reader may no longer see becomes a panel; `html` is the server's answer.
  function showLost(region, html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const panel = document.adoptNode($("#case-lost", page) ?? unknownPlace());
    const hadFocus = region.contains(document.activeElement);
    offer(typedWords(region), $(".typed-words", panel));
    const link = $("a.btn", panel);
    link.href = sessionStorage.getItem("queue") || link.href;
    region.replaceChildren(panel);
    announce($("b", panel).textContent);
    if (hadFocus) panel.focus({ preventScroll: true });
  }

  // Set while a redirect to another page is under way: that page may bring a message, going elsewhere would lose it.
  let leaving = false;
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    leaving ||= Boolean(event.detail.xhr.getResponseHeader("HX-Redirect"));
  });
  addEventListener("pageshow", () => {
    leaving = false;
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig, target } = event.detail;
    const region = $("#case");
    if (!region) return;
    const isRefresh = requestConfig.elt.id === "thread-newest";
    const concernsIt = requestConfig.path.startsWith(`/cases/${region.dataset.case}/`) && region.contains(target);
    const isExplained = xhr.responseText.includes("case-lost") && (concernsIt || target === region);
    // Anything else that is not there is a failure first (failures.js); the refresh that follows shows how the case stands.
    if (xhr.status === 404 && (isExplained || (isRefresh && concernsIt))) {
      event.detail.isError = false;
      event.detail.shouldSwap = false;
      if (!(leaving && isRefresh)) showLost(region, xhr.responseText);
    } else if (concernsIt && xhr.responseText.includes('class="composer lost"')) {
      // Only while this answer is put in, as for a refresh (live.js).
      document.body.dataset.losing = "yes";
      queueMicrotask(() => delete document.body.dataset.losing);
    }
  });

  // Nothing that somebody has open or types in stays in a case in which nothing can be done.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const region = $("#case");
    if (!document.body.dataset.losing || !region?.contains(target)) return;
    const lost = fragment && $(".composer.lost", fragment);
    if (target.id === "composer" && target.matches(".lost")) event.detail.shouldSwap = false;
    else if (target.id === "composer" && lost) {
      event.detail.shouldSwap = true;
      if ("forgets" in lost.dataset) forget(region);
      else offer(losing ?? typedWords(region), $(".typed-words", lost));
      losing = null;
      $("#note", region)?.remove();
    } else if (target.id === "case-bar") {
      losing = typedWords(region);
      event.detail.shouldSwap = true;
    } else if (["case-side", "case-hand-over"].includes(target.id)) event.detail.shouldSwap = true;
  });
  // What was typed before the first of the parts was replaced.
  let losing = null;

  function forget(region) {
    for (const form of region.querySelectorAll("form[method=post]")) {
      // A field that is taken away with the focus in it says so as a change: then nothing must be left to keep.
      form.reset();
      window.horseshoe.keeper?.drop(form);
    }
  }

  document.documentElement.classList.add("scripted");
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest?.("[data-copy]");
    if (!button) return;
    const box = $("textarea", button.closest(".kept-words"));
    try {
      await navigator.clipboard.writeText(box.value);
    } catch {
      // Not over plain http.
      box.select();
      if (!document.execCommand("copy")) return;
    }
    button.textContent = "Copied";
  });
})();
