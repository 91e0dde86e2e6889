// SPDX-License-Identifier: AGPL-3.0-or-later
// Shows Markdown as it is typed, and a picture as soon as it is chosen. Without it there is a button.
"use strict";

for (const live of document.querySelectorAll("[data-words]")) {
  const input = document.getElementById(live.dataset.words);
  const token = input.form.querySelector("[name=csrf_token]").value;
  const shown = live.querySelector("div");
  let timer = 0;
  let asked = "";
  const show = async () => {
    const text = input.value;
    if (text === asked) return;
    asked = text;
    try {
      const body = new URLSearchParams({ text, csrf_token: token });
      const answer = await fetch(live.dataset.source, { method: "POST", body });
      if (!answer.ok || text !== asked) return;
      shown.innerHTML = await answer.text(); // The server made and cleaned it.
      live.hidden = !text.trim();
    } catch {
      asked = ""; // The button still works.
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 400);
  });
  show();
}

for (const place of document.querySelectorAll("[data-picture]")) {
  document.getElementById(place.dataset.picture).addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (!file || !/^image\/(png|svg\+xml)$/.test(file.type)) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      for (const image of place.querySelectorAll("img")) image.src = reader.result;
      place.hidden = false;
    });
    reader.readAsDataURL(file);
  });
}
