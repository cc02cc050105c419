// Labels on a map of their embeddings: a point each, in the colour of the actual class.
const MAP = { most: 640, margin: 12 };
const MAP_COLOURS = 8;
const HEADINGS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
let mapAt = -1;
let mapDrawn = null;

// Narrow maps have small points.
const mapRadius = (side) => (side < 480 ? 3 : 4.5);

const mapOf = () => (head() && Object.hasOwn(facts.maps, head().name) ? facts.maps[head().name] : null);
const mapWrong = (of, index) => of.actual[index] !== of.predicted[index];
const mapLook = (label) => `s${label % MAP_COLOURS}`;

// What a point is coloured by: {names, at: point -> place in names}. The class, whether it is a mistake, or a facet.
function mapColour(of) {
  const by = byId("map-colour").value;
  if (by === "error") return { names: ["right", "mistake"], at: (index) => Number(mapWrong(of, index)) };
  if (!by.startsWith("facet ")) return { names: labels(), at: (index) => of.actual[index] };
  const values = of.facets[by.slice(6)];
  const names = [...new Set(values)].sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  return { names, at: (index) => names.indexOf(values[index]) };
}

// Whether a point stands out: of the chosen class, or taken for it, and a mistake where only these are asked for.
function mapChosen(of, index) {
  const of_class = state.label < 0 || [of.actual[index], of.predicted[index]].includes(state.label);
  return of_class && (!byId("map-mistakes").checked || mapWrong(of, index));
}

function mapLines(of, index) {
  const at = of.positions ? `${of.samples[index]}, ${facts.item_name} ${of.positions[index] + 1}` : of.samples[index];
  const sure = percent(of.confidence[index]);
  const answer = mapWrong(of, index) ? `taken for ${labels()[of.predicted[index]]}, ${sure} sure` : `right, ${sure} sure`;
  return [at, labels()[of.actual[index]], answer];
}

// Beside the map: what the current point is.
function tellPoint(of) {
  const [name, actual, answer] = mapAt < 0 ? ["", "", ""] : mapLines(of, mapAt);
  const picture = mapAt < 0 ? null : of.pictures[mapAt];
  byId("map-chosen").replaceChildren(
    ...(picture ? [element("img", { src: picture, alt: name })] : []),
    ...(name ? [element("strong", {}, actual), element("span", {}, answer), element("span", {}, name)] : []),
  );
}

function toPoint(index) {
  const of = mapOf();
  mapAt = index;
  tellPoint(of);
  const point = mapDrawn.points[index];
  mapDrawn.cursor.setAttribute("cx", point.getAttribute("cx"));
  mapDrawn.cursor.setAttribute("cy", point.getAttribute("cy"));
  mapDrawn.cursor.removeAttribute("visibility");
}

// The nearest point that lies in this direction, within 45 degrees; points are [across, up].
function pointTowards(of, [across, up], shown) {
  let [best, least] = [mapAt, Infinity];
  for (const index of shown) {
    const [dx, dy] = [of.x[index] - of.x[mapAt], of.y[index] - of.y[mapAt]];
    const along = dx * across + dy * up;
    const aside = Math.abs(dx * up) + Math.abs(dy * across);
    const far = Math.hypot(dx, dy);
    if (index !== mapAt && along > 0 && aside <= along && far < least) [best, least] = [index, far];
  }
  return best;
}

function mapKey(event) {
  const of = mapOf();
  const shown = [...of.x.keys()].filter((index) => mapChosen(of, index));
  const wrong = shown.filter((index) => mapWrong(of, index));
  if (!shown.length || !(event.key in HEADINGS || ["PageUp", "PageDown", "Home"].includes(event.key))) return;
  event.preventDefault();
  if (event.key === "PageDown") return toPoint(wrong.find((index) => index > mapAt) ?? wrong[0] ?? shown[0]);
  if (event.key === "PageUp") return toPoint(wrong.findLast((index) => index < mapAt) ?? wrong.at(-1) ?? shown[0]);
  toPoint(event.key === "Home" || mapAt < 0 ? shown[0] : pointTowards(of, HEADINGS[event.key], shown));
}

