"use strict";
// Sorting and filtering of what the pages hold already. Without this script they are complete, and unsorted.

(() => {
  const NOTHING = "–";

  // ------------------------------------------------------------------ sorting: heads become buttons
  function sortKey(cell) {
    const text = cell.dataset.sort ?? cell.textContent.trim();
    if (text === "") return null;
    const number = Number(text);
    return Number.isNaN(number) ? text : number;
  }

  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") return one - other;
    return String(one).localeCompare(String(other), "en", { numeric: true });
  }

  function sortBy(table, head, direction) {
    const column = [...head.parentElement.children].indexOf(head);
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    for (const body of table.tBodies) {
      // rows of another section are another claim: each keeps its own below its title
      const rows = [...body.rows].filter((row) => !row.classList.contains("section"));
      const keys = new Map(rows.map((row) => [row, sortKey(row.cells[column])]));
      rows.sort((one, other) => {
        const [a, b] = [keys.get(one), keys.get(other)];
        if (a === null || b === null) return (a === null) - (b === null);
        return sign * compare(a, b);
      });
      body.append(...rows);
    }
  }

  function makeSortable(table) {
    for (const head of table.tHead.rows[0].cells) {
      if (!head.dataset.key) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const first = ["name", "rank"].includes(head.dataset.key) ? "ascending" : "descending";
        const other = first === "ascending" ? "descending" : "ascending";
        sortBy(table, head, head.getAttribute("aria-sort") === first ? other : first);
      });
    }
  }

  // ------------------------------------------------------------------ choosing the episodes, the track, a name
  function text(values, digits, counted) {
    if (values === null) return [NOTHING, ""];
    const [value, low, high, n] = values;
    const interval = low === null ? (n ? `[${counted} = ${n}]` : "") : `[${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
    return [value.toFixed(digits), interval];
  }

  function fill(cell, values, digits, counted) {
    const [value, interval] = text(values, digits, counted);
    cell.dataset.sort = values === null ? "" : String(values[0]);
    cell.querySelector(".value").textContent = value;
    cell.querySelector(".interval").textContent = interval;
  }

  function drawWhisker(cell, values) {
    const [value, low, high] = values ?? [0, 0, 0];
    const [range, mark] = [cell.querySelector(".range"), cell.querySelector(".mark")];
    range.setAttribute("x", String(2 + (low ?? value)));
    range.setAttribute("width", String((high ?? value) - (low ?? value)));
    mark.setAttribute("x", String(1 + value));
    for (const each of [range, mark]) each.setAttribute("visibility", values === null ? "hidden" : "visible");
  }

  function drawRank(cell, rank, rows) {
    const [best, worst] = rank ?? [1, 1];
    cell.dataset.sort = rank === null ? "" : `${best}.${worst}`;
    cell.querySelector(".value").textContent = rank === null ? "" : best === worst ? `${best}` : `${best}–${worst}`;
    const range = cell.querySelector(".range");
    range.setAttribute("x", String(((best - 1) * 64) / rows));
    range.setAttribute("width", String(((worst - best + 1) * 64) / rows));
    range.setAttribute("visibility", rank === null ? "hidden" : "visible");
  }

  function choosePart(table, data, part) {
    for (const row of table.querySelectorAll("tr[data-row]")) {
      const standing = data.rows[Number(row.dataset.row)][part];
      const cells = Object.fromEntries([...row.querySelectorAll("[data-cell]")].map((c) => [c.dataset.cell, c]));
      drawRank(cells.rank, standing.rank, Number(row.parentElement.dataset.rows));
      drawWhisker(cells.drawn, standing.cells.dbs);
      for (const [key, values] of Object.entries(standing.cells)) fill(cells[key], values, data.digits, table.dataset.counted);
      cells.dbs.classList.toggle("best", standing.best);
      cells.dbs.querySelector(".tied").hidden = !standing.tied;
    }
    const sorted = table.querySelector("th[aria-sort]");
    sortBy(table, sorted, sorted.getAttribute("aria-sort"));
  }

  function hideRows(table, section, name) {
    let shown = 0;
    for (const body of table.tBodies) {
      let here = 0;
      for (const row of body.querySelectorAll("tr[data-row]")) {
        const label = row.querySelector('th[scope="row"]').dataset.sort.toLowerCase();
        row.hidden = !label.includes(name.trim().toLowerCase());
        here += row.hidden ? 0 : 1;
      }
      body.hidden = here === 0 || (section !== "" && body.dataset.section !== section);
      shown += body.hidden ? 0 : here;
    }
    return shown;
  }

  function makeChoosable(form) {
    const table = document.getElementById(form.dataset.for);
    const data = JSON.parse(document.getElementById("standings").textContent);
    const { track, part, name } = form.elements;
    const say = form.querySelector("output");
    let chosen = 0;
    const update = () => {
      if (Number(part.value) !== chosen) {
        chosen = Number(part.value);
        choosePart(table, data, chosen);
      }
      const shown = hideRows(table, track.value, name.value);
      say.textContent = `${shown} of ${data.rows.length} rows`;
    };
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    // a browser that goes back to this page brings the choices back after the scripts have run
    addEventListener("pageshow", update);
    update();
  }

  // ------------------------------------------------------------------ one curve among many
  function makePickable(legend) {
    const chart = legend.parentElement.querySelector(".chart");
    const pick = (name) => {
      chart.classList.toggle("is-picking", name !== null);
      for (const curve of chart.querySelectorAll(".curve")) curve.classList.toggle("is-picked", curve.dataset.series === name);
    };
    for (const item of legend.children) {
      for (const kind of ["pointerenter", "focusin"]) item.addEventListener(kind, () => pick(item.dataset.series));
      for (const kind of ["pointerleave", "focusout"]) item.addEventListener(kind, () => pick(null));
    }
  }

  // what is folded cannot be unfolded on paper
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });

  for (const table of document.querySelectorAll("table.board")) makeSortable(table);
  for (const form of document.querySelectorAll("form.controls")) makeChoosable(form);
  for (const legend of document.querySelectorAll(".legend")) makePickable(legend);
})();
