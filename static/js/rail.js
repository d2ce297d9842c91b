// The navigation's lists scroll alone: the page one is on is in sight, and stays where it was when numbers come in.
(() => {
  "use strict";
  const lists = () => document.querySelector("#rail .lists");
  const show = () => lists()?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  let top = 0;
  show();
  addEventListener("hashchange", () => location.hash === "#rail" && show());
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target?.id === "rail") top = lists()?.scrollTop ?? 0;
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target?.id === "rail" && lists()) lists().scrollTop = top;
  });
})();
