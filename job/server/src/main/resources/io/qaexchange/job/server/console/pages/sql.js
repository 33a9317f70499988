// SQL over hot and cold rows: editor, result as table, chart or file, plan, history.

import {ask, get, url} from "../lib/api.js";
import {h, put, say} from "../lib/dom.js";
import {editor} from "../lib/editor.js";
import {count, duration, parseTime, time} from "../lib/format.js";
import {icon} from "../lib/icons.js";
import {t} from "../lib/i18n.js";
import {planView} from "../lib/plan.js";
import {plot} from "../lib/plot.js";
import {pref, setPref} from "../lib/prefs.js";
import {query} from "../lib/rows.js";
import {table} from "../lib/table.js";
import {empty, failure, loading} from "../lib/views.js";

const DRAFT = "qaexchange.sql";
const HISTORY = "qaexchange.history";
const REMEMBERED = 50;
const DRAW_MS = 200;
const EXAMPLES = [
  ["Latest prices", "SELECT instrument, last_price, bid_price, ask_price, event_time\nFROM latest('tick') ORDER BY instrument"],
  ["Bars of a minute", "SELECT bar, open, high, low, close, volume\nFROM bars('trade', INTERVAL 1 minute) WHERE instrument = (SELECT instrument FROM trade GROUP BY 1 ORDER BY count(*) DESC LIMIT 1)\nORDER BY bar"],
  ["Trades by instrument", "SELECT instrument, count(*) AS trades, sum(volume) AS volume, round(sum(price * volume)) AS turnover\nFROM trade WHERE direction = 'BUY' GROUP BY 1 ORDER BY turnover DESC"],
  ["Hot and cold rows", "SELECT date, count(*) AS rows, min(event_time) AS first, max(event_time) AS last FROM tick GROUP BY 1 ORDER BY 1"],
];

export async function open(main, {user}) {
  const schemaBox = h("nav", {class: "panel tables", "aria-label": t("Tables")});
  const host = h("div");
  const run = h("button", {class: "primary", type: "button", onclick: () => start(), title: "Ctrl+Enter"}, icon("play"), t("Run"));
  const cancel = h("button", {type: "button", disabled: true, onclick: stop}, icon("stop"), t("Cancel"));
  const explain = h("button", {type: "button", onclick: () => start(true)}, t("Explain"));
  const level = h("select", {"aria-label": t("Level"), title: t("Which moment the rows are as of"), onchange: event => setPref("level", event.target.value)},
      [["live", t("live")], ["checkpoint", t("last checkpoint")], ["archive", t("archive only")]].map(([value, text]) =>
          h("option", {value, selected: pref("level") === value}, text)));
  const result = h("section", {class: "panel result", "aria-label": t("Result")});
  put(main, h("div", {class: "sql"}, schemaBox, h("div", {class: "work"},
      h("section", {class: "panel", "aria-label": t("Statement")}, h("div", {class: "panel-head"}, run, cancel, explain, h("label", {class: "choice"}, h("span", {class: "muted"}, t("Level") + " "), level),
          h("span", {class: "note"}, t("Ctrl+Enter runs the statement, or what is selected"))), h("div", {class: "editor"}, host)), result)));
  const code = editor(host, {text: remembered(DRAFT, EXAMPLES[0][1]), onRun: () => start(), onChange: text => keep(DRAFT, text)});
  const view = new ResultView(result, {onPick: sql => code.set(sql), onExample: sql => {
    code.set(sql);
    start();
  }});
  let running = null;

  async function start(plan = false) {
    const sql = code.text().trim().replace(/;$/, "");
    if (sql === "" || running !== null) {
      return;
    }
    const mine = {abort: new AbortController(), request: crypto.randomUUID?.() ?? String(Math.random()).slice(2), began: performance.now(), cancelled: false};
    running = mine;
    run.disabled = explain.disabled = true;
    cancel.disabled = false;
    view.begin(mine);
    try {
      if (plan) {
        const response = await ask(url("/v1/plan", {level: level.value}), {method: "POST", body: sql, headers: {"Content-Type": "text/plain", "Qaexchange-Request": mine.request},
          signal: mine.abort.signal});
        view.plan(await response.json());
      } else {
        const found = await query(sql, {level: level.value, request: mine.request, signal: mine.abort.signal, onRows: so => view.rows(so, false)});
        view.rows(found, true, {sql, ms: performance.now() - mine.began, level: level.value});
        note({sql, at: Date.now(), ms: Math.round(performance.now() - mine.began), rows: found.rows.length});
      }
    } catch (e) {
      view.failed(mine.cancelled ? {status: 408, message: t("The query was cancelled.")} : e);
      if (!("status" in e) && !mine.cancelled) {
        console.error(e);
      }
    } finally {
      running = null;
      run.disabled = explain.disabled = false;
      cancel.disabled = true;
    }
  }

  /** Ends the query on the server, and does not wait for its rows. */
  async function stop() {
    const mine = running;
    if (mine === null) {
      return;
    }
    mine.cancelled = true;
    try {
      await ask("/v1/queries/" + mine.request, {method: "DELETE"});
    } catch (e) {
      if (e.status !== 404) {
        console.warn("the query was not cancelled on the server: " + e.message);
      }
    }
    mine.abort.abort();
  }

  put(schemaBox, h("header", {}, h("h2", {}, t("Tables"))), loading());
  try {
    const {columns, macros} = await get("/v1/tables");
    code.complete(columns, macros);
    put(schemaBox, h("header", {}, h("h2", {}, t("Tables"))), h("div", {class: "scroll"}, Object.entries(columns).map(([name, types]) =>
        h("details", {}, h("summary", {}, name), h("ul", {}, Object.entries(types).map(([column, type]) =>
            h("li", {}, h("button", {type: "button", title: column + " " + type, onclick: () => code.insert(column)}, h("span", {}, column), h("small", {}, typeName(type))))))))));
  } catch (e) {
    put(schemaBox, failure(e));
  }
  return {stop() {
    running?.abort.abort();
    code.stop();
    view.stop();
  }};
}

