// The matrix of paired differences of one figure.
function pairCell(figure, row, column, most) {
  const found = figure.pairs.find(([i, j]) => i === Math.min(row, column) && j === Math.max(row, column));
  if (!found) return element("td", {}, "–");
  const [, , mean, half, p, seeds] = found;
  const value = row < column ? mean : -mean;
  const told = [
    `${facts.rows[row].label} minus ${facts.rows[column].label}`,
    `${signedNumber(value, figure)}${isNumber(half) ? ` ± ${number(half, figure)}` : ""}, ${seeds} common seed${seeds === 1 ? "" : "s"}`,
    isNumber(p) ? `p ${p < 0.001 ? "<0.001" : p.toFixed(3)}, corrected` : "one seed: no interval",
  ];
  const better = value > 0 !== figure.lower;
  const look = `${value === 0 ? "" : better ? "good" : "worse"}${isNumber(p) && p < 0.05 ? " sure" : ""}`;
  const cell = element("td", { class: look, onmousemove: (event) => showTip(event, told), onmouseleave: hideTip });
  cell.style.setProperty("--much", String(most ? Math.abs(value) / most : 0));
  cell.append(signedNumber(value, figure));
  return cell;
}

function drawPairs(box) {
  const figure = facts.figures[byId("pair-figure").value];
  const most = Math.max(0, ...figure.pairs.map(([, , mean]) => Math.abs(mean)));
  const names = facts.rows.map((row, index) => element("th", { title: row.label }, String(index + 1)));
  const head = element("thead", {}, element("tr", {}, element("th", {}, figure.title), ...names));
  const lines = facts.rows.map((row, index) => {
    const cells = facts.rows.map((_, column) =>
      column === index ? element("td", {}, "") : pairCell(figure, index, column, most),
    );
    return element("tr", {}, element("td", {}, `${index + 1}  ${row.label}`), ...cells);
  });
  box.replaceChildren(element("table", { class: "dense matrix" }, head, element("tbody", {}, ...lines)));
}
