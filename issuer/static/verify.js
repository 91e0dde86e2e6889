// SPDX-License-Identifier: AGPL-3.0-or-later
// Lets a badge be dropped or pasted anywhere on the page. Without it the form does the same.
"use strict";

(() => {
  const form = document.getElementById("hand-in");
  const area = document.getElementById("drop");
  const file = document.getElementById("file");
  const text = document.getElementById("text");
  if (!form || !area || !file || !text) return;

  const handIn = (transfer) => {
    if (transfer.files.length > 0) {
      file.files = transfer.files;
      text.value = "";
    } else {
      const given = transfer.getData("text/uri-list") || transfer.getData("text/plain");
      if (!given.trim()) return false;
      text.value = given.trim();
      file.value = "";
    }
    form.requestSubmit();
    return true;
  };
  const mark = (on) => area.classList.toggle("drop-here", on);

  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer) handIn(event.dataTransfer);
  });
  document.addEventListener("paste", (event) => {
    const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (!event.clipboardData || (inField && event.clipboardData.files.length === 0)) return;
    if (handIn(event.clipboardData)) event.preventDefault();
  });
  const button = form.querySelector("button[type=submit]");
  const idle = button.textContent;
  form.addEventListener("submit", () => { button.textContent = button.dataset.busy; });
  window.addEventListener("pageshow", () => { button.textContent = idle; });
})();
