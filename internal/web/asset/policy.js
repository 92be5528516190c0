// The policy's weeks in the reader's zone: the openings stand in the page as instants, so that the page needs no server.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.add("js");
  const groups = all("[data-weeks]");
  const now = Date.now(), minute = 60000, day = 1440, week = 7 * day;
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const kept = { get: () => { try { return localStorage.getItem("zone"); } catch { return null; } }, set: (z) => { try { localStorage.setItem("zone", z); } catch { /* private mode: chosen for this page only */ } } };

  const openings = (text) => {
    let at = 0;
    const instants = text.split(" ").filter(Boolean).map((d) => (at += parseInt(d, 36)) * minute);
    return instants.filter((_, i) => i % 2 === 0).map((open, i) => [open, instants[2 * i + 1]]);
  };
  // wall is what a clock on a wall in the zone shows: the number of the day since 1970, and the minute of the day.
  const wall = (zone) => {
    const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", hourCycle: "h23" });
    return (ms) => {
      const p = Object.fromEntries(parts.formatToParts(ms).map((x) => [x.type, +x.value]));
      return { date: Date.UTC(p.year, p.month - 1, p.day) / 86400000, minute: p.hour * 60 + p.minute };
    };
  };
  const clock = (m) => String(Math.floor(m / 60)).padStart(2, "0") + ":" + String(m % 60).padStart(2, "0");
  const percent = (m) => (m * 100 / week).toFixed(3) + "%";
  const language = document.documentElement.lang || "en";

  function draw(box, zone, group, seen) {
    const list = openings(box.dataset.open).filter(([open, close]) => close > now - 9 * 86400000 && open < now + 60 * 86400000);
    const today = seen(now), monday = today.date - (today.date + 3) % 7;
    const since = (ms) => { const w = seen(ms); return (w.date - monday) * day + w.minute; };
    const spans = list.map(([open, close]) => [Math.max(0, since(open)), Math.min(week, since(close))]).filter(([from, to]) => from < to);
    const known = now >= +box.dataset.from && now < +box.dataset.until - 60 * 86400000;
    const plain = box.querySelector("rect.closed");
    box.querySelector("[data-week-spans]").replaceChildren(...(known ? spans : []).map(([from, to]) => {
      const bar = plain.cloneNode();
      for (const [k, v] of [["class", "open"], ["x", percent(from)], ["y", "0"], ["width", percent(to - from)], ["height", "28"]]) bar.setAttribute(k, v);
      return bar;
    }));
    const line = box.querySelector("[data-week-line]");
    for (const k of ["x1", "x2"]) line.setAttribute(k, percent(since(now)));
    all("[data-week-days] td", box).forEach((cell, i) => {
      const words = spans.map(([from, to]) => [Math.max(from, i * day), Math.min(to, (i + 1) * day)]).filter(([from, to]) => from < to)
        .map(([from, to]) => clock(from - i * day) + "\u2013" + clock(to - i * day));
      cell.textContent = words.join(", ") || group.dataset.closedWord;
    });
    const said = (ms) => new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" }).format(ms);
    const next = list.find(([, close]) => close > now);
    const open = known && next && next[0] <= now;
    const words = box.querySelector("[data-week-now]");
    words.classList.toggle("open", Boolean(open));
    if (!known) words.textContent = group.dataset.lateWords;
    else if (next) words.textContent = (open ? group.dataset.openWords : group.dataset.closedWords).replace("%s", said(open ? next[1] : next[0]));
  }
  function show(zone) {
    let seen;
    try { seen = wall(zone); } catch { return; }
    const today = seen(now), monday = (today.date - (today.date + 3) % 7) * 86400000;
    for (const group of groups) {
      const from = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" }).format(monday);
      const shown = group.querySelector("[data-shown]");
      shown.textContent = shown.dataset.shown.replace("%s", from);
      const short = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "short" }).formatToParts(now).find((p) => p.type === "timeZoneName").value;
      group.querySelector("[data-zone-name]").textContent = zone.replaceAll("_", " ") + (zone === short ? "" : " (" + short + ")");
      all("[data-week]", group).filter((box) => box.querySelector("[data-week-now]")).forEach((box) => draw(box, zone, group, seen));
      const choice = group.querySelector("[data-zone-choice]");
      if (![...choice.options].some((o) => o.value === zone)) choice.add(new Option(zone, zone), 0);
      choice.value = zone;
    }
  }
  for (const choice of all("[data-zone-choice]")) {
    const near = [...choice.options].map((o) => o.value);
    if (!near.includes(mine)) near.unshift(mine);
    const group = (label, zones) => {
      const out = document.createElement("optgroup");
      out.label = label;
      out.append(...zones.map((z) => new Option(z.replaceAll("_", " ") + (z === mine ? " " + choice.dataset.mine : ""), z)));
      return out;
    };
    const others = Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone").filter((z) => !near.includes(z)) : [];
    choice.replaceChildren(group(choice.dataset.near, near), group(choice.dataset.all, others));
    choice.addEventListener("change", () => { kept.set(choice.value); show(choice.value); });
  }
  if (groups.length > 0) show(kept.get() || groups[0].dataset.zone || mine);

  // Narrow screens begin with the text; the contents open on demand. Wide ones mark the clause that is read.
  const contents = document.querySelector(".toc details");
  if (contents && matchMedia("(max-width: 68rem)").matches) contents.open = false;
  if (contents && "IntersectionObserver" in window) {
    const links = new Map(all(".toc a").map((a) => [a.hash.slice(1), a]));
    const seen = new Set();
    const watch = new IntersectionObserver((entries) => {
      for (const e of entries) e.isIntersecting ? seen.add(e.target.id) : seen.delete(e.target.id);
      const first = all(".clause-text").find((c) => seen.has(c.id));
      for (const [id, a] of links) id === (first && first.id) ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current");
    }, { rootMargin: "-10% 0px -60% 0px" });
    all(".clause-text").forEach((c) => watch.observe(c));
  }
})();
