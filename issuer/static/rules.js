// SPDX-License-Identifier: AGPL-3.0-or-later
// Checks a rule while one types, and numbers its lines. Without it the button "Check" does the same.
"use strict";

(() => {
  const frame = document.querySelector("[data-lint]");
  const text = frame && frame.querySelector("textarea");
  const said = document.querySelector(".marks-said");
  const list = document.querySelector(".marks-list");
  if (!text || !said || !list) return;

  const gutter = document.createElement("div");
  gutter.className = "code-lines";
  gutter.setAttribute("aria-hidden", "true");
  frame.prepend(gutter);
  let wrong = new Map(); // severity by line

  const draw = () => {
    const number = text.value.split("\n").length;
    while (gutter.children.length < number) {
      const line = document.createElement("span");
      line.textContent = String(gutter.children.length + 1);
      gutter.append(line);
    }
    while (gutter.children.length > number) gutter.lastChild.remove();
    [...gutter.children].forEach((line, index) => {
      const severity = wrong.get(index + 1);
      line.className = severity ? `mark-${severity}` : "";
    });
    gutter.style.height = `${text.clientHeight}px`;
    gutter.scrollTop = text.scrollTop;
  };

  const goTo = (number) => {
    const lines = text.value.split("\n");
    const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
    text.focus();
    text.setSelectionRange(start, start + (lines[number - 1] || "").length);
    text.scrollTop = (number - 3) * parseFloat(getComputedStyle(text).lineHeight);
  };

  const entry = (mark) => {
    const line = document.createElement("li");
    line.className = `mark mark-${mark.severity}`;
    const link = document.createElement("a");
    link.href = `#${text.id}`;
    link.dataset.at = String(mark.line);
    link.textContent = `${frame.dataset.line} ${mark.line}`;
    line.append(link, `: ${mark.text}`);
    return line;
  };

  const show = (answer) => {
    wrong = new Map();
    for (const mark of [...answer.marks].reverse()) {
      if (wrong.get(mark.line) !== "error") wrong.set(mark.line, mark.severity);
    }
    if (said.textContent !== answer.said) said.textContent = answer.said;
    list.replaceChildren(...answer.marks.map(entry));
    text.setAttribute("aria-invalid", String(!answer.loads));
    draw();
  };

  let timer = 0;
  let asking = null;
  const lint = async () => {
    if (asking) asking.abort();
    asking = new AbortController();
    if (!text.value.trim()) { show({ marks: [], said: "", loads: true }); return; }
    try {
      const answer = await fetch(frame.dataset.lint, {
        method: "POST",
        headers: { "X-CSRFToken": frame.dataset.token, Accept: "application/json" },
        body: new URLSearchParams({ text: text.value }),
        signal: asking.signal,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.json());
    } catch (error) {
      if (error.name !== "AbortError") said.textContent = frame.dataset.away;
    }
  };

  text.addEventListener("input", () => {
    draw();
    clearTimeout(timer);
    timer = setTimeout(lint, 400);
  });
  text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
  new ResizeObserver(draw).observe(text);
  list.addEventListener("click", (event) => {
    const link = event.target.closest("[data-at]");
    if (!link) return;
    event.preventDefault();
    goTo(Number(link.dataset.at));
  });
  for (const link of list.querySelectorAll("[data-at]")) {
    const severity = [...link.parentElement.classList].find((name) => name.startsWith("mark-"));
    wrong.set(Number(link.dataset.at), severity.slice(5));
  }
  draw();
})();
