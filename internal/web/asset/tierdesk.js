// Tierdesk in the browser. Everything works without this file; it keeps pages live, keeps what is typed, and adds keys.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (node) => node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));
  document.documentElement.classList.add("js");

  const parse = async (address) => {
    const answer = await fetch(address, { headers: { "X-Fragment": "1" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };

  // Live: a "change" refetches this page and swaps its data-live parts; a part that is in use waits until it is left.
  const waiting = new Map();
  const busy = (node) => node.contains(document.activeElement) || one("details[data-menu][open]", node);
  function swap(node, fresh) {
    const open = all("details[open]", node).map((d) => all("details", node).indexOf(d));
    const typed = all("input, textarea", node).filter((i) => i.id && i.value !== i.defaultValue).map((i) => [i.id, i.value]);
    node.replaceWith(fresh);
    open.forEach((i) => { const d = all("details", fresh)[i]; if (d) d.open = true; });
    typed.forEach(([id, value]) => { const i = document.getElementById(id); if (i) i.value = value; });
  }
  async function refresh() {
    const page = await parse(location.href);
    for (const node of all("[data-live]")) {
      const fresh = page.getElementById(node.id);
      if (!fresh || fresh.isEqualNode(node)) continue;
      if (busy(node)) waiting.set(node.id, fresh);
      else swap(node, document.importNode(fresh, true));
    }
    const newest = page.documentElement.querySelector("#composer [name=version]");
    const composer = one("#composer [name=version]");
    // A reply may follow a change that the reader now sees; other forms keep the version they were opened with.
    if (newest && composer) composer.value = newest.value;
  }
  document.addEventListener("focusout", () => setTimeout(() => {
    for (const [id, fresh] of waiting) {
      const node = document.getElementById(id);
      if (!node || !busy(node)) { waiting.delete(id); if (node) swap(node, document.importNode(fresh, true)); }
    }
  }, 0));

  const arrived = new Set();
  function count(id) {
    const chip = one("[data-new]");
    if (!chip) return;
    arrived.add(id);
    const words = arrived.size === 1 ? chip.dataset.one : chip.dataset.many;
    chip.textContent = words.replace(/\d+/, String(arrived.size));
    chip.hidden = false;
  }
  let pending = 0;
  function changed(event) {
    if (event.type === "arrived") count(event.data || event.lastEventId);
    // A busy queue refreshes its counts now and then; a ticket at once.
    pending ||= setTimeout(() => { pending = 0; refresh().catch(() => {}); }, one("[data-new]") ? 5000 : 150);
  }
  const topic = document.body.dataset.liveTopic;
  if (topic && "EventSource" in window) {
    const stream = new EventSource("/live?topic=" + encodeURIComponent(topic));
    for (const name of ["message", "change", "arrived"]) stream.addEventListener(name, changed);
    addEventListener("pagehide", () => stream.close());
  }

  // Drafts: what is typed stays in this browser until the form is sent and accepted. Secrets and files never do.
  const kept = (form) => all("input, textarea, select", form).filter((i) => i.name && i.name !== "version" && !("noDraft" in i.dataset) && !/^(password|file|hidden)$/.test(i.type));
  const typed = (form) => kept(form).map((i) => [i.name, i.type === "checkbox" ? i.checked : i.value]);
  const store = { get: (k) => { try { return JSON.parse(localStorage.getItem(k)); } catch { return null; } }, set: (k, v) => { try { v ? localStorage.setItem(k, JSON.stringify(v)) : localStorage.removeItem(k); } catch { /* private mode: no drafts */ } } };
  const sent = (() => { try { const k = sessionStorage.getItem("sent"); sessionStorage.removeItem("sent"); return k; } catch { return null; } })();
  if (sent && !one("[data-failed]")) store.set(sent, null);
  function keep(form) {
    const key = "draft:" + form.dataset.draft;
    const draft = store.get(key);
    if (draft) {
      for (const rows of all("[data-rows]", form)) {
        const name = one("input, textarea", rows).name;
        for (let n = draft.filter((v) => v[0] === name).length; rows.children.length < n;) addRow(rows);
      }
      kept(form).forEach((i, n) => {
        const saved = draft[n];
        if (!saved || saved[0] !== i.name) return;
        if (i.type === "checkbox") i.checked = i.checked || saved[1];
        else if (!i.value && saved[1]) { i.value = saved[1]; i.dispatchEvent(new Event("change", { bubbles: true })); }
      });
    }
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => store.set(key, typed(form)), 300);
    });
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      if (event.submitter && /^(add|check)$/.test(event.submitter.name)) return;
      store.set(key, typed(form));
      try { sessionStorage.setItem("sent", key); } catch { /* private mode */ }
    });
  }

  // Rows: "add" copies the last row in place; without this file the server answers with one more.
  function addRow(rows) {
    const last = rows && rows.lastElementChild;
    if (!last) return null;
    const row = last.cloneNode(true);
    const number = rows.children.length + 1;
    row.setAttribute("aria-label", row.getAttribute("aria-label").replace(/\d+/, String(number)));
    all(".n", row).forEach((n) => { n.textContent = String(number); });
    all("input, textarea", row).forEach((i) => {
      const old = i.id;
      i.id = old.replace(/\d+$/, String(number));
      i.value = "";
      all("label", row).filter((l) => l.htmlFor === old).forEach((l) => { l.htmlFor = i.id; });
    });
    rows.append(row);
    return row;
  }

  // The gate meter counts what is filled.
  function measure(form) {
    let met = 0;
    const lines = all("[data-gate-line]", form);
    for (const line of lines) {
      const part = one(`[data-gate-item="${line.dataset.gateLine}"]`, form);
      const count = (i) => (i.type === "checkbox" ? Number(i.checked) : i.type === "file" ? i.files.length : Number(i.value.trim() !== ""));
      const given = part && all(part.dataset.gateAny, part).reduce((n, i) => n + count(i), Number(part.dataset.gateStored));
      const filled = part && (given >= Number(part.dataset.gateMin) || all("[data-gate-waive]", part).some((i) => i.value.trim() !== ""));
      const done = part ? filled : line.classList.contains("met");
      line.classList.toggle("met", done);
      const word = one("[data-gate-word]", line);
      word.textContent = done ? word.dataset.met : word.dataset.missing;
      if (done) met++;
    }
    const bar = one("progress", form), words = one("[data-gate-count]", form);
    if (!bar || !words) return;
    bar.value = met;
    words.textContent = words.dataset.words.replace("{met}", met).replace("{all}", lines.length);
  }

  // Files: paste and drop add to the input; the list names them and lets one go.
  function addFiles(input, more) {
    const bag = new DataTransfer();
    [...input.files, ...more].forEach((f) => bag.items.add(f));
    input.files = bag.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function listFiles(input) {
    const list = one("[data-files]", input.closest("[data-drop]"));
    list.replaceChildren(...[...input.files].map((file, index) => {
      const item = document.createElement("li"), name = document.createElement("span"), drop = document.createElement("button");
      name.textContent = file.name;
      drop.type = "button"; drop.className = "button quiet"; drop.textContent = list.dataset.remove;
      drop.setAttribute("aria-label", list.dataset.remove + " " + file.name);
      drop.addEventListener("click", () => {
        const bag = new DataTransfer();
        [...input.files].filter((_, i) => i !== index).forEach((f) => bag.items.add(f));
        input.files = bag.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
      item.append(name, drop);
      return item;
    }));
  }
  document.addEventListener("paste", (event) => {
    const form = event.target.closest && event.target.closest("form");
    const input = form && one("[data-paste]", form);
    if (!input || !event.clipboardData || event.clipboardData.files.length === 0) return;
    event.preventDefault();
    const stamp = new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-");
    addFiles(input, [...event.clipboardData.files].map((f) => new File([f], f.name === "image.png" ? `screenshot-${stamp}.png` : f.name, { type: f.type })));
  });
  for (const zone of all("[data-drop]")) {
    for (const name of ["dragover", "dragleave", "drop"]) zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", name === "dragover");
      if (name === "drop") addFiles(one("[data-paste]", zone), [...event.dataTransfer.files]);
    });
  }

  // The coverage box follows the category, the instance and the requester.
  const box = one("[data-coverage]");
  async function cover() {
    const query = new URLSearchParams(all("[data-coverage-input]").map((i) => [i.name, i.value]));
    const page = await parse(box.dataset.coverage + "?" + query);
    box.replaceChildren(...[...page.body.childNodes].map((n) => document.importNode(n, true)));
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-paste]")) listFiles(event.target);
    if (box && event.target.matches("[data-coverage-input]")) cover().catch(() => {});
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-theme-switch]") || !event.submitter) return;
    event.preventDefault();
    const theme = event.submitter.value;
    fetch(event.target.action, { method: "POST", body: new URLSearchParams({ theme }), credentials: "same-origin" }).catch(() => {});
    document.documentElement.dataset.theme = theme === "system" ? "" : theme;
    all("[data-theme-switch] button").forEach((b) => b.setAttribute("aria-pressed", String(b.value === theme)));
  });
  document.addEventListener("click", (event) => {
    all("details[data-menu][open]").filter((d) => !d.contains(event.target)).forEach((d) => { d.open = false; });
    const add = event.target.closest("[data-add]");
    if (!add) return;
    event.preventDefault();
    const row = addRow(one("[data-rows]", add.parentElement));
    if (row) one("input, textarea", row).focus();
  });
  for (const form of all("form[data-draft]")) if (form.dataset.draft) keep(form);
  for (const form of all("form[data-gate]")) {
    for (const name of ["input", "change"]) form.addEventListener(name, () => measure(form));
    measure(form);
  }
  const failed = one("#errors, #conflict");
  if (failed) failed.focus();

  // Keys. Letters belong to the page only while nothing is being typed.
  let going = 0;
  const links = () => all("[data-list] [data-open]");
  function move(step) {
    const list = links();
    const next = list[Math.min(list.length - 1, Math.max(0, list.indexOf(document.activeElement) + step))];
    if (next) next.focus();
  }
  function press(target) {
    if (typing(target)) { target.focus(); target.scrollIntoView({ block: "center" }); return; }
    target.click();
    if (target.tagName === "SUMMARY") { const first = one("textarea, select, input:not([type=hidden])", target.parentElement); if (first) first.focus(); }
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all("details[data-menu][open]").forEach((d) => { d.open = false; one("summary", d).focus(); });
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && typing(event.target) && event.target.form) { event.target.form.requestSubmit(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !document.body.classList.contains("desk")) return;
    const place = going && one(`[data-go="${CSS.escape(event.key)}"]`);
    going = 0;
    if (place) { event.preventDefault(); place.click(); return; }
    const key = event.key;
    if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "g") { going = 1; setTimeout(() => { going = 0; }, 1500); }
    else if (key === "?") one("#keys").togglePopover();
    else {
      const target = key.length === 1 && one(`[data-key="${CSS.escape(key)}"]`);
      if (!target) return;
      event.preventDefault();
      press(target);
    }
  });
})();
