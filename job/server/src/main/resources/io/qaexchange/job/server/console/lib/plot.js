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
 * @param least a value that is always in sight, such as zero
 * @param width units across; texts keep their size if this is about the width of the place in pixels
 * @param format the text of a value
 */
export function plot({kind, points, label, least, height = 340, width = WIDTH, tone = "accent", format = numberText}) {
  if (points.length === 0) {
    return h("p", {class: "muted"}, t("Nothing to show"));
  }
  const place = {label, least, height, width, tone, format};
  return kind === "text" ? bars(points, place) : line(kind, points, place);
}

function frame({label, height, width, format}, low, high) {
  const y = value => 8 + (height - BOTTOM - 8) * (1 - (value - low) / (high - low));
  const steps = ticks(low, high, height < 200 ? 3 : 5);
  return {y, element: inner => s("svg", {class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label},
      steps.map(value => [s("line", {class: "axis", x1: LEFT, x2: width, y1: y(value), y2: y(value)}), s("text", {x: LEFT - 8, y: y(value) + 4, "text-anchor": "end"}, format(value))]), inner)};
}

function line(kind, points, place) {
  const {least, height, width, tone, format} = place;
  const sorted = thin(points.slice().sort((a, b) => a.x - b.x));
  const [left, right] = [sorted[0].x, sorted[sorted.length - 1].x];
  let low = Math.min(...sorted.map(point => point.y));
  let high = Math.max(...sorted.map(point => point.y));
  if (least !== undefined) {
    low = Math.min(low, least);
    high = high > low ? high : low + 1;
  } else if (low === high) {
    low -= Math.abs(low) * .01 || 1;
    high += Math.abs(high) * .01 || 1;
  }
  const x = value => LEFT + (width - LEFT - 4) * (right === left ? .5 : (value - left) / (right - left));
  const {y, element} = frame(place, low, high);
  const path = "M" + sorted.map(point => x(point.x).toFixed(1) + "," + y(point.y).toFixed(1)).join("L");
  const marks = kind === "time" ? timeTicks(left, right, Math.max(2, Math.min(7, Math.floor(width / 130)))) : ticks(left, right, 8).map(value => ({value, text: numberText(value)}));
  return element([s("path", {d: path, class: "line " + tone}),
    marks.map(mark => s("text", {x: x(mark.value), y: height - 6, "text-anchor": "middle"}, mark.text)),
    sorted.length <= 200 ? sorted.map(point => s("circle", {cx: x(point.x), cy: y(point.y), r: 5, class: "hit"},
        s("title", {}, (kind === "time" ? time(point.x) : numberText(point.x)) + ": " + format(point.y)))) : null]);
}

function bars(points, place) {
  const {height, width, tone, format} = place;
  const shown = points.slice(0, MOST_BARS);
  const low = Math.min(0, ...shown.map(point => point.y));
  const high = Math.max(0, ...shown.map(point => point.y)) || 1;
  const {y, element} = frame(place, low, high);
  const each = (width - LEFT) / shown.length;
  const every = Math.ceil(shown.length / 10);
  const more = points.length > shown.length ? s("text", {x: width, y: 12, "text-anchor": "end"}, t("the first {n} of {all}", {n: count(shown.length), all: count(points.length)})) : null;
  return element([more, shown.map((point, i) => [
    s("rect", {x: LEFT + i * each + each * .15, width: each * .7, y: y(Math.max(0, point.y)), height: Math.max(.5, Math.abs(y(0) - y(point.y))), class: "bar " + tone, rx: Math.min(3, each * .1)},
        s("title", {}, point.x + ": " + format(point.y))),
    i % every === 0 ? s("text", {x: LEFT + (i + .5) * each, y: height - 6, "text-anchor": "middle"}, String(point.x).slice(0, 14)) : null])]);
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

function timeTicks(left, right, some) {
  const days = right - left > 2 * 86_400_000;
  return Array.from({length: some}, (_, i) => left + (right - left) * (i + .5) / some).map(value => ({value, text: days ? date(value).slice(5) : clock(value)}));
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