function typeName(type) {
  return type === "TIMESTAMP WITH TIME ZONE" ? "timestamp µs" : type === "TIMESTAMPTZ_NS" ? "timestamp ns" : type.startsWith("STRUCT") ? "levels" : type.toLowerCase();
}

/** The panel below the editor: the result in its three forms, or the plan, or the history. */
class ResultView {
  #panel;
  #head = h("div", {class: "panel-head"});
  #view = h("div", {class: "view"});
  #foot = h("div", {class: "foot", role: "status"});
  #grid = null;
  #result = null;
  #plan = null;
  #tab = "table";
  #timer = 0;
  #drawnAt = 0;
  #on;
  #info = null;

  constructor(panel, on) {
    this.#panel = panel;
    this.#on = on;
    put(panel, this.#head, this.#view, this.#foot);
    this.#heads();
    put(this.#view, empty(t("No result yet"), null), h("div", {class: "examples"}, EXAMPLES.map(([name, sql]) => h("button", {type: "button", onclick: () => on.onExample(sql)}, t(name)))));
  }

  #heads() {
    const tab = (key, name) => h("button", {type: "button", role: "tab", "aria-selected": String(this.#tab === key), onclick: () => {
      this.#tab = key;
      this.#heads();
      this.#show();
    }}, name);
    const files = this.#result === null || this.#info === null ? null : h("span", {class: "bar"}, icon("download"), ["csv", "json", "parquet", "arrow"].map(format =>
        h("button", {class: "plain", type: "button", title: t("Runs the query again and saves all rows"), onclick: event => download(this.#info, format, event.currentTarget, this.#foot)},
            format)));
    put(this.#head, h("div", {class: "tabs", role: "tablist", "aria-label": t("Result")}, tab("table", t("Table")), tab("chart", t("Chart")), this.#plan === null ? null : tab("plan", t("Plan")), tab("history", t("History"))),
        h("span", {class: "note"}, files));
  }

  begin(running) {
    this.#result = null;
    this.#plan = null;
    this.#info = null;
    this.#grid?.stop();
    this.#grid = null;
    this.#tab = this.#tab === "history" || this.#tab === "plan" ? "table" : this.#tab;
    this.#heads();
    put(this.#view, loading());
    clearInterval(this.#timer);
    this.#timer = setInterval(() => say(this.#foot, t("running for {time}", {time: duration(performance.now() - running.began)})
        + (this.#result === null ? "" : " · " + t("{n} rows", {n: count(this.#result.rows.length)}))), 100);
  }

  rows(result, whole, info) {
    this.#result = result;
    if (!whole) {
      if (this.#tab === "table" && performance.now() - this.#drawnAt > DRAW_MS) {
        this.#table();
      }
      return;
    }
    clearInterval(this.#timer);
    this.#info = info;
    this.#heads();
    this.#show();
    const header = name => result.headers.get("Qaexchange-" + name);
    const pinned = header("Pinned-To");
    put(this.#foot, [t("{n} rows", {n: count(result.rows.length)}) + (result.cut ? " " + t("(the first of more; a download has all)") : ""), duration(info.ms),
      t("level {level}", {level: header("Level") ?? info.level}), pinned ? t("as of {time}", {time: time(Date.parse(pinned))}) : null,
      t("archive manifest {version}", {version: header("Manifest-Version") ?? "–"})].filter(part => part !== null).map(part => h("span", {}, part)));
  }

  plan(plan) {
    clearInterval(this.#timer);
    this.#plan = plan;
    this.#tab = "plan";
    this.#heads();
    this.#show();
    put(this.#foot, [t("level {level}", {level: plan.level}), plan.pinnedTo ? t("as of {time}", {time: time(Date.parse(plan.pinnedTo))}) : null,
      t("archive manifest {version}", {version: plan.manifestVersion})].filter(part => part !== null).map(part => h("span", {}, part)));
  }

  failed(problem) {
    clearInterval(this.#timer);
    say(this.#foot, "");
    put(this.#view, failure(problem));
  }

  #show() {
    if (this.#tab === "history") {
      put(this.#view, historyList(this.#on.onPick));
    } else if (this.#tab === "plan") {
      put(this.#view, planView(this.#plan));
    } else if (this.#result === null) {
      put(this.#view, empty(t("No result yet")));
    } else if (this.#result.rows.length === 0) {
      put(this.#view, empty(t("The result has no rows")));
    } else if (this.#tab === "chart") {
      put(this.#view, plotOf(this.#result));
    } else {
      this.#table();
    }
  }

  #table() {
    this.#drawnAt = performance.now();
    const {columns, rows} = this.#result;
    if (rows.length === 0) {
      return;
    }
    if (this.#grid === null) {
      this.#grid = table({label: t("Result"), columns: columnsOf(columns, rows)});
      put(this.#view, this.#grid.element);
    } else if (!this.#grid.element.isConnected) {
      put(this.#view, this.#grid.element);
    }
    this.#grid.set(rows);
  }

  stop() {
    clearInterval(this.#timer);
    this.#grid?.stop();
  }
}

/** Widths are those of the first rows; numbers stand on the right. */
function columnsOf(names, rows) {
  const sample = rows.slice(0, 100);
  return names.map((name, i) => {
    const longest = Math.max(name.length + 3, ...sample.map(row => Math.min(60, textOf(row[i]).length)));
    const numeric = sample.some(row => typeof row[i] === "number") && sample.every(row => row[i] === null || typeof row[i] === "number");
    return {key: String(i), title: name, align: numeric ? "right" : undefined, width: `minmax(${Math.round(longest * 7.6 + 26)}px, 1fr)`, sort: row => row[i],
      cell(row, cell) {
        const text = row[i] === null ? "null" : textOf(row[i]);
        say(cell, text);
        cell.title = text;
        cell.classList.toggle("null", row[i] === null);
      }};
  });
}

function textOf(value) {
  return value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : typeof value === "number" ? numberText(value) : String(value);
}

function numberText(value) {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(12)));
}

/** A chart of the columns that the user chooses; first the first time against the first number. */
function plotOf({columns, rows}) {
  const kind = i => {
    const value = rows.find(row => row[i] !== null)?.[i];
    return typeof value === "number" ? "number" : typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(parseTime(value)) ? "time" : "text";
  };
  const kinds = columns.map((name, i) => kind(i));
  const numbers = kinds.flatMap((k, i) => k === "number" ? [i] : []);
  if (numbers.length === 0) {
    return empty(t("A chart needs a column of numbers"));
  }
  const firstX = Math.max(0, kinds.indexOf("time") >= 0 ? kinds.indexOf("time") : kinds.indexOf("text") >= 0 ? kinds.indexOf("text") : 0);
  const x = h("select", {"aria-label": t("Across"), onchange: draw}, columns.map((name, i) => h("option", {value: i, selected: i === firstX}, name)));
  const y = h("select", {"aria-label": t("Upwards"), onchange: draw}, numbers.map(i => h("option", {value: i, selected: i === (numbers.find(n => n !== firstX) ?? numbers[0])}, columns[i])));
  const box = h("div", {class: "plotbox"});
  function draw() {
    const [xi, yi] = [Number(x.value), Number(y.value)];
    put(box, plot({kind: kinds[xi] === "number" ? "number" : kinds[xi], label: columns[yi], points: rows.filter(row => row[yi] !== null && row[xi] !== null)
        .map(row => ({x: kinds[xi] === "time" ? parseTime(row[xi]) : row[xi], y: row[yi]}))}));
  }
  draw();
  return [h("div", {class: "plotbar"}, h("label", {}, t("Across"), x), h("label", {}, t("Upwards"), y)), box];
}

async function download({sql, level}, format, button, foot) {
  button.disabled = true;
  try {
    const response = await ask(`/v1/query?format=${format}&level=${encodeURIComponent(level)}`, {method: "POST", body: sql, headers: {"Content-Type": "text/plain"}});
    const link = h("a", {href: URL.createObjectURL(await response.blob()), download: "result." + format});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (e) {
    say(foot, t("The download failed: {reason}", {reason: e.message}));
  } finally {
    button.disabled = false;
  }
}

function historyList(onPick) {
  const all = remembered(HISTORY, []);
  return all.length === 0 ? empty(t("No statement was run in this browser yet")) : h("div", {class: "scroll history"}, all.map(({sql, at, ms, rows}) =>
      h("button", {type: "button", onclick: () => onPick(sql), title: sql}, h("code", {}, sql.replace(/\s+/g, " ")),
          h("small", {}, [time(at), duration(ms), t("{n} rows", {n: count(rows)})].join(" · ")))));
}

function note(entry) {
  keep(HISTORY, [entry, ...remembered(HISTORY, []).filter(other => other.sql !== entry.sql)].slice(0, REMEMBERED));
}

function remembered(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;  // Storage is shut, or holds something else.
  }
}

function keep(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch (e) {
    console.warn("not kept: " + e.message);
  }
}
