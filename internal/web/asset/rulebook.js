// The editor of drafts: line numbers, findings as one types, and what is typed kept in this browser until it is saved.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Line numbers. A line with a finding is marked; the numbers move with the text.
  function number(code) {
    const area = one("textarea", code), gutter = one("[data-gutter]", code);
    const tones = new Map();
    all("[data-line]", one(".beside", code.closest(".editor") || document) || document).forEach((f) => {
      const tone = f.classList.contains("bad") ? "bad" : "warn";
      if (tones.get(f.dataset.line) !== "bad") tones.set(f.dataset.line, tone);
    });
    const lines = area.value.split("\n").length;
    const parts = [];
    for (let i = 1; i <= lines; i++) {
      const line = document.createElement("span");
      line.textContent = String(i);
      if (tones.has(String(i))) line.className = tones.get(String(i));
      parts.push(line);
    }
    gutter.replaceChildren(...parts);
    gutter.scrollTop = area.scrollTop;
  }

  // To a line: the text gets the focus with that line selected. Columns count bytes, as the checker does.
  function go(area, line, column) {
    const lines = area.value.split("\n");
    const at = Math.min(line, lines.length);
    const start = lines.slice(0, at - 1).reduce((n, l) => n + l.length + 1, 0);
    const bytes = new TextEncoder().encode(lines[at - 1]);
    const from = start + new TextDecoder().decode(bytes.slice(0, Math.max(0, column - 1))).length;
    area.focus({ preventScroll: true });
    area.setSelectionRange(from, start + lines[at - 1].length);
    const height = parseFloat(getComputedStyle(area).lineHeight) || 20;
    area.scrollTop = Math.max(0, (at - 1) * height - area.clientHeight / 3);
    area.scrollLeft = 0;
    area.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("[data-goto]");
    const area = link && one(link.getAttribute("href"));
    if (!area) return;
    event.preventDefault();
    const [line, column] = link.dataset.goto.split(":").map(Number);
    go(area, line, column);
  });

  // Findings: asked a moment after the last key, one question at a time.
  function watch(area, code) {
    const list = area.dataset.findingsId && document.getElementById(area.dataset.findingsId);
    if (!list || !area.dataset.check) return;
    let timer = 0, asking = false, again = false;
    async function ask() {
      if (asking) { again = true; return; }
      asking = true;
      const body = new FormData();
      body.set("source", area.value);
      try {
        const answer = await fetch(area.dataset.check, { method: "POST", body, headers: { "X-Fragment": "1" }, credentials: "same-origin" });
        if (answer.ok && answer.headers.get("X-Findings")) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          list.replaceChildren(...[...page.body.childNodes].map((n) => document.importNode(n, true)));
          number(code);
        }
      } catch { /* offline: the button Check and the next key ask again */ }
      list.classList.remove("findings-stale");
      asking = false;
      if (again) { again = false; ask(); }
    }
    area.addEventListener("input", () => {
      clearTimeout(timer);
      list.classList.add("findings-stale");
      timer = setTimeout(ask, 400);
    });
  }

  // What is typed stays in this browser until it is saved; a reload brings it back.
  const store = { get: (k) => { try { return localStorage.getItem(k); } catch { return null; } }, set: (k, v) => { try { v === null ? localStorage.removeItem(k) : localStorage.setItem(k, v); } catch { /* private mode or full */ } } };
  function keep(form, area) {
    const key = "policy:" + form.dataset.editor, note = one("[data-unsaved]", form), saved = area.value;
    const say = () => { if (note) note.textContent = note.dataset.words; };
    const typed = store.get(key);
    if (typed !== null && typed !== saved && !one("[data-failed]")) {
      area.value = typed;
      area.dispatchEvent(new Event("input", { bubbles: true }));
      say();
    }
    let timer = 0, leaving = false;
    area.addEventListener("input", () => {
      say();
      clearTimeout(timer);
      timer = setTimeout(() => store.set(key, area.value === saved ? null : area.value), 300);
    });
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      leaving = true;
      // a save makes a new version, whose key is another; until it is answered the text stays here
      store.set(key, area.value);
      if (!(event.submitter && event.submitter.name === "check")) try { sessionStorage.setItem("policy-sent", key); } catch { /* private mode */ }
    });
    addEventListener("beforeunload", () => { if (!leaving && area.value !== saved) store.set(key, area.value); });
  }
  try {
    const sent = sessionStorage.getItem("policy-sent");
    sessionStorage.removeItem("policy-sent");
    if (sent && !one("[data-failed]")) store.set(sent, null);
  } catch { /* private mode */ }

  for (const code of all("[data-code]")) {
    const area = one("textarea", code), form = area.form;
    number(code);
    let frame = 0;
    area.addEventListener("scroll", () => { one("[data-gutter]", code).scrollTop = area.scrollTop; });
    area.addEventListener("input", () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(() => number(code)); });
    watch(area, code);
    if (form && form.dataset.editor) keep(form, area);
  }
  const focus = one("[data-focus]");
  if (focus) focus.focus();

  // A simulation that is under way is looked at again and again until it ends.
  async function poll() {
    const place = one("[data-poll]");
    if (!place) return;
    try {
      const answer = await fetch(location.href, { headers: { "X-Fragment": "1" }, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(place.id);
      if (answer.ok && fresh && !fresh.hasAttribute("data-poll")) { location.reload(); return; }
      if (answer.ok && fresh && !place.contains(document.activeElement)) place.replaceChildren(...[...document.importNode(fresh, true).childNodes]);
    } catch { /* the next look may find the desk again */ }
    setTimeout(poll, 800);
  }
  setTimeout(poll, 500);
})();
