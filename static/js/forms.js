// Forms of whole pages, sent so that a failure leaves the page and what was typed in it where they are.
// Without this file the browser sends them. Ctrl Enter sends the form that somebody is in.
(() => {
  "use strict";
  const { Failure, Refusal, TYPED, clearFailures, isSignIn, kindOfStatus, post } = window.horseshoe;
  const PATIENCE = 60000;
  const PATIENCE_WITH_FILES = 600000;
  // The answer shows the form once more, with what is wrong in it.
  const SHOWN_AGAIN = [200, 400, 409, 422];

  class SentForm {
    constructor(form, submitter) {
      this.form = form;
      this.submitter = submitter?.isConnected ? submitter : null;
      this.keeper = window.horseshoe.keeper;
    }

    async send() {
      const { form, submitter } = this;
      const fields = new FormData(form, submitter);
      const hasFiles = Boolean(form.querySelector("input[type=file]"));
      const address = submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href;
      form.setAttribute("aria-busy", "true");
      try {
        const body = hasFiles ? fields : new URLSearchParams(fields);
        await this.take(await post(address, body, { patience: hasFiles ? PATIENCE_WITH_FILES : PATIENCE }));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        new Failure(error.kind, form, () => form.requestSubmit(submitter)).show();
      } finally {
        form.removeAttribute("aria-busy");
      }
      this.goOn();
    }

    // Another button was pressed meanwhile: it stands in the form that came instead, too.
    goOn() {
      if (!this.next) return;
      const alike = [...document.querySelectorAll(`button[name="${CSS.escape(this.next.name)}"]`)].find((button) => button.value === this.next.value);
      const button = this.next.isConnected ? this.next : alike;
      button?.click();
    }

    async take(answer) {
      const place = answer.headers.get("Horseshoe-Location");
      if (place) this.go(place);
      else if (SHOWN_AGAIN.includes(answer.status)) this.show(await answer.text(), answer);
      else this.fail(kindOfStatus(answer.status, answer.headers.get("Horseshoe-Refused")));
    }

    // Done; unless the person has to say first who they are: then nothing is done yet.
    go(place) {
      const to = new URL(place, location.href);
      if (isSignIn(place)) this.keeper.leaving = true;
      else this.keeper.settle(this.form);
      if (to.pathname + to.search === location.pathname + location.search && to.hash) {
        location.hash = to.hash;
        location.reload();
      } else location.assign(to);
    }

    show(html, { status, url }) {
      const page = new DOMParser().parseFromString(html, "text/html");
      const content = page.getElementById("content");
      if (!content || content.querySelector("[data-error-page]")) {
        this.fail(kindOfStatus(status === 200 ? 500 : status));
        return;
      }
      clearFailures(this.form);
      this.keeper.touched.delete(this.form);
      document.title = page.title;
      const shown = document.adoptNode(content);
      document.getElementById("content").replaceWith(shown);
      // The page's address is still that of the page before: a form without an address of its own means the answer's.
      for (const form of shown.querySelectorAll("form:not([action])")) form.action = url;
      window.htmx.process(shown);
      const again = [...shown.querySelectorAll("form")].find((form) => form.action === url && form.querySelector(TYPED));
      if (again && (status === 422 || again.dataset.keep)) this.keeper.markUnsaved(again);
      const wrong = shown.querySelector("[aria-invalid=true], .error");
      const place = new URL(this.form.getAttribute("action") || "", location.href).hash;
      if (place) shown.querySelector(place)?.scrollIntoView();
      else if (wrong) wrong.scrollIntoView({ block: "center" });
      else scrollTo(0, 0);
      (wrong?.matches(TYPED) ? wrong : shown).focus({ preventScroll: true });
    }

    fail(kind) {
      new Failure(kind, this.form, () => this.form.requestSubmit(this.submitter)).show();
    }
  }

  const sending = new WeakMap();
  const isOurs = (form) => form.getAttribute("method") === "post" && !form.hasAttribute("hx-post") && !form.closest(".door, [data-native]") && !form.target;

  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || !isOurs(form) || !window.horseshoe.keeper?.person) return;
    event.preventDefault();
    const busy = sending.get(form);
    if (!form.hasAttribute("aria-busy")) {
      sending.set(form, new SentForm(form, submitter));
      sending.get(form).send();
    } else if (busy && submitter !== busy.submitter) busy.next = submitter;
  });

  // A form with several answers to choose from is not sent by a key: nobody would know which, unless one is marked.
  function buttonOf(form, field) {
    const marked = (field.closest("details") ?? form).querySelector("button[data-sends]");
    if (marked) return marked;
    const buttons = [...form.querySelectorAll("button:not([type=button])")];
    if (buttons.length > 1 && buttons.some((button) => button.name)) return null;
    return buttons.find((button) => button.classList.contains("go")) ?? buttons[0];
  }
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing || !target.matches(TYPED) || target.form?.getAttribute("method") !== "post") return;
    event.preventDefault();
    buttonOf(target.form, target)?.click();
  });
})();
