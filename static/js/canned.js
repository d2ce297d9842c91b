// Canned answers in the box for an answer: ";" and a few words find them, arrows choose, Enter inserts, Escape closes.
// The server finds, ranks and fills them. What is inserted is typed text for the browser, so that its undo takes it back.
(() => {
  "use strict";
  const PAUSE = 60;
  // A semicolon at the beginning or after a space, then up to four words; a sentence's own semicolon follows a letter.
  const ASKED = /(?:^|\s)(;(?:[^\s;]+(?: [^\s;]+){0,3} ?)?)$/u;
  const $ = (id) => document.getElementById(id);
  const box = () => $("answer");
  // What the list shows, and where the words that asked for it stand in the text.
  let state = null;
  // Where the list was closed by Escape: it stays closed for that semicolon.
  let closedAt = -1;
  let timer = 0;
  let asked = 0;

  const isOpen = () => Boolean(state && !$("canned")?.hidden);

  function findAsked() {
    const answer = box();
    if (!answer || answer.selectionStart !== answer.selectionEnd) return null;
    const match = ASKED.exec(answer.value.slice(0, answer.selectionStart));
    if (!match) return null;
    const end = answer.selectionStart;
    return { start: end - match[1].length, end, query: match[1].slice(1).trim() };
  }

  function close() {
    clearTimeout(timer);
    asked += 1;
    state = null;
    const answer = box();
    if (!$("canned")) return;
    $("canned").hidden = true;
    $("canned-order").hidden = true;
    $("canned-list").replaceChildren();
    for (const name of ["aria-activedescendant", "aria-controls", "aria-autocomplete", "aria-haspopup"]) answer?.removeAttribute(name);
  }

  function make(tag, text, className = "") {
    const element = document.createElement(tag);
    element.textContent = text;
    element.className = className;
    return element;
  }

  function makeOption(offered, at) {
    const option = make("li", "");
    option.id = `canned-${at}`;
    option.setAttribute("role", "option");
    const name = make("span", "", "name");
    name.append(make("code", `;${offered.shortcut}`), " ", make("b", offered.title));
    const length = make("span", `${offered.length.toLocaleString("en")} characters`, "length");
    if (offered.isTooLong) length.append(" · ", make("span", "▲ too long", "over"));
    else if (offered.uses) length.append(` · used ${offered.uses.toLocaleString("en")} ${offered.uses === 1 ? "time" : "times"}`);
    option.append(name, length, make("span", offered.about, "about"));
    // The text must not lose the caret to a click.
    option.addEventListener("mousedown", (event) => event.preventDefault());
    option.addEventListener("click", () => {
      mark(at);
      choose();
    });
    return option;
  }

  function mark(at) {
    state.at = at;
    [...$("canned-list").children].forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    const option = $(`canned-${at}`);
    box().setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
    $("canned-preview").textContent = state.answers[at].text;
    $("canned-preview").lang = state.answers[at].language;
  }

  function show(place, answers) {
    const said = answers.length === 1 ? "1 canned answer" : `${answers.length} canned answers`;
    $("canned-said").textContent = answers.length ? `${said}. Arrow keys choose, Enter inserts.` : "No canned answer found";
    if (!answers.length) {
      close();
      return;
    }
    state = { ...place, answers, at: 0 };
    $("canned-title").textContent = said;
    $("canned-list").replaceChildren(...answers.map(makeOption));
    $("canned-order").hidden = true;
    $("canned").hidden = false;
    const answer = box();
    answer.setAttribute("aria-controls", "canned-list");
    answer.setAttribute("aria-autocomplete", "list");
    answer.setAttribute("aria-haspopup", "listbox");
    mark(0);
    // Where the list stands in the page, as on a phone, it moves the box.
    answer.scrollIntoView({ block: "nearest" });
  }

  async function look(place) {
    asked += 1;
    const number = asked;
    const address = `${$("canned").dataset.found}?${new URLSearchParams({ q: place.query })}`;
    let answers = [];
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      if (response.ok && !response.redirected) ({ answers } = await response.json());
    } catch {
      // Without an answer there is nothing to offer; what is typed stays as it is.
    }
    if (number === asked && findAsked()?.query === place.query) show(place, answers);
  }

  function refresh() {
    clearTimeout(timer);
    const place = findAsked();
    if (!place || place.start === closedAt) {
      if (!place) closedAt = -1;
      if (state) close();
      return;
    }
    closedAt = -1;
    timer = setTimeout(look, PAUSE, place);
  }

  function note(id) {
    const ids = $("canned-ids");
    ids.value = [...new Set([...ids.value.split(",").filter(Boolean), String(id)])].join(",");
  }

  // As if it were typed: the one way that keeps the browser's undo.
  function type(text, start, end) {
    const answer = box();
    answer.focus();
    answer.setSelectionRange(start, end);
    if (document.execCommand("insertText", false, text)) return;
    answer.setRangeText(text, start, end, "end");
    answer.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function insert(order) {
    const { answers, at, start, end } = state;
    const { id, text } = answers[at];
    close();
    note(id);
    type(order ? text.replaceAll("{order}", () => order) : text, start, end);
  }

  function choose() {
    if (!state.answers[state.at].asksForOrder) {
      insert("");
      return;
    }
    const order = $("canned-order");
    order.hidden = false;
    $("canned-order-number").value = "";
    $("canned-order-number").focus();
  }

  function onKey(event) {
    const { key, target } = event;
    if (!isOpen() || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const inOrder = target.id === "canned-order-number";
    if (!inOrder && target !== box()) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (key === "Escape") {
      closedAt = state.start;
      close();
      box().focus();
    } else if (inOrder && key === "Enter") insert(target.value.trim());
    else if (!inOrder && step) mark((state.at + step + state.answers.length) % state.answers.length);
    else if (!inOrder && key === "Enter" && !event.shiftKey) choose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Chosen elsewhere, as in the palette: it goes where the caret is, as if it had been asked for there.
  function put(offered) {
    const answer = box();
    if (!answer) return false;
    answer.focus();
    const at = answer.selectionEnd;
    show({ start: at, end: at, query: "" }, [offered]);
    choose();
    return true;
  }
  (window.horseshoe ||= {}).canned = { put };

  // Before the keys of the page: there Escape leaves the box.
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("input", ({ target }) => {
    if (target.id === "answer") refresh();
  });
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    if (isOpen() && (target.id === "answer" || target.closest?.("#canned")) && relatedTarget?.id !== "answer" && !relatedTarget?.closest?.("#canned")) close();
  });
  document.addEventListener("click", (event) => {
    if (event.target.id === "canned-insert" && isOpen()) insert($("canned-order-number").value.trim());
    const link = event.target.closest?.("#canned-open");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const answer = box();
    answer.focus();
    const at = answer.selectionEnd;
    type(/(^|\s)$/.test(answer.value.slice(0, at)) ? ";" : " ;", at, at);
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target?.id === "case" && state) close();
  });
})();
