// Bar charts as SVG, drawn to the width that there is.

import { draw, make } from "./dom.js";
import { number } from "./words.js";

const HEIGHT = 220;
const EDGE = { top: 12, right: 8, bottom: 24 };
const DIGIT = 8; // px, at most, of a tick's label
const WHISKER = 4; // px, half of its end's width
const LABEL = 64; // px that an axis label takes

/**
 * A column for each point: {name, value, label, interval}.
 *
 * `label` is written under the axis where there is room. A forecast has an `interval`,
 * {lower, upper}: it is set apart, and a line shows its range. `summary` is the text
 * for who cannot see it.
 */
export function columnChart({ points, summary }) {
  const holder = make("div", { class: "chart" });
  const render = () => {
    const width = holder.clientWidth;
    if (width) holder.replaceChildren(columns(points, summary, width));
  };
  new ResizeObserver(render).observe(holder);
  return holder;
}

function columns(points, summary, width) {
  const values = points.flatMap((point) => [point.value, point.interval?.upper ?? 0]);
  const scale = yScale(values);
  const step = (width - scale.left - EDGE.right) / points.length;
  const x = (index) => scale.left + index * step;
  const size = { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` };
  return draw(
    "svg",
    { ...size, role: "img", "aria-label": summary },
    scale.ticks.map((tick) => gridLine(tick, scale, width)),
    points.map((point, i) => column(point, x(i), step, scale)),
    axisLabels(points, x, step),
  );
}

function yScale(values) {
  const low = Math.min(0, ...values);
  const high = Math.max(1, ...values);
  const step = niceStep((high - low) / 4);
  const bottom = Math.floor(low / step) * step;
  const top = Math.ceil(high / step) * step;
  const room = HEIGHT - EDGE.top - EDGE.bottom;
  const count = Math.round((top - bottom) / step);
  const ticks = Array.from({ length: count + 1 }, (_, i) => bottom + i * step);
  const left = DIGIT * (1 + Math.max(...ticks.map((tick) => number(tick).length)));
  return { ticks, left, y: (value) => EDGE.top + ((top - value) / (top - bottom)) * room };
}

/** The least of 1, 2, 5, 10, 20, … that is not below `rough`: units are whole. */
function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
}

function gridLine(tick, scale, width) {
  const y = scale.y(tick);
  const line = { x1: scale.left, x2: width - EDGE.right, y1: y, y2: y };
  return draw(
    "g",
    { class: tick === 0 ? "zero" : "grid" },
    draw("line", line),
    draw("text", { x: scale.left - 6, y: y + 4, "text-anchor": "end" }, number(tick)),
  );
}

function column(point, x, step, scale) {
  const gap = Math.min(3, step / 4);
  const [top, bottom] = [Math.max(point.value, 0), Math.min(point.value, 0)];
  const box = { x: x + gap / 2, width: step - gap, y: scale.y(top) };
  const height = Math.max(scale.y(bottom) - scale.y(top), 1);
  const kind = point.interval ? "forecast" : "past";
  const title = draw("title", {}, `${point.name}: ${number(point.value, 2)}`);
  const drawn = draw("rect", { ...box, height, class: kind, rx: 1 }, title);
  if (!point.interval) return drawn;
  return draw("g", {}, drawn, whisker(point.interval, x + step / 2, scale));
}

/** A line from the interval's lower end to its upper one, with a bar at each. */
function whisker({ lower, upper }, x, scale) {
  const [top, bottom] = [scale.y(upper), scale.y(lower)];
  const end = (y) => `M${x - WHISKER} ${y}h${2 * WHISKER}`;
  return draw("path", { class: "whisker", d: `M${x} ${top}V${bottom}${end(top)}${end(bottom)}` });
}

/** The last label always, the others where they do not touch the next. */
function axisLabels(points, x, step) {
  const labels = [];
  let free = Infinity;
  for (let i = points.length - 1; i >= 0; i -= 1) {
    const centre = x(i) + step / 2;
    if (!points[i].label || centre + LABEL / 2 > free) continue;
    const last = free === Infinity;
    const anchor = last ? "end" : "middle";
    labels.push(draw("text",
      { x: last ? x(i) + step : centre, y: HEIGHT - 6, "text-anchor": anchor },
      points[i].label));
    free = last ? x(i) + step - LABEL : centre - LABEL / 2;
  }
  return labels;
}

/** A bar beside a number in a table: only for the eye. */
export function bar(share) {
  const inner = make("span");
  inner.style.width = `${Math.max(share, 0) * 100}%`;
  return make("span", { class: "bar", "aria-hidden": "true" }, inner);
}
