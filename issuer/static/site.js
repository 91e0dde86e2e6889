// SPDX-License-Identifier: AGPL-3.0-or-later
// Small comforts of every page. Without it each form and link does the same with a page load.
"use strict";

// Light or dark at once, and remembered in the cookie that the server reads.
const rememberThemes = () => {
  const year = 31536000;
  for (const form of document.querySelectorAll("[data-preferences]")) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (!button || button.name !== "theme") return;
      event.preventDefault();
      const automatic = button.value === "auto";
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `theme=${button.value}; Path=/; Max-Age=${automatic ? 0 : year}; SameSite=Lax${secure}`;
      if (automatic) delete document.documentElement.dataset.bsTheme;
      else document.documentElement.dataset.bsTheme = button.value;
      for (const other of form.querySelectorAll("button[name=theme]")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }
};

// A menu closes when something else is used, or with Escape.
const closeMenus = () => {
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
};

// Badges and people that fit what is being typed: a list box, as the ARIA patterns describe it.
const suggest = (input, number) => {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `suggestions-${number}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.suggestName);
  list.hidden = true;
  input.after(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  let chosen = -1;
  let asked = "";
  let timer = 0;

  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) choose(-1);
  };
  const choose = (place) => {
    chosen = place;
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === place)));
    if (place < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[place].id);
  };
  const entry = (item, index) => {
    const line = document.createElement("li");
    line.id = `${list.id}-${index}`;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", "false");
    const link = document.createElement("a");
    link.href = item.address;
    link.tabIndex = -1;
    if (item.image) {
      const image = document.createElement("img");
      Object.assign(image, { src: item.image, alt: "", width: 36, height: 36 });
      if (item.kind === "person") image.className = "avatar";
      link.append(image);
    }
    link.append(item.name);
    if (item.kind === "person") {
      const kind = document.createElement("span");
      kind.className = "quiet";
      kind.textContent = input.dataset.suggestPerson;
      link.append(kind);
    }
    line.append(link);
    return line;
  };
  const ask = async () => {
    const text = input.value.trim();
    if (text === asked) return;
    asked = text;
    if (text.length < 2) { show(false); return; }
    try {
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`);
      if (!answer.ok || text !== asked) return;
      const { items } = await answer.json();
      list.replaceChildren(...items.map(entry));
      show(items.length > 0 && document.activeElement === input);
    } catch {
      show(false); // The form still works.
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });
  input.addEventListener("blur", () => setTimeout(() => show(false), 150));
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (list.hidden || last < 0) return;
    if (event.key === "ArrowDown") choose(chosen >= last ? 0 : chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen <= 0 ? last : chosen - 1);
    else if (event.key === "Escape") show(false);
    else if (event.key === "Enter" && chosen >= 0) location.assign(list.children[chosen].querySelector("a").href);
    else return;
    event.preventDefault();
  });
};

// The next part of a list comes when its link is near, or used.
const loadMore = (link) => {
  const list = document.getElementById(link.dataset.more);
  if (!list) return;
  let busy = false;
  let times = 3; // Then only when asked for: the end of the page stays in reach.
  const load = async () => {
    if (busy) return;
    busy = true;
    link.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const known = new Set([...list.querySelectorAll("a")].map((one) => one.href));
      const items = [...page.querySelectorAll(`#${CSS.escape(list.id)} > *`)];
      const fresh = items.filter((item) => ![...item.querySelectorAll("a")].every((one) => known.has(one.href)));
      const focused = document.activeElement === link;
      list.append(...fresh);
      const next = page.querySelector("[data-more]");
      if (focused && fresh[0]) fresh[0].querySelector("a").focus();
      if (next) link.href = next.href;
      else { watcher.disconnect(); link.parentElement.remove(); }
    } catch {
      watcher.disconnect(); // The link leads there all the same.
      link.removeEventListener("click", click);
    } finally {
      busy = false;
      link.removeAttribute("aria-busy");
    }
  };
  const click = (event) => { event.preventDefault(); load(); };
  const watcher = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting) && scrollY > 0 && times-- > 0) load();
  }, { rootMargin: "400px" });
  link.addEventListener("click", click);
  watcher.observe(link);
};

// A path begins at the place where we are.
for (const here of document.querySelectorAll(".steps .here")) {
  const path = here.parentElement;
  path.scrollLeft = here.offsetLeft - path.offsetLeft - (path.clientWidth - here.clientWidth) / 2;
}
rememberThemes();
closeMenus();
document.querySelectorAll("[data-suggest]").forEach(suggest);
document.querySelectorAll("[data-more]").forEach(loadMore);
