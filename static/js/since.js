// What is new since the case was opened. Whoever begins to write has seen what stands there; what comes while they
// write has to be looked at: by "Show the first", or when the server has not sent the answer for it.
(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);
  let wasEmpty = true;

  function mark(...names) {
    const now = $("#since-opened")?.dataset.now;
    if (!now) return;
    for (const name of names) {
      const field = $(`#thread-newest > input[name=${name}]`);
      if (field) field.value = now;
    }
    const version = $("#composer-state input[name=version]");
    if (version) [version.value] = now.split("-");
  }

  document.addEventListener("input", ({ target }) => {
    if (target.id !== "answer") return;
    if (wasEmpty && target.value) mark("seen");
    wasEmpty = !target.value;
  });
  for (const name of ["DOMContentLoaded", "htmx:afterSettle", "horseshoe:given-back"]) {
    document.addEventListener(name, () => {
      wasEmpty = !$("#answer")?.value;
    });
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-show-new]") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const first = $("#first-new");
    first?.scrollIntoView({ block: "start" });
    first?.focus({ preventScroll: true });
    mark("opened", "seen");
    $("#since-opened .lint")?.remove();
  });
})();
