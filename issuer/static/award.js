// SPDX-License-Identifier: AGPL-3.0-or-later
// Names that fit what is being typed, in the browser's own list. Without it the buttons do the same.
"use strict";

const offer = (frame, number) => {
  const input = frame.querySelector("input:not([type=hidden])");
  const target = document.getElementById(frame.dataset.suggestInto);
  const list = document.createElement("datalist");
  list.id = `offered-${number}`;
  frame.append(list);
  input.setAttribute("list", list.id);
  let asked = "";
  let timer = 0;

  const take = () => {
    const name = input.value.trim();
    const line = target.value && !target.value.endsWith("\n") ? "\n" : "";
    target.value += `${line}${name}\n`;
    input.value = "";
    asked = "";
    list.replaceChildren();
  };
  const isOffered = () => [...list.children].some((option) => option.value === input.value);
  const ask = async () => {
    const text = input.value.trim();
    if (text === asked || text.length < 2) return;
    asked = text;
    try {
      const answer = await fetch(`${frame.dataset.suggestFrom}?q=${encodeURIComponent(text)}`);
      if (!answer.ok || text !== asked) return;
      const { items } = await answer.json();
      list.replaceChildren(...items.map((item) => {
        const option = document.createElement("option");
        option.value = item.value;
        option.label = item.text;
        return option;
      }));
    } catch {
      asked = ""; // The form still works.
    }
  };

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    // A choice from the list comes without a typed letter.
    if (target && isOffered() && !(event instanceof InputEvent && event.inputType === "insertText")) take();
    else timer = setTimeout(ask, 150);
  });
  if (!target) return;
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !input.value.trim()) return;
    event.preventDefault();
    take();
  });
};

document.querySelectorAll("[data-suggest-from]").forEach(offer);