// Rings of mistakes go with the colours of classes.
function mapPoint(of, index, place, radius, colour) {
  const wrong = mapWrong(of, index) && byId("map-colour").value === "class";
  const ring = wrong ? ` wrong r${of.predicted[index] % MAP_COLOURS}` : "";
  const shown = mapChosen(of, index) ? "" : " faint";
  return shape("circle", {
    class: `point ${mapLook(colour.at(index))}${ring}${shown}`,
    cx: place(of.x[index]),
    cy: place(100 - of.y[index]),
    r: radius,
    onmousemove: (event) => showTip(event, mapLines(of, index), of.pictures[index]),
    onmouseleave: hideTip,
    onclick: () => toPoint(index),
  });
}

// Points that stand out lie above the others, and mistakes above those.
const mapOrder = (of) => {
  const rank = (index) => 2 * mapChosen(of, index) + mapWrong(of, index);
  return [...of.x.keys()].sort((one, other) => rank(one) - rank(other));
};

function drawMap(box, width) {
  const of = mapOf();
  if (!of) return box.replaceChildren();
  const side = Math.min(width, MAP.most);
  const place = (value) => (MAP.margin + (value / 100) * (side - 2 * MAP.margin)).toFixed(1);
  const colour = mapColour(of);
  const points = [...of.x.keys()].map((index) => mapPoint(of, index, place, mapRadius(side), colour));
  const cursor = shape("circle", { class: "cursor", r: mapRadius(side) + 4, visibility: "hidden" });
  const name = `Map of the embeddings of ${head().name}: arrow keys move over its points`;
  const svg = shape(
    "svg",
    { width: side, height: side, class: "map", tabindex: 0, role: "application", "aria-label": name, onkeydown: mapKey },
    shape("rect", { class: "frame", x: 0.5, y: 0.5, width: side - 1, height: side - 1 }),
    ...mapOrder(of).map((index) => points[index]),
    cursor,
  );
  mapDrawn = { points, cursor };
  const few = colour.names.length <= MAP_COLOURS;
  const key = few ? colour.names.map((name, place) => ({ name, look: `s${place}` })) : [];
  const focused = document.activeElement?.classList.contains("map");
  box.replaceChildren(svg, legend(key));
  if (focused) svg.focus({ preventScroll: true });
  if (mapAt >= 0) toPoint(mapAt);
}

const redrawMap = drawn(byId("embeddings"), (width) => drawMap(byId("embeddings"), width));

function tellMap() {
  const of = mapOf();
  const shown = of ? [...of.x.keys()].filter((index) => mapChosen(of, index)) : [];
  const wrong = shown.filter((index) => mapWrong(of, index)).length;
  byId("map-shown").textContent = of ? `${plural(shown.length)}, ${plural(wrong, "mistake")}.` : "";
}

byId("map-colour").addEventListener("change", () => redrawMap());
byId("map-mistakes").addEventListener("change", () => {
  tellMap();
  redrawMap();
});
// The facets of the head's samples, beside class and error.
function mapColours() {
  const facets = Object.keys(mapOf()?.facets ?? {});
  const [before, values] = [byId("map-colour").value, ["class", "error", ...facets.map((name) => `facet ${name}`)]];
  const names = ["class", "mistakes", ...facets];
  byId("map-colour").replaceChildren(...values.map((value, place) => element("option", { value }, names[place])));
  byId("map-colour").value = values.includes(before) ? before : "class";
}

let mapHead = state.head;
mapColours();
watch(() => {
  if (mapHead !== state.head) {
    [mapHead, mapAt] = [state.head, -1];
    mapColours();
  }
  tellPoint(mapOf());
  tellMap();
  redrawMap();
});
