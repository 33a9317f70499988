// A plain chart in SVG: a line over time or numbers, bars over names.

import {h, s} from "./dom.js";
import {clock, count, date, decimals, short, time} from "./format.js";
import {t} from "./i18n.js";

const WIDTH = 1000;
const LEFT = 74;
const BOTTOM = 26;
/** More points than this are thinned out: per column of pixels the least and the greatest stay. */
const MOST_POINTS = 2000;
const MOST_BARS = 60;

/**
 * A chart.
 *
 * @param kind "time" (x in ms), "number" or "text"
 * @param points x and y
 */
export function plot({kind, points, label, height = 340, tone = "accent"}) {
  if (points.length === 0) {
    return h("p", {class: "muted"}, t("Nothing to show"));
  }
  return kind === "text" ? bars(points, label, height, tone) : line(kind, points, label, height, tone);
}

function frame(label, height, low, high, children) {
  const y = value => 8 + (height - BOTTOM - 8) * (1 - (value - low) / (high - low));
  const steps = ticks(low, high, 5);
  return {y, element: inner => s("svg", {class: "plot", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label},
      steps.map(value => [s("line", {class: "axis", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value)}), s("text", {x: LEFT - 8, y: y(value) + 4, "text-anchor": "end"}, numberText(value))]), inner)};
}

function line(kind, points, label, height, tone) {
  const sorted = thin(points.slice().sort((a, b) => a.x - b.x));
  const [left, right] = [sorted[0].x, sorted[sorted.length - 1].x];
  let low = Math.min(...sorted.map(point => point.y));
  let high = Math.max(...sorted.map(point => point.y));
  if (low === high) {
    low -= Math.abs(low) * .01 || 1;
    high += Math.abs(high) * .01 || 1;
  }
  const x = value => LEFT + (WIDTH - LEFT - 4) * (right === left ? .5 : (value - left) / (right - left));
  const {y, element} = frame(label, height, low, high);
  const path = "M" + sorted.map(point => x(point.x).toFixed(1) + "," + y(point.y).toFixed(1)).join("L");
  const marks = kind === "time" ? timeTicks(left, right) : ticks(left, right, 8).map(value => ({value, text: numberText(value)}));
  return element([s("path", {d: path, class: "line " + tone}),
    marks.map(mark => s("text", {x: x(mark.value), y: height - 6, "text-anchor": "middle"}, mark.text)),
    sorted.length <= 200 ? sorted.map(point => s("circle", {cx: x(point.x), cy: y(point.y), r: 5, class: "hit"},
        s("title", {}, (kind === "time" ? time(point.x) : numberText(point.x)) + ": " + numberText(point.y)))) : null]);
}

function bars(points, label, height, tone) {
  const shown = points.slice(0, MOST_BARS);
  const low = Math.min(0, ...shown.map(point => point.y));
  const high = Math.max(0, ...shown.map(point => point.y)) || 1;
  const {y, element} = frame(label, height, low, high);
  const width = (WIDTH - LEFT) / shown.length;
  const every = Math.ceil(shown.length / 10);
  const more = points.length > shown.length ? s("text", {x: WIDTH, y: 12, "text-anchor": "end"}, t("the first {n} of {all}", {n: count(shown.length), all: count(points.length)})) : null;
  return element([more, shown.map((point, i) => [
    s("rect", {x: LEFT + i * width + width * .15, width: width * .7, y: y(Math.max(0, point.y)), height: Math.max(.5, Math.abs(y(0) - y(point.y))), class: "bar " + tone, rx: Math.min(3, width * .1)},
        s("title", {}, point.x + ": " + numberText(point.y))),
    i % every === 0 ? s("text", {x: LEFT + (i + .5) * width, y: height - 6, "text-anchor": "middle"}, String(point.x).slice(0, 14)) : null])]);
}

/** Round numbers between two, some of them. */
function ticks(low, high, some) {
  const raw = (high - low) / some;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * size).find(candidate => candidate >= raw);
  const all = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) {
    all.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  }
  return all;
}

function timeTicks(left, right) {
  const days = right - left > 2 * 86_400_000;
  return Array.from({length: 7}, (_, i) => left + (right - left) * (i + .5) / 7).map(value => ({value, text: days ? date(value).slice(5) : clock(value)}));
}

function thin(points) {
  if (points.length <= MOST_POINTS) {
    return points;
  }
  const size = Math.ceil(points.length / (MOST_POINTS / 2));
  const kept = [];
  for (let i = 0; i < points.length; i += size) {
    const group = points.slice(i, i + size);
    const low = group.reduce((a, b) => b.y < a.y ? b : a);
    const high = group.reduce((a, b) => b.y > a.y ? b : a);
    kept.push(...(low === high ? [low] : low.x <= high.x ? [low, high] : [high, low]));
  }
  return kept;
}

function numberText(value) {
  return Math.abs(value) >= 1e6 ? short(value) : Number.isInteger(value) ? count(value) : decimals(value, Math.abs(value) >= 100 ? 2 : Math.abs(value) >= 1 ? 3 : 5);
}
