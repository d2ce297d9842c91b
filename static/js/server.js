// Requests of scripts, and what becomes of them: every failure has a kind, and every kind has words.
(() => {
  "use strict";
  const horseshoe = (window.horseshoe ||= {});
  const SIGN_IN = "/auth/login/";
  const PATIENCE = 20000;
  const WORDS = {
    unreachable: "There is no connection to the server.",
    late: "The server did not answer in time, so it may have been done all the same. Look before you try again.",
    expired: "You signed in or out since this page was opened.",
    somebody_else: "Somebody else has signed in in this browser. Reload the page to go on as that person.",
    signed_out: "You are signed out.",
    forbidden: "You may not do this, or not any longer.",
    missing: "It is not there any more, or no longer yours.",
    conflict: "Somebody else got there first. Reload the page to see the latest.",
    large: "It is too large.",
    busy: "The server has too much to do. Wait a moment.",
    broken: "Something broke on our side; it was written to the log.",
    refused: "The server did not understand it.",
  };

  // What a status means; `refused` is the header with which the server says why.
  function kindOfStatus(status, refused) {
    if (refused === "expired") return "expired";
    const kinds = { 0: "unreachable", 401: "signed_out", 403: "forbidden", 404: "missing", 409: "conflict", 410: "missing", 413: "large", 429: "busy", 502: "unreachable", 503: "busy", 504: "late" };
    return kinds[status] || (status >= 500 ? "broken" : "refused");
  }

  const signInAddress = () => `${SIGN_IN}?next=${encodeURIComponent(location.pathname + location.search)}&ended=1`;
  const isSignIn = (address) => new URL(address, location.href).pathname.startsWith("/auth/");

  class Refusal extends Error {
    constructor(kind) {
      super(WORDS[kind]);
      this.kind = kind;
    }
  }

  // Every attempt ends: with the server's answer, or with a Refusal that says what happened.
  async function ask(address, options = {}, patience = PATIENCE) {
    try {
      return await fetch(address, { ...options, signal: AbortSignal.timeout(patience) });
    } catch (error) {
      if (error.name === "TimeoutError") throw new Refusal("late");
      document.dispatchEvent(new CustomEvent("horseshoe:unreachable"));
      throw new Refusal("unreachable");
    }
  }

  // Signing in again gives the browser another secret: the forms of this page get it, too, if it is the same person.
  async function renewForms() {
    const answer = await ask(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected && isSignIn(answer.url)) throw new Refusal("signed_out");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const person = page.body.dataset.person;
    if (person && person !== document.body.dataset.person) throw new Refusal("somebody_else");
    const token = page.querySelector("input[name=csrfmiddlewaretoken]")?.value;
    if (!person || !token) throw new Refusal("expired");
    for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
    return token;
  }

  // Send a form's fields. A refused secret means that nothing was done: once more with the new one.
  async function post(address, fields, options = {}) {
    const headers = { "Horseshoe-Form": "1" };
    const send = () => ask(address, { method: "POST", body: fields, headers, ...options }, options.patience);
    let answer = await send();
    if (answer.headers.get("Horseshoe-Refused") === "expired") {
      fields.set("csrfmiddlewaretoken", await renewForms());
      answer = await send();
    }
    const place = answer.headers.get("Horseshoe-Location");
    if (place && isSignIn(place) && new URL(place, location.href).pathname === SIGN_IN) throw new Refusal("signed_out");
    return answer;
  }

  Object.assign(horseshoe, { Refusal, WORDS, isSignIn, kindOfStatus, post, renewForms, signInAddress });
})();
