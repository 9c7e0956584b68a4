"use strict";
(() => {
  const search = document.getElementById("search");
  if (!search) return;
  const input = document.getElementById("filter");
  const found = document.getElementById("found");
  const groups = [...document.querySelectorAll(".group")].map(group => ({
    group,
    text: (group.querySelector("h3").textContent + (group.querySelector(".note")?.textContent ?? "")).toLowerCase(),
    details: group.querySelector("details"),
    rows: [...group.querySelectorAll("tbody tr")].map(row => ({row, text: row.textContent.toLowerCase()})),
  }));
  const total = groups.reduce((sum, one) => sum + one.rows.length, 0);
  const show = () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const {group, text, details, rows} of groups) {
      const all = text.includes(wanted);
      let here = 0;
      for (const one of rows) {
        const matches = all || one.text.includes(wanted);
        one.row.hidden = !matches;
        here += matches ? 1 : 0;
      }
      group.hidden = wanted !== "" && here === 0 && !all;
      if (details) details.open = wanted !== "" && here > 0;
      shown += here;
    }
    for (const section of document.querySelectorAll("section")) {
      section.hidden = [...section.querySelectorAll(".group")].every(group => group.hidden);
    }
    found.textContent = wanted === "" ? "" : `${shown} of ${total} rows`;
  };
  input.addEventListener("input", show);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(one => { one.open = true; }));
  search.hidden = false;
})();
