// Tables that are sorted by a click on a column's name; what has no number comes last.
function sortTable(table, column, button) {
  const head = button.closest("th");
  const up = head.getAttribute("aria-sort") === "descending";
  for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const sign = up ? 1 : -1;
  const numbers = [...table.tBodies[0].rows].some((row) => row.cells[column].dataset.value !== undefined);
  const valueOf = (row) => Number(row.cells[column].dataset.value ?? NaN);
  const byNumber = (a, b) => {
    const [x, y] = [valueOf(a), valueOf(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? Number.isNaN(x) - Number.isNaN(y) : sign * (x - y);
  };
  const byText = (a, b) => -sign * a.cells[column].textContent.localeCompare(b.cells[column].textContent);
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(numbers ? byNumber : byText));
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = element("button", { type: "button" }, head.textContent);
    button.addEventListener("click", () => sortTable(table, column, button));
    head.replaceChildren(button);
  });
}
