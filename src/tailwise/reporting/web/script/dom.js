// Elements and numbers. Text goes in as text alone: nothing here parses HTML.
const byId = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const element = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const shape = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const isNumber = (value) => typeof value === "number";
const figure = (value, digits = 2) => (isNumber(value) ? value.toFixed(digits) : "–");
const small = (value) => value !== 0 && Math.abs(value) < 0.005;
const short = (value) =>
  isNumber(value) ? (small(value) ? value.toExponential(1) : String(Number(value.toPrecision(3)))) : "–";
const percent = (value) => (isNumber(value) ? `${Math.round(100 * value)} %` : "–");

function interval(of, digits = 2) {
  if (!of || !isNumber(of.value)) return "–";
  const ends =
    isNumber(of.low) && isNumber(of.high) ? ` (${figure(of.low, digits)} to ${figure(of.high, digits)})` : "";
  return figure(of.value, digits) + ends;
}

const plural = (count, name = facts.item_name) => `${count} ${name}${count === 1 ? "" : "s"}`;

// Below facts.few labels their count stands instead of the interval.
function measured(of, count) {
  if (!of || !isNumber(of.value) || count >= facts.few) return interval(of);
  return `${figure(of.value)} (${plural(count)}: too few to measure)`;
}

// A bar as wide as a share.
function meter(share) {
  const box = shape("rect", { width: 100 * share, height: 8 });
  return shape("svg", { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" }, box);
}

const cut = (text, most) => (text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text);

// draw(width) into the box now, and again whenever its width changes; a box that is not shown has none.
function drawn(box, draw) {
  let last = 0;
  const again = () => box.clientWidth && draw((last = box.clientWidth));
  new ResizeObserver(() => box.clientWidth !== last && again()).observe(box);
  return again;
}

// A script beside this page that is no part of it; absent() where it is not there.
const beside = (path, loaded, absent) =>
  document.head.append(element("script", { src: path, onload: loaded, onerror: absent }));
