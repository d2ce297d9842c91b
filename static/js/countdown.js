// Countdowns stay true while a page is open: due times, and the time in which an answer can still be taken back.
// The server's words are right when they arrive; this counts on.
(() => {
  "use strict";
  const DUE_EVERY = 10000;
  const UNDO_EVERY = 500;

  // As wording.spans.countdown_span.
  function span(milliseconds) {
    const minutes = Math.floor(milliseconds / 60000);
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor((minutes % 1440) / 60);
    const rest = minutes % 60;
    if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
    if (hours) return rest ? `${hours} h ${String(rest).padStart(2, "0")}` : `${hours} h`;
    return rest ? `${rest} min` : "under 1 min";
  }

  function countDueTimes() {
    const now = Date.now();
    for (const chip of document.querySelectorAll("[data-due]")) {
      const left = new Date(chip.dataset.due) - now;
      if (Number.isNaN(left)) continue;
      const words = left < 0 ? `overdue ${span(Math.max(-left, 60000))}` : `${span(left)} left`;
      if (chip.textContent !== words) chip.textContent = words;
      chip.classList.toggle("late", left < 0);
      chip.classList.toggle("risk", left >= 0 && Boolean(chip.dataset.soon) && now >= new Date(chip.dataset.soon));
    }
  }

  // The answer's undo window, counted down; once it is over the case is asked for again.
  let refreshedFor = "";
  function countUndo() {
    for (const chip of document.querySelectorAll("[data-countdown]")) {
      const left = Math.ceil((Date.parse(chip.dataset.countdown) - Date.now()) / 1000);
      if (left > 0) chip.textContent = `sending in ${left} s`;
      else {
        chip.textContent = "about to be sent";
        const undo = chip.parentElement.querySelector("form button");
        if (undo) undo.disabled = true;
        if (refreshedFor !== chip.dataset.countdown && left < -1) {
          refreshedFor = chip.dataset.countdown;
          document.dispatchEvent(new CustomEvent("horseshoe:case"));
        }
      }
    }
  }

  setInterval(countDueTimes, DUE_EVERY);
  setInterval(countUndo, UNDO_EVERY);
  document.addEventListener("visibilitychange", countDueTimes);
  document.addEventListener("htmx:afterSettle", () => {
    countDueTimes();
    countUndo();
  });
})();
