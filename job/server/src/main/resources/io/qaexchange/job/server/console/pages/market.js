// The market: all instruments, or one of them.

import * as instrument from "../lib/instrument.js";
import {get, url} from "../lib/api.js";
import {h, put, s, say} from "../lib/dom.js";
import {bytes, count, decimals, digitsOf, duration, short} from "../lib/format.js";
import {icon} from "../lib/icons.js";
import {t} from "../lib/i18n.js";
import {table} from "../lib/table.js";
import {empty, live} from "../lib/views.js";

const TICKS_MS = 1000;
/** Terms, sizes and day bars change slowly. */
const SLOW_MS = 15_000;
const SPARKS_MS = 60_000;
const FEW = 4;
const SPARK_MS = 4 * 3_600_000;
const DAYS_BACK_MS = 5 * 86_400_000;

export function open(main, {rest, title}) {
  if (rest[0]) {
    return instrument.open(main, rest[0], title);
  }
  const search = h("input", {type: "search", placeholder: t("Search instruments"), "aria-label": t("Search instruments")});
  const found = h("span", {class: "muted", role: "status"});
  const panel = h("section", {class: "panel fill", "aria-label": t("Instruments")});
  put(main, h("div", {class: "bar"}, h("span", {class: "searchbox"}, icon("search"), search), found), panel);

  const slow = {at: 0, sparksAt: 0, terms: new Map(), days: new Map(), sparks: new Map()};
  let rows = [];
  const list = table({label: t("Instruments"), onOpen: row => location.hash = "#/market/" + encodeURIComponent(row.id), keyOf: row => row.id, sortBy: "turnover", descending: true, columns: columns()});

  function showRows() {
    const wanted = search.value.trim().toLowerCase();
    const matching = wanted ? rows.filter(row => row.id.toLowerCase().includes(wanted) || (row.exchange ?? "").toLowerCase().includes(wanted)) : rows;
    list.set(matching);
    say(found, wanted ? t("{n} of {all} instruments", {n: count(matching.length), all: count(rows.length)}) : t("{n} instruments", {n: count(rows.length)}));
  }
  search.addEventListener("input", showRows);

  async function load(signal) {
    if (Date.now() - slow.at > SLOW_MS) {
      await loadSlow(slow, signal);
    }
    return get("/v1/latest/tick", {signal});
  }

  const updates = live(panel, {every: TICKS_MS, load, show(ticks, body) {
    rows = ticks.map(tick => rowOf(tick, slow));
    if (rows.length === 0) {
      put(body, empty(t("No instrument has a price yet"), t("A price appears here as soon as the job has stored a tick.")));
      return;
    }
    if (!list.element.isConnected) {
      put(body, list.element);
    }
    showRows();
  }});
  search.focus({preventScroll: true});
  return {stop() {
    updates.stop();
    list.stop();
  }};
}

/** Terms and sizes; the bars of the last trading days, for the change and the volume; bars of five minutes, for the sparklines. */
async function loadSlow(slow, signal) {
  const from = new Date(Date.now() - DAYS_BACK_MS).toISOString();
  const [terms, days] = await Promise.all([get("/v1/instruments", {signal}), get(url("/v1/bars/trade", {interval: "1d", from}), {signal})]);
  slow.terms = new Map(terms.instruments.map(one => [one.instrument, one]));
  slow.days = new Map();
  for (const bar of days) {
    slow.days.set(bar.instrument, {before: slow.days.get(bar.instrument)?.today ?? null, today: bar});
  }
  if (Date.now() - slow.sparksAt > SPARKS_MS) {
    const recent = new Date(Date.now() - SPARK_MS).toISOString();
    slow.sparks = await closesOf("5m", recent, signal);
    const young = [...slow.sparks.values()].every(closes => closes.length < FEW);
    if (young) {
      slow.sparks = await closesOf("10s", recent, signal);
    }
    // A market that has just been opened is looked at again soon.
    slow.sparksAt = young ? 0 : Date.now();
  }
  slow.at = Date.now();
}

/** The closes of the bars of each instrument. */
async function closesOf(interval, from, signal) {
  const found = new Map();
  for (const bar of await get(url("/v1/bars/trade", {interval, from}), {signal})) {
    const closes = found.get(bar.instrument) ?? [];
    closes.push(bar.close);
    found.set(bar.instrument, closes);
  }
  return found;
}

function rowOf(tick, slow) {
  const terms = slow.terms.get(tick.instrument);
  const day = slow.days.get(tick.instrument);
  const reference = day?.before?.close ?? day?.today.open ?? null;
  const change = reference === null ? null : tick.last_price - reference;
  return {id: tick.instrument, exchange: terms?.exchange ?? "", digits: digitsOf(terms?.priceTick), last: tick.last_price, bid: tick.bid_price, ask: tick.ask_price,
    change, percent: change === null ? null : change / reference * 100, volume: day?.today.volume ?? null, turnover: day?.today.turnover ?? null,
    spark: slow.sparks.get(tick.instrument) ?? [], rows: terms ? terms.storedRows : null, cold: terms ? terms.coldRows : null, hotBytes: terms?.hotBytes ?? null,
    ageMs: Date.now() - tick.event_time / 1e6};
}

