// Countdowns stay true while a page is open. The server's words are right when they arrive; this counts on.
(() => {
  "use strict";
  const EVERY = 10000;

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

  function count() {
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

  setInterval(count, EVERY);
  document.addEventListener("visibilitychange", count);
  document.addEventListener("htmx:afterSettle", count);
})();
