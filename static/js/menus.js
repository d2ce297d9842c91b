// Menus that open on the page (details.menu, details.confirm): one at a time, closed by Escape and by pressing elsewhere.
// They open and close without this file too.
(() => {
  "use strict";
  const open = () => document.querySelectorAll("details:is(.menu, .confirm)[open]");
  document.addEventListener("click", (event) => {
    for (const one of open()) if (!one.contains(event.target)) one.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const one of open()) {
      const within = one.contains(document.activeElement);
      one.open = false;
      if (within) one.querySelector("summary").focus();
    }
  });
  document.addEventListener("focusin", (event) => {
    for (const one of open()) if (!one.contains(event.target)) one.open = false;
  });
})();
