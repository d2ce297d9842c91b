// The lengths under the texts of a canned answer, counted anew while somebody types: as each network counts, with the
// signature, as the composer does (length.js).
(() => {
  "use strict";
  const number = (value) => value.toLocaleString("en");

  function show(place, whole) {
    const { network, label, unit, max, directUnit, directMax } = place.dataset;
    const chosen = place.closest("[data-text]").querySelector("select[name$=-network]").value;
    place.hidden = Boolean(chosen) && chosen !== network;
    const length = whole ? window.horseshoe.measure(whole, unit) : 0;
    const fitsDirect = (whole ? window.horseshoe.measure(whole, directUnit) : 0) <= Number(directMax);
    place.classList.toggle("over", length > Number(max));
    place.textContent = `${label} ${number(length)} / ${number(Number(max))}`;
    if (length > Number(max)) place.textContent += fitsDirect ? ` · ${number(length - max)} too long, fits a direct message` : ` · ${number(length - max)} too long`;
  }

  function refresh(row) {
    const { signature } = row.closest("form").dataset;
    let whole = row.querySelector("textarea").value.trim();
    if (whole && signature && !whole.endsWith(signature)) whole = `${whole} ${signature}`;
    for (const place of row.querySelectorAll(".lengths > span")) show(place, whole);
  }

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, ({ target }) => {
      const row = target.closest("[data-text]");
      if (row) refresh(row);
    });
  }
})();
