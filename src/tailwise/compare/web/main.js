// The controls, and the first drawing.
function part(box, selects, draw) {
  if (!byId(box)) return;
  const redraw = drawn(byId(box), (width) => draw(byId(box), width));
  for (const [id, names] of Object.entries(selects)) choices(byId(id), names, redraw);
}

for (const block of document.querySelectorAll(".scripted")) block.hidden = false;
const titles = facts.figures.map((of) => of.title);
const rivals = facts.rows.slice(1).map((row) => row.label);
if (byId("classes-part")) byId("classes-part").hidden = !facts.heads.length;
part("ranking", { figure: titles }, drawRanking);
part("pairs", { "pair-figure": titles }, drawPairs);
if (facts.heads.length) {
  const heads = facts.heads.map((head) => head.name);
  part("classes", { "class-head": heads, "class-row": rivals }, drawClasses);
}
part("cost", { "cost-figure": titles, "cost-of": costNames() }, drawCost);
addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
