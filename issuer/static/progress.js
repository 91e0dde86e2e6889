// SPDX-License-Identifier: AGPL-3.0-or-later
// Looks again by itself how far something is, every few seconds and as long as it is not done.
// Without it the link below says "Look again".
"use strict";

(() => {
  const place = document.getElementById("progress");
  if (!place || !place.dataset.progress) return;
  const link = document.querySelector("[data-progress-link]");

  const look = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.getElementById("progress");
      if (!found) return;
      const said = place.querySelector("[role=status]");
      const news = found.querySelector("[role=status]");
      // What is said is only exchanged when it changed: a screen reader reads it out.
      if (said && news && said.textContent === news.textContent) news.replaceWith(said);
      place.replaceChildren(...found.childNodes);
      if (!found.dataset.progress) {
        if (link) link.remove();
        return;
      }
    } catch {
      // The net is away for a moment.
    }
    again();
  };
  const again = () => setTimeout(look, Number(place.dataset.progress) * 1000);
  again();
})();
