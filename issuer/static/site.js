// SPDX-License-Identifier: AGPL-3.0-or-later
// Small comforts of every page. Without it each form and link does the same with a page load.
"use strict";

(() => {
  const YEAR = 31536000;

  // Light or dark at once, and remembered in the cookie that the server reads.
  for (const form of document.querySelectorAll("[data-preferences]")) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (!button || button.name !== "theme") return;
      event.preventDefault();
      const automatic = button.value === "auto";
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `theme=${button.value}; Path=/; Max-Age=${automatic ? 0 : YEAR}; SameSite=Lax${secure}`;
      if (automatic) delete document.documentElement.dataset.bsTheme;
      else document.documentElement.dataset.bsTheme = button.value;
      for (const other of form.querySelectorAll("button[name=theme]")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }

  // A menu closes when something else is used, or with Escape.
  const menus = document.querySelectorAll("details.menu");
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
  for (const menu of menus) {
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    menu.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
    });
  }
})();
