// Menus that open on the page (details.menu, details.confirm): one at a time, closed by Escape and by pressing elsewhere.
// They open and close without this file too.
(() => {
  "use strict";
  const open = () => document.querySelectorAll("details:is(.menu, .confirm)[open]");
  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      const within = menu.contains(document.activeElement);
      menu.open = false;
      if (within) menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("focusin", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
})();
