// The bell of every page: the number of unread notices beside it, in the title and in the icon of the tab, and the newest
// in a panel. Numbers always come from the server and are never counted here; what one tab hears all others show at once.
(() => {
  "use strict";
  const POLL_EVERY = 10000;
  const MOST_SHOWN = 99;
  const panel = document.getElementById("bell-panel");
  if (!panel) return;
  const address = panel.dataset.bell;

  const link = () => document.querySelector("#rail .bell");
  const icon = document.querySelector("link[rel=icon]");
  const plainIcon = icon?.href;
  const otherTabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(`bell:${document.body.dataset.person}`);

  // What was last heard, and when it was asked for: an answer that was asked for before that comes too late.
  const heard = { unread: null, askedAt: 0 };
  let polling = 0;

  const words = (count) => (count > MOST_SHOWN ? `${MOST_SHOWN}+` : String(count));

  function showTitle(count) {
    const plain = document.title.replace(/^\(\d+\+?\) /, "");
    const title = count ? `(${words(count)}) ${plain}` : plain;
    if (document.title !== title) document.title = title;
  }

  function showIcon(count) {
    if (!icon) return;
    const href = count ? new URL(`${address}icon/${Math.min(count, 10)}.svg`, location.href).href : plainIcon;
    if (icon.href !== href) icon.href = href;
  }

  function fillNumber(place, count) {
    const label = document.createElement("span");
    label.className = "visually-hidden";
    label.textContent = " unread";
    place.replaceChildren(words(count), label);
  }

  function showNumbers(count) {
    const bell = link();
    if (bell) {
      bell.dataset.unread = count;
      const number = bell.querySelector(".n");
      fillNumber(number, count);
      number.hidden = !count;
      number.classList.toggle("hot", count > 0);
    }
    const tab = document.getElementById("tab-unread");
    if (!tab) return;
    const number = document.createElement("b");
    number.textContent = words(count);
    const label = document.createElement("span");
    label.className = "visually-hidden";
    label.textContent = " unread";
    tab.replaceChildren(...(count ? [number, label] : []));
  }

  function show(count, askedAt) {
    if (askedAt < heard.askedAt) return;
    const grew = heard.unread !== null && count > heard.unread;
    Object.assign(heard, { unread: count, askedAt });
    showNumbers(count);
    showTitle(count);
    showIcon(count);
    if (grew) document.getElementById("bell-words").textContent = `New notice. ${words(count)} unread.`;
  }

  // The answer to a question about the bell: the number, and the newest notices for the panel.
  function take(html, askedAt) {
    if (askedAt < heard.askedAt) return;
    const list = new DOMParser().parseFromString(html, "text/html").getElementById("bell-list");
    if (!list) return;
    const focused = panel.contains(document.activeElement) ? document.activeElement.form?.getAttribute("action") : null;
    panel.replaceChildren(document.adoptNode(list));
    window.htmx?.process(panel);
    if (focused) (panel.querySelector(`form[action="${focused}"] button`) ?? panel).focus({ preventScroll: true });
    show(Number(list.dataset.unread), askedAt);
  }

  async function ask() {
    const askedAt = Date.now();
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, cache: "no-store" });
      if (!answer.ok || answer.redirected) return;
      const html = await answer.text();
      take(html, askedAt);
      otherTabs?.postMessage({ html, askedAt });
    } catch {
      // The page says by itself that it has no connection; the bell is right again with the next answer.
    }
  }

  // A hidden tab is told by the one that is looked at.
  const askIfSeen = () => document.hidden || ask();

  document.addEventListener("horseshoe:live", ({ detail: { kind, ids, missed, html, askedAt } }) => {
    if (kind === "bell") take(html, askedAt);
    else if (kind === "notices" || (kind === "cases" && !ids.length)) askIfSeen();
    else if (kind === "broken") polling ||= setInterval(askIfSeen, POLL_EVERY);
    else if (kind === "open") {
      if (polling || missed) askIfSeen();
      clearInterval(polling);
      polling = 0;
    }
  });
  otherTabs?.addEventListener("message", ({ data }) => {
    if (data.html) take(data.html, data.askedAt);
    else show(data.unread, data.askedAt);
  });
  window.addEventListener("pageshow", (event) => event.persisted && ask());

  // The navigation brings the number, too, as it was when the navigation was asked for.
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    detail.xhr.bellAskedAt = Date.now();
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    const list = document.getElementById("bell-list");
    if (detail.target?.id === "bell-list" && list) show(Number(list.dataset.unread), detail.xhr.bellAskedAt ?? 0);
    const bell = link();
    if (detail.target?.id !== "rail" || !bell) return;
    const askedAt = detail.xhr.bellAskedAt ?? 0;
    if (askedAt < heard.askedAt) showNumbers(heard.unread);
    else show(Number(bell.dataset.unread), askedAt);
  });

  // Other scripts give the page another title; the number stays in front of it.
  new MutationObserver(() => heard.unread === null || showTitle(heard.unread)).observe(document.head.querySelector("title"), { childList: true });

  // A click opens the panel; a key (`g n`), another button of the mouse, and a page without scripts lead to the list.
  let wasOpen = false;
  document.addEventListener("pointerdown", ({ target }) => {
    wasOpen = Boolean(target.closest?.("#rail .bell")) && panel.matches(":popover-open");
  }, true);
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#rail .bell") || !panel.showPopover) return;
    if (!event.isTrusted || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (wasOpen) {
      wasOpen = false;
      panel.hidePopover();
      return;
    }
    panel.showPopover();
    panel.focus({ preventScroll: true });
    ask();
  });

  const bell = link();
  if (!bell) return;
  const drawnAt = Math.round(performance.timeOrigin);
  show(Number(bell.dataset.unread), drawnAt);
  otherTabs?.postMessage({ unread: heard.unread, askedAt: drawnAt });
})();
