// No request fails without a word: what happened, what was kept and what to do stands where the person looks.
(() => {
  "use strict";
  const { Refusal, WORDS, kindOfStatus, renewForms, signInAddress } = window.horseshoe;
  const NOT_TYPED = ["hidden", "password", "file", "submit", "button", "reset", "image", "checkbox", "radio"];
  const TYPED = `textarea, input${NOT_TYPED.map((type) => `:not([type=${type}])`).join("")}`;
  const REFRESHED = "#case-list, #thread-newest, #notice-list, #rail, #live-board";

  const fieldsOf = (form) => [...form.querySelectorAll(TYPED)].filter((field) => field.checkVisibility());

  class Failure {
    constructor(kind, element, tryAgain) {
      this.kind = kind;
      this.element = element;
      this.form = element?.closest?.("form");
      this.hasText = Boolean(this.form && fieldsOf(this.form).length);
      this.tryAgain = tryAgain;
    }

    title() {
      if (this.form?.id === "reply-form") return "Not sent";
      return this.hasText ? "Not saved" : "It did not work";
    }

    words() {
      const kept = this.hasText && fieldsOf(this.form).some((field) => field.value.trim());
      const words = this.kind === "late" && this.form?.id === "reply-form" ? "The server did not answer in time. If it has the answer already, trying again does not send it twice." : WORDS[this.kind];
      return kept ? `${words} What you typed is kept.` : words;
    }

    // What leads on, by kind: signing in, the page as it stands now, or the same once more.
    action() {
      const leave = (go) => () => {
        window.horseshoe.keeper.leaving = true;
        go();
      };
      const isStored = !this.form?.closest("[data-keep=off]");
      if (this.kind === "signed_out" && !isStored) return ["Sign in in another tab, then save here", () => window.open(signInAddress(), "_blank")];
      if (this.kind === "signed_out") return ["Sign in", leave(() => location.assign(signInAddress()))];
      if (["somebody_else", "conflict", "missing"].includes(this.kind)) return ["Reload the page", leave(() => location.reload())];
      return ["Try again", () => {
        this.banner.remove();
        this.tryAgain();
      }];
    }

    show() {
      this.banner = document.createElement("p");
      this.banner.className = "banner error failure";
      this.banner.setAttribute("role", "alert");
      const title = document.createElement("b");
      title.textContent = this.title();
      const words = document.createElement("span");
      words.textContent = this.words();
      const [label, act] = this.action();
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn";
      button.textContent = label;
      button.addEventListener("click", act);
      this.banner.append(title, " ", words, " ", button);
      this.place();
    }

    place() {
      clear(this.element);
      const notice = this.element?.closest?.("#case") && document.getElementById("case-notice");
      if (this.hasText && this.form.isConnected && this.form.checkVisibility()) {
        const before = this.form.querySelector(":scope > .acts, :scope > button, :scope > .sheet .acts");
        if (before) before.before(this.banner);
        else this.form.append(this.banner);
      } else if (notice) notice.replaceChildren(this.banner);
      else {
        this.banner.classList.add("toast");
        document.body.append(this.banner);
      }
      this.banner.scrollIntoView({ block: "nearest" });
    }
  }

  // What failed before is over once something of the same form, or anything outside a form with text, succeeds.
  function clear(element) {
    for (const banner of document.querySelectorAll(".failure")) {
      const form = banner.closest("form");
      if (!form || form === element?.closest?.("form")) banner.remove();
    }
  }

  function again({ elt, requestConfig }) {
    const { verb, path, triggeringEvent } = requestConfig;
    const form = elt.isConnected ? elt.closest("form") : document.querySelector(`form[hx-${verb}="${CSS.escape(path)}"]`);
    const submitter = triggeringEvent?.submitter;
    if (form && verb === "post") form.requestSubmit(submitter?.isConnected && submitter.form === form ? submitter : null);
    else if (elt.isConnected) window.htmx.ajax(verb.toUpperCase(), path, { source: elt });
    else location.reload();
  }

  async function onFailure(detail, kind) {
    const { elt, requestConfig, target } = detail;
    // A refresh of the page's own comes again by itself; meanwhile the banner of the connection says what is wrong.
    if (requestConfig.elt === target && target?.matches?.(REFRESHED)) return;
    let reason = kind;
    if (kind === "expired" && !elt.renewed) {
      elt.renewed = true;
      try {
        await renewForms();
        again(detail);
        return;
      } catch (error) {
        reason = error instanceof Refusal ? error.kind : kind;
      } finally {
        setTimeout(() => delete elt.renewed, 1000);
      }
    }
    new Failure(reason, elt, () => again(detail)).show();
  }

  document.addEventListener("htmx:sendError", ({ detail }) => onFailure(detail, "unreachable"));
  document.addEventListener("htmx:timeout", ({ detail }) => onFailure(detail, "late"));
  document.addEventListener("htmx:responseError", ({ detail }) => {
    const { status } = detail.xhr;
    onFailure(detail, kindOfStatus(status, detail.xhr.getResponseHeader("Horseshoe-Refused")));
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful && detail.requestConfig.elt !== detail.target) clear(detail.elt);
  });
  // What had no connection goes by itself where that can do no harm: only its word does.
  document.addEventListener("horseshoe:back", () => {
    for (const words of document.querySelectorAll(".failure span")) {
      words.textContent = words.textContent.replace(WORDS.unreachable, "There was no connection to the server; there is one again.");
    }
  });
  Object.assign(window.horseshoe, { Failure, TYPED, clearFailures: clear });
})();
