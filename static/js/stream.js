// The live stream of a browser: one, however many tabs are open, and none while all of them are hidden. Over plain
// HTTP/1.1 a browser opens six connections to a host: with a stream in each tab, the seventh tab would never load.
// This file is both the shared worker that holds the stream and the script of a page that listens to it. Where there
// are no shared workers, a visible tab is elected to hold it; where there is no election either, visible tabs hold one each.
(() => {
  "use strict";
  const SIGN_OF_LIFE = 60000;
  const STILL_HERE = 30000;
  const LOST_AFTER = 75000;

  // The connection itself. `tell` gets {kind: "open" | "broken" | "cases" | "notices" | "people" | "drafts" | "bell"}.
  class Connection {
    constructor(tell) {
      this.tell = tell;
      this.source = null;
      this.retry = 0;
      this.signOfLife = 0;
      this.state = "closed";
      this.since = 0;
      this.heardAt = -Infinity;
      // Something may have happened while nobody listened.
      this.missed = false;
    }

    // `age`: milliseconds since the page was asked for. The server repeats what it has heard in the meantime.
    open(address, age = 0) {
      this.address = address;
      clearInterval(this.signOfLife);
      if (this.source || this.retry) return;
      this.since = performance.now() - age;
      let opened = false;
      const source = new EventSource(`${address}?age=${Math.ceil(age)}`);
      this.source = source;
      source.addEventListener("open", () => {
        opened = true;
      });
      // Comes behind what was missed: a page that hears of it has heard of that, too.
      source.addEventListener("ready", () => this.set("open"));
      source.addEventListener("cases", (event) => this.hear({ kind: "cases", ids: JSON.parse(event.data) }));
      for (const kind of ["people", "drafts"]) source.addEventListener(kind, (event) => this.tell({ kind, [kind]: JSON.parse(event.data) }));
      source.addEventListener("notices", () => this.hear({ kind: "notices" }));
      source.addEventListener("error", () => {
        this.set("broken");
        if (source.readyState !== EventSource.CLOSED || this.source !== source) return;
        this.source = null;
        this.retry = setTimeout(() => {
          this.retry = 0;
          this.open(this.address);
        }, opened ? 2000 : 15000);
      });
    }

    hear(message) {
      this.heardAt = performance.now();
      this.tell(message);
    }

    // Whether a page that was asked for so long ago may lack something, when it is told of changes only from now on.
    mayLack(age) {
      const askedFor = performance.now() - age;
      return askedFor < this.since || askedFor <= this.heardAt;
    }

    set(state) {
      this.state = state;
      this.tell({ kind: state, missed: this.missed });
      this.missed = state === "broken";
    }

    close() {
      this.source?.close();
      clearTimeout(this.retry);
      clearInterval(this.signOfLife);
      this.source = null;
      this.retry = 0;
      this.missed = true;
      this.state = "closed";
    }

    // Nobody looks, but the person is still at work: without a sign of life they would be given none. Its answer is their
    // newest notices, so that the number in the title of a hidden tab is not old.
    rest(address) {
      if (!this.source && !this.retry) return;
      this.close();
      this.signOfLife = setInterval(() => this.ask(address), SIGN_OF_LIFE);
    }

    async ask(address) {
      const askedAt = Date.now();
      try {
        const answer = await fetch(address, { headers: { "HX-Request": "true" } });
        if (answer.ok && !answer.redirected) this.tell({ kind: "bell", html: await answer.text(), askedAt });
      } catch {
        // It is asked again.
      }
    }
  }

  // In the shared worker: which tabs there are, and whether anybody looks at one of them.
  class Switchboard {
    constructor() {
      this.tabs = new Map();
      this.person = "";
      this.connection = new Connection((message) => {
        for (const port of this.tabs.keys()) port.postMessage(message);
      });
      setInterval(() => this.look(), STILL_HERE);
    }

    hear(port, { kind, person, visible, live, bell, age }) {
      if (kind === "gone") this.tabs.delete(port);
      else {
        // Somebody else has signed in: their stream is not the last one's.
        if (this.person && this.person !== person) this.connection.close();
        this.person = person;
        this.addresses = { live, bell };
        const isNew = !this.tabs.has(port);
        this.tabs.set(port, visible ? performance.now() : -Infinity);
        if (isNew && ["open", "broken"].includes(this.connection.state)) port.postMessage({ kind: this.connection.state, missed: this.connection.mayLack(age) });
        // The stream is only being opened, for a younger page.
        else if (isNew && this.connection.source) this.connection.missed = true;
      }
      this.look(age);
    }

    // A tab that was killed says nothing: it counts as gone when it has been silent for long.
    look(age) {
      const isSeen = [...this.tabs.values()].some((at) => performance.now() - at < LOST_AFTER);
      if (isSeen) this.connection.open(this.addresses.live, age);
      else if (this.tabs.size) this.connection.rest(this.addresses.bell);
      else this.connection.close();
    }
  }

  if (typeof SharedWorkerGlobalScope !== "undefined" && self instanceof SharedWorkerGlobalScope) {
    const switchboard = new Switchboard();
    self.onconnect = ({ ports: [port] }) => {
      port.onmessage = (event) => switchboard.hear(port, event.data);
    };
    return;
  }

  const script = document.currentScript.src;
  const tellPage = (message) => {
    if (message.kind !== "bell") document.documentElement.dataset.stream = message.kind === "broken" ? "broken" : "open";
    document.dispatchEvent(new CustomEvent("horseshoe:live", { detail: message }));
  };

  // A tab that listens to the shared worker.
  class SharedFeed {
    constructor(page, onFailure) {
      this.page = page;
      const worker = new SharedWorker(script, { name: "live" });
      worker.addEventListener("error", onFailure);
      this.port = worker.port;
      this.port.onmessage = (event) => tellPage(event.data);
      setInterval(() => document.hidden || this.look(), STILL_HERE);
    }

    look() {
      this.port.postMessage({ kind: "here", visible: !document.hidden, age: performance.now(), ...this.page });
    }

    leave() {
      this.port.postMessage({ kind: "gone" });
    }
  }

  // Without shared workers: the visible tab that gets the lock holds the stream and passes on what it hears.
  class ElectedFeed {
    constructor(page) {
      this.page = page;
      this.wanting = null;
      // Another tab held the stream: what happened between its last word and our first is missed.
      this.heard = false;
      this.channel = new BroadcastChannel(`live:${page.person}`);
      this.connection = new Connection((message) => {
        tellPage(message);
        this.channel.postMessage(message);
      });
      this.channel.onmessage = ({ data }) => {
        if (data.kind !== "asks") {
          this.heard = true;
          tellPage(data);
        } else if (["open", "broken"].includes(this.connection.state)) this.channel.postMessage({ kind: this.connection.state, missed: this.connection.mayLack(data.age) });
      };
      this.channel.postMessage({ kind: "asks", age: performance.now() });
    }

    look() {
      if (document.hidden) this.leave();
      else if (!this.wanting) {
        const wanting = new AbortController();
        this.wanting = wanting;
        const hold = () => new Promise((release) => {
          // The turn can come in the moment in which the tab is hidden: then nobody would give it back.
          if (wanting.signal.aborted) return release();
          wanting.signal.addEventListener("abort", release);
          this.connection.missed ||= this.heard;
          this.connection.open(this.page.live, performance.now());
        });
        navigator.locks.request(`live:${this.page.person}`, { signal: wanting.signal }, hold).catch(() => {});
      }
    }

    leave() {
      this.wanting?.abort();
      this.wanting = null;
      this.connection.rest(this.page.bell);
    }
  }

  // Without an election (an old browser, or plain HTTP): a stream of its own for as long as the tab is visible.
  class OwnFeed {
    constructor(page) {
      this.page = page;
      this.connection = new Connection(tellPage);
    }

    look() {
      if (document.hidden) this.leave();
      else this.connection.open(this.page.live, performance.now());
    }

    leave() {
      this.connection.rest(this.page.bell);
    }
  }

  let feed = null;
  function listen(page, withoutWorker) {
    if (typeof EventSource === "undefined") tellPage({ kind: "broken" });
    else if (!withoutWorker && typeof SharedWorker !== "undefined") feed = new SharedFeed(page, () => listen(page, true));
    else if (navigator.locks && typeof BroadcastChannel !== "undefined") feed = new ElectedFeed(page);
    else feed = new OwnFeed(page);
    feed?.look();
  }

  document.addEventListener("visibilitychange", () => feed?.look());
  window.addEventListener("pagehide", () => feed?.leave());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) feed?.look();
  });
  document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("bell-panel")?.dataset;
    if (place) listen({ live: place.events, bell: place.bell, person: document.body.dataset.person });
  });
})();
