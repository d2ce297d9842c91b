// The time zone of this browser, offered where somebody chooses the zone in which they read times.
(() => {
  "use strict";
  const offer = document.getElementById("browser-zone");
  const choice = document.getElementById("id_time_zone");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!offer || !choice || offer.dataset.shown === zone || ![...choice.options].some((option) => option.value === zone)) return;
  offer.querySelector("b").textContent = zone.replaceAll("_", " ");
  offer.hidden = false;
  offer.querySelector("button").addEventListener("click", () => {
    choice.value = zone;
    offer.hidden = true;
    choice.form.requestSubmit();
  });
})();
