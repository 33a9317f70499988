// A table that holds a million rows: only the rows in sight are in the document.

import {h, put, say} from "./dom.js";

const ROW = 28;
const MORE = 8;
/** Browsers cut elements that are taller than some 17 million pixels. */
const TALLEST = 12_000_000;

/**
 * @param columns {key, title, width (CSS grid track), align, text(row) or cell(row, element), sort(row), title of the header}
 * @param onOpen called with a row that is clicked, or opened with Enter
 * @param keyOf identity of a row, to keep the selection when rows move
 */
export function table({columns, label, onOpen, sortBy, descending = false, keyOf = row => row}) {
  let rows = [];
  let shown = [];
  let sorted = sortBy ?? null;
  let down = descending;
  let focused = 0;
  const head = h("div", {class: "row head", role: "row", "aria-rowindex": "1"});
  const window_ = h("div", {class: "window", role: "rowgroup"});
  const space = h("div", {class: "space"}, window_);
  const element = h("div", {class: "grid" + (onOpen ? " opens" : ""), role: "table", "aria-label": label, tabindex: "0"},
      h("div", {class: "headgroup", role: "rowgroup"}, head), space);
  const widths = columns.map(column => column.width ?? "minmax(80px, 1fr)");
  element.style.setProperty("--columns", widths.join(" "));
  // Header and rows are grids of their own: with one least width for all their columns are the same.
  element.style.setProperty("--least", widths.reduce((sum, width) => sum + Number(/\d+/.exec(width)[0]), 0) + "px");
  element.setAttribute("aria-colcount", columns.length);
  const pool = [];

  const headers = columns.map(column => {
    const cell = h("div", {class: "cell" + (column.align === "right" ? " right" : ""), role: "columnheader", title: column.hint});
    if (column.sort) {
      cell.append(h("button", {class: "sort", type: "button", onclick: () => sortOn(column.key)}, column.title));
    } else {
      cell.append(h("span", {}, column.title));
    }
    head.append(cell);
    return cell;
  });

  function sortOn(key) {
    down = sorted === key ? !down : columns.find(column => column.key === key).descending ?? false;
    sorted = key;
    arrange();
    draw();
  }

  function arrange() {
    shown = rows;
    const column = columns.find(c => c.key === sorted);
    if (column?.sort) {
      const sign = down ? -1 : 1;
      shown = rows.slice().sort((a, b) => {
        const x = column.sort(a);
        const y = column.sort(b);
        return x === y ? 0 : x === null || x === undefined ? 1 : y === null || y === undefined ? -1 : x < y ? -sign : sign;
      });
    }
    columns.forEach((c, i) => {
      if (c.sort) {
        headers[i].setAttribute("aria-sort", c.key === sorted ? down ? "descending" : "ascending" : "none");
      }
    });
  }

  function place() {
    const whole = shown.length * ROW;
    const tall = Math.min(whole, TALLEST);
    const inSight = element.clientHeight;
    const ratio = whole > TALLEST ? (whole - inSight) / (tall - inSight) : 1;
    return {ratio, first: Math.max(0, Math.min(shown.length, Math.floor(element.scrollTop * ratio / ROW)) - MORE), many: Math.ceil(inSight / ROW) + 2 * MORE};
  }

  function draw() {
    // The height first: with fewer rows than before the browser scrolls back to what there is.
    space.style.height = Math.min(shown.length * ROW, TALLEST) + "px";
    const {ratio, first, many} = place();
    const last = Math.min(shown.length, first + many);
    window_.style.transform = `translateY(${element.scrollTop - element.scrollTop * ratio + first * ROW}px)`;
    for (let i = first; i < last; i++) {
      const line = pool[i - first] ??= newLine();
      if (!line.element.isConnected) {
        window_.append(line.element);
      }
      line.show(shown[i], i);
    }
    while (window_.childElementCount > last - first) {
      window_.lastElementChild.remove();
    }
    element.setAttribute("aria-rowcount", shown.length + 1);
  }

  function newLine() {
    let row = null;
    const cells = columns.map(column => h("div", {class: "cell" + (column.align === "right" ? " right" : "") + (column.class ? " " + column.class : ""), role: "cell"}));
    const line = h("div", {class: "row", role: "row"}, cells);
    if (onOpen) {
      line.addEventListener("click", () => onOpen(row));
    }
    return {
      element: line,
      show(data, index) {
        row = data;
        line.setAttribute("aria-rowindex", index + 2);
        line.classList.toggle("odd", index % 2 === 1);
        line.classList.toggle("focused", index === focused && document.activeElement === element);
        columns.forEach((column, i) => {
          if (column.cell) {
            column.cell(data, cells[i]);
          } else {
            const text = column.text(data);
            say(cells[i], text ?? "");
            cells[i].title = column.full ? text ?? "" : "";
          }
        });
      },
    };
  }

  function show(index) {
    focused = Math.max(0, Math.min(shown.length - 1, index));
    const top = focused * ROW;
    const headHeight = head.offsetHeight;
    const {ratio} = place();
    if (top < element.scrollTop * ratio) {
      element.scrollTop = top / ratio;
    } else if (top + ROW + headHeight > element.scrollTop * ratio + element.clientHeight) {
      element.scrollTop = (top + ROW + headHeight - element.clientHeight) / ratio;
    }
    draw();
  }

  element.addEventListener("scroll", draw, {passive: true});
  element.addEventListener("focus", draw);
  element.addEventListener("blur", draw);
  element.addEventListener("keydown", event => {
    if (event.target !== element) {
      return;
    }
    const page = Math.max(1, Math.floor(element.clientHeight / ROW) - 2);
    const to = {ArrowDown: focused + 1, ArrowUp: focused - 1, PageDown: focused + page, PageUp: focused - page, Home: 0, End: shown.length - 1}[event.key];
    if (to !== undefined && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      show(to);
    } else if (event.key === "Enter" && onOpen && shown[focused]) {
      onOpen(shown[focused]);
    }
  });
  const watch = new ResizeObserver(draw);
  watch.observe(element);

  return {
    element,
    /** Shows other rows; the place of the reader stays. */
    set(all) {
      const at = shown[focused] === undefined ? undefined : keyOf(shown[focused]);
      rows = all;
      arrange();
      if (sorted !== null && at !== undefined) {
        const found = shown.findIndex(row => keyOf(row) === at);
        focused = found < 0 ? focused : found;
      }
      draw();
    },
    draw,
    stop: () => watch.disconnect(),
  };
}

/** A small table, all of whose rows are in the document. */
export function plainTable({columns, rows, label}) {
  return h("table", {class: "plain"}, h("caption", {class: "hidden"}, label),
      h("thead", {}, h("tr", {}, columns.map(column => h("th", {scope: "col", class: column.align === "right" ? "right" : null}, column.title)))),
      h("tbody", {}, rows.map(row => h("tr", {}, columns.map(column => {
        const cell = h("td", {class: [column.align === "right" ? "right" : "", column.class ?? ""].join(" ").trim() || null});
        return column.cell ? (column.cell(row, cell), cell) : put(cell, column.text(row) ?? "–");
      })))));
}
