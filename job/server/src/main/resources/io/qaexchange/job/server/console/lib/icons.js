// The few icons of the navigation, drawn on a grid of 20.

import {s} from "./dom.js";

const PATHS = {
  pulse: "M2 10h4l2-6 4 12 2-6h4",
  candles: "M5 3v3M5 13v4M3 6h4v7H3zM14 2v5M14 14v4M12 7h4v7h-4z",
  terminal: "M3 5l5 5-5 5M10 16h7",
  list: "M3 5h14M3 10h14M3 15h9",
  scales: "M10 3v14M5 17h10M3 6h14M3 6l-1 6h5L5 6M15 6l-2 6h5l-1-6",
  layers: "M10 3l7 4-7 4-7-4zM3 11l7 4 7-4M3 14l7 4 7-4",
  flag: "M5 18V3M5 4h10l-2 3.5L15 11H5",
  mail: "M2 5h16v11H2zM2 6l8 6 8-6",
  sun: "M10 6.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M4 16l1.4-1.4M14.6 5.4L16 4",
  moon: "M16.5 12.5A7 7 0 017.5 3.5a7 7 0 109 9z",
  person: "M10 10a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM3.5 17.5a6.5 6.5 0 0113 0",
  search: "M9 3a6 6 0 100 12A6 6 0 009 3zM13.5 13.5L18 18",
  play: "M6 4l10 6-10 6z",
  stop: "M5 5h10v10H5z",
  download: "M10 3v9M6 9l4 4 4-4M3 17h14",
  back: "M12 4l-6 6 6 6",
};

export function icon(name) {
  return s("svg", {class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true", focusable: "false"}, s("path", {d: PATHS[name]}));
}