function columns() {
  const signed = value => value === null ? "" : value > 0 ? "up" : value < 0 ? "down" : "";
  const tone = (cell, row) => {
    cell.classList.toggle("up", signed(row.change) === "up");
    cell.classList.toggle("down", signed(row.change) === "down");
  };
  return [
    {key: "id", title: t("Instrument"), width: "minmax(140px, 1.3fr)", sort: row => row.id, cell(row, cell) {
      let link = cell.firstChild;
      if (!link) {
        link = h("a", {class: "id", tabindex: "-1"});
        cell.append(link);
      }
      say(link, row.id);
      link.setAttribute("href", "#/market/" + encodeURIComponent(row.id));
      cell.title = row.id;
    }},
    {key: "exchange", title: t("Exchange"), width: "minmax(84px, .7fr)", class: "muted", sort: row => row.exchange, text: row => row.exchange},
    {key: "last", title: t("Last"), align: "right", width: "minmax(84px, 1fr)", sort: row => row.last, descending: true, cell(row, cell) {
      const text = decimals(row.last, row.digits);
      if (cell.textContent !== text) {
        const rose = cell.dataset.id === row.id && cell.dataset.last !== undefined ? Math.sign(row.last - Number(cell.dataset.last)) : 0;
        say(cell, text);
        flash(cell, rose);
      }
      cell.dataset.id = row.id;
      cell.dataset.last = row.last;
    }},
    {key: "change", title: t("Change"), hint: t("Since the close of the trading day before; if that is not stored, since the open"), align: "right",
      width: "minmax(72px, .8fr)", sort: row => row.change, descending: true, cell(row, cell) {
        say(cell, row.change === null ? "–" : (row.change > 0 ? "+" : "") + decimals(row.change, row.digits));
        tone(cell, row);
      }},
    {key: "percent", title: "%", align: "right", width: "minmax(66px, .7fr)", sort: row => row.percent, descending: true, cell(row, cell) {
      say(cell, row.percent === null ? "–" : (row.percent > 0 ? "+" : "") + decimals(row.percent, 2));
      tone(cell, row);
    }},
    {key: "spark", title: t("4 hours"), width: "minmax(88px, 1fr)", cell(row, cell) {
      spark(cell, row.spark, signed(row.change));
    }},
    {key: "bid", width: "minmax(80px, .9fr)", title: t("Bid"), align: "right", sort: row => row.bid, descending: true, text: row => decimals(row.bid, row.digits)},
    {key: "ask", width: "minmax(80px, .9fr)", title: t("Ask"), align: "right", sort: row => row.ask, descending: true, text: row => decimals(row.ask, row.digits)},
    {key: "volume", width: "minmax(76px, .9fr)", title: t("Volume"), hint: t("Of the trading day, both sides of each match"), align: "right", sort: row => row.volume, descending: true,
      text: row => count(row.volume)},
    {key: "turnover", width: "minmax(96px, 1fr)", title: t("Turnover"), align: "right", sort: row => row.turnover, descending: true, text: row => short(row.turnover)},
    {key: "rows", width: "minmax(72px, .9fr)", title: t("Rows"), hint: t("Rows of all tables, hot and cold"), align: "right", sort: row => row.rows, descending: true, text: row => count(row.rows)},
    {key: "cold", title: t("In Parquet"), align: "right", width: "minmax(88px, .8fr)", sort: row => row.rows ? row.cold / row.rows : null, descending: true,
      text: row => row.rows ? decimals(row.cold / row.rows * 100, 0) + " %" : "–"},
    {key: "hotBytes", width: "minmax(80px, .8fr)", title: t("Hot"), align: "right", sort: row => row.hotBytes, descending: true, text: row => bytes(row.hotBytes)},
    {key: "age", width: "minmax(72px, .8fr)", title: t("Age"), hint: t("Time since the newest tick"), align: "right", class: "muted", sort: row => row.ageMs, text: row => duration(Math.max(0, row.ageMs))},
  ];
}

function flash(cell, sign) {
  cell.classList.remove("flash-up", "flash-down");
  if (sign !== 0) {
    requestAnimationFrame(() => cell.classList.add(sign > 0 ? "flash-up" : "flash-down"));
  }
}

/** A line of prices, redrawn only if it is another one. */
function spark(cell, values, tone) {
  const key = tone + values.join(",");
  if (cell.dataset.spark === key) {
    return;
  }
  cell.dataset.spark = key;
  if (values.length < 2) {
    put(cell);
    return;
  }
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const points = values.map((value, i) => `${(i / (values.length - 1) * 100).toFixed(1)},${(18 - (value - low) / range * 16).toFixed(1)}`);
  put(cell, s("svg", {class: "spark " + tone, viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true"},
      s("path", {d: "M" + points.join("L"), "vector-effect": "non-scaling-stroke"})));
}
