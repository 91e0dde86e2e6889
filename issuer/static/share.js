// SPDX-License-Identifier: AGPL-3.0-or-later
// Puts a button beside each text that is there to be copied. Without it the text can be selected.
"use strict";

(() => {
  if (!navigator.clipboard) return;
  for (const field of document.querySelectorAll("[data-copy]")) {
    const words = [field.dataset.copy, field.dataset.copied];
    const label = document.querySelector(`label[for="${field.id}"]`);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-quiet button-small";
    button.textContent = words[0];
    button.setAttribute("aria-label", `${words[0]}: ${label ? label.textContent : ""}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(field.value);
      button.textContent = words[1];
      setTimeout(() => { button.textContent = words[0]; }, 2000);
    });
    field.after(button);
  }
})();
