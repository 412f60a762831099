"use strict";
// Sort a table by the column whose heading is pressed: descending, then ascending.
for (const table of document.querySelectorAll("table")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => heading.firstElementChild.addEventListener("click", () => {
    const up = heading.getAttribute("aria-sort") === "descending";
    headings.forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = (row) => row.cells[column].dataset.order;
    const compare = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === undefined && y === undefined) return a.cells[column].textContent.localeCompare(b.cells[column].textContent);
      if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
      return Number(x) - Number(y);
    };
    const rows = [...table.tBodies[0].rows].sort((a, b) => (up ? compare(a, b) : compare(b, a)));
    table.tBodies[0].append(...rows);
  }));
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
