// One instrument: its chart, its book, its trades, its orders.

import {get, follow, url} from "./api.js";
import {Book} from "./book.js";
import {ordersOf} from "./orders.js";
import {bytes, clockMs, count, decimals, digitsOf, short, time} from "./format.js";
import {h, put, say} from "./dom.js";
import {icon} from "./icons.js";
import {t} from "./i18n.js";
import {PriceChart} from "./pricechart.js";
import {empty, failure, live} from "./views.js";

const INTERVALS = ["1s", "5s", "10s", "1m", "5m", "15m", "30m", "1h", "1d"];
const USUAL = "10s";
const TERMS_MS = 3000;
const AGAIN_MS = 2000;
const TRADES = 60;
const LEVELS = 20;
const LADDER_ROW = 22;
const LADDER_HEADS = 50;

export function open(main, id, title) {
  put(title, h("a", {href: "#/market"}, icon("back"), t("Market")), h("span", {}, id));
  document.title = id + " · QAExchange";
  const quote = h("section", {class: "panel quotes", "aria-label": t("Quote")});
  const charts = h("section", {class: "panel charts", "aria-label": t("Chart")});
  const book = h("section", {class: "panel", "aria-label": t("Order book")});
  const tape = h("section", {class: "panel", "aria-label": t("Trades")});
  const state = h("span", {class: "note", role: "status"});
  put(main, h("div", {class: "instrument"}, quote, charts, h("div", {class: "side"}, book, tape)));
  const abort = new AbortController();
  let page = null;

  const updates = live(quote, {every: TERMS_MS, load: signal => get("/v1/instruments/" + encodeURIComponent(id), {signal}), show(terms, body) {
    if (page === null) {
      page = build({id, terms, body, charts, book, tape, state, signal: abort.signal});
    }
    page.show(terms);
  }});
  return {stop() {
    abort.abort();
    updates.stop();
    page?.stop();
  }};
}

function build({id, terms, body, charts, book, tape, state, signal}) {
  const digits = digitsOf(terms.priceTick);
  const zone = terms.timeZone;
  const quote = quoteOf(body, digits, zone);

  const chartBox = h("div", {class: "chart"});
  const intervals = h("div", {class: "segments", role: "group", "aria-label": t("Interval")}, INTERVALS.map(interval =>
      h("button", {type: "button", "aria-pressed": String(interval === USUAL), onclick: event => {
        intervals.querySelectorAll("button").forEach(button => button.setAttribute("aria-pressed", String(button === event.currentTarget)));
        chart.choose(interval);
      }}, interval)));
  const boundary = h("input", {type: "checkbox", id: "boundary", checked: true, onchange: event => chart.showBoundary(event.target.checked)});
  put(charts, h("div", {class: "panel-head"}, intervals, h("label", {class: "check", for: "boundary"}, boundary, t("Hot/cold boundary")), state), chartBox);
  const chart = new PriceChart(chartBox, {id, digits, zone, interval: USUAL, onState: text => say(state, text)});

  const ladder = h("table", {class: "ladder"}, h("caption", {class: "hidden"}, t("Order book")));
  const bookNote = h("span", {class: "note"});
  const shelf = h("div", {class: "scroll shelf"}, ladder);
  put(book, h("header", {}, h("h2", {}, t("Order book")), bookNote), shelf);
  const levels = new Book();

  const prints = h("tbody");
  const trades = h("div", {class: "tape trades", tabindex: "0", role: "region", "aria-label": t("Trades")}, h("table", {},
      h("thead", {}, h("tr", {}, [t("Time"), t("Price"), t("Volume")].map(name => h("th", {scope: "col"}, name)))), prints));
  const orderBox = h("div", {class: "tape orders", tabindex: "0", role: "region", "aria-label": t("Orders"), hidden: true});
  const orderList = ordersOf(id, orderBox, {digits, zone});
  const views = h("div", {class: "segments", role: "group", "aria-label": t("Trades or orders")}, [[t("Trades"), trades], [t("Orders"), orderBox]].map(([name, view]) =>
      h("button", {type: "button", "aria-pressed": String(view === trades), onclick(event) {
        [trades, orderBox].forEach(one => one.hidden = one !== view);
        views.querySelectorAll("button").forEach(button => button.setAttribute("aria-pressed", String(button === event.currentTarget)));
        orderList.watch(view === orderBox);
      }}, name)));
  put(tape, h("header", {}, views), trades, orderBox);
  let dirty = false;

  function print(trade, first) {
    // A match is two rows, one for each side: its aggressor is not known, so the buyer's row stands for both.
    if (trade.direction !== "BUY") {
      return;
    }
    const last = prints.firstElementChild?.dataset.price;
    const tone = last === undefined || trade.price === Number(last) ? prints.firstElementChild?.dataset.tone ?? "" : trade.price > Number(last) ? "up" : "down";
    prints.prepend(h("tr", {"data-price": trade.price, "data-tone": tone}, h("td", {}, clockMs(trade.ms, zone)), h("td", {class: tone}, decimals(trade.price, digits)),
        h("td", {}, count(trade.volume))));
    while (prints.childElementCount > TRADES) {
      prints.lastElementChild.remove();
    }
    if (!first) {
      quote.trade(trade);
    }
  }

  function row(event) {
    if (event.type === "trade") {
      print({...event, ms: event.event_time / 1e6}, false);
      chart.touched();
    } else {
      levels.take(event);
      dirty = true;
    }
  }

  async function begin() {
    follow("/v1/stream/trade,book_snapshot,book_delta?instrument=" + encodeURIComponent(id), {signal, onRow: row, onState(what) {
      charts.classList.toggle("is-stale", what === "waiting");
      if (what === "waiting") {
        say(state, t("The job restarts; rows come again when it runs"));
      } else if (state.textContent === t("The job restarts; rows come again when it runs")) {
        say(state, "");
      }
    }});
    await load(true);
  }

  async function load(withTrades) {
    try {
      if (withTrades) {
        const last = await get(url("/v1/rows/trade", {instrument: id, limit: TRADES * 2}), {signal});
        last.reverse().forEach(trade => print({...trade, ms: Date.parse(trade.event_time.replace(" ", "T").replace("+00", "Z"))}, true));
      }
      await levels.load(id, signal);
      dirty = true;
    } catch (e) {
      if (signal.aborted || e.status === 404) {
        return;
      }
      if (e.status >= 400 && e.status < 500) {
        put(tape, failure(e));
        return;
      }
      // The job may be restarting. What is there stays.
      setTimeout(() => signal.aborted || load(prints.childElementCount === 0), AGAIN_MS);
    }
  }

  function draw() {
    if (dirty) {
      dirty = false;
      drawLadder(ladder, bookNote, levels, {digits, zone, levels: Math.max(3, Math.min(LEVELS, Math.floor((shelf.clientHeight - LADDER_HEADS) / 2 / LADDER_ROW)))});
    }
    frame = requestAnimationFrame(draw);
  }

  let frame = requestAnimationFrame(draw);
  begin();
  return {
    show(now) {
      quote.terms(now);
      chart.archivedBefore(now.archivedBefore === null ? null : Date.parse(now.archivedBefore));
    },
    stop() {
      cancelAnimationFrame(frame);
      chart.stop();
      orderList.watch(false);
    },
  };
}

function quoteOf(body, digits, zone) {
  const price = h("span", {class: "price"}, "–");
  const tone = h("span", {class: "change"});
  const at = h("span", {class: "muted"});
  const values = {};
  const item = (key, name, hint) => {
    values[key] = h("dd", {}, "–");
    return h("div", {title: hint}, h("dt", {}, name), values[key]);
  };
  put(body, h("div", {class: "quote"}, price, tone, at, h("dl", {}, item("exchange", t("Exchange")), item("tick", t("Price step")), item("rows", t("Rows")),
      item("hot", t("Hot rows"), t("Rows that are not in Parquet yet")), item("cold", t("Cold rows"), t("Rows in Parquet files")), item("bytes", t("Hot bytes")), item("coldBytes", t("Cold bytes"), t("Bytes in Parquet files, as they were written")),
      item("late", t("Late rows")), item("archived", t("In Parquet before")))));
  let last = null;
  return {
    trade(trade) {
      say(price, decimals(trade.price, digits));
      if (last !== null && trade.price !== last) {
        say(tone, (trade.price > last ? "▲ " : "▼ ") + decimals(Math.abs(trade.price - last), digits));
        tone.className = "change " + (trade.price > last ? "up" : "down");
      }
      last = trade.price;
      say(at, clockMs(trade.ms, zone));
    },
    terms(now) {
      say(values.exchange, (now.exchange || "–") + " · " + zone);
      say(values.tick, now.priceTick ?? "–");
      say(values.rows, count(now.storedRows));
      say(values.hot, count(now.hotRows));
      say(values.cold, count(now.coldRows));
      say(values.bytes, bytes(now.hotBytes));
      say(values.coldBytes, now.coldBytes === null ? "–" : bytes(now.coldBytes));
      say(values.late, count(now.lateRows));
      say(values.archived, now.archivedBefore === null ? t("nothing yet") : time(Date.parse(now.archivedBefore), zone));
    },
  };
}

function drawLadder(ladder, note, orders, {digits, zone, levels}) {
  const asks = orders.side("ASK", levels);
  const bids = orders.side("BID", levels);
  if (asks.length + bids.length === 0) {
    put(ladder, h("tbody", {}, h("tr", {}, h("td", {}, empty(t("No book of this instrument is stored"))))));
    return;
  }
  const most = Math.max(...asks.concat(bids).map(level => level.volume));
  const line = (level, side) => {
    const depth = h("span", {class: "depth"});
    depth.style.width = (level.volume / most * 100).toFixed(1) + "%";
    return h("tr", {class: side}, h("td", {class: "p"}, h("span", {}, decimals(level.price, digits))), h("td", {}, depth, h("span", {}, count(level.volume))),
        h("td", {class: "muted"}, h("span", {}, short(level.sum))));
  };
  const best = asks.length > 0 && bids.length > 0 ? asks[0].price - bids[0].price : null;
  const body = h("tbody", {}, asks.slice().reverse().map(level => line(level, "ask")),
      h("tr", {class: "mid"}, h("td", {colspan: "3"}, best === null ? t("one side is empty") : t("spread {spread} · imbalance {imbalance}",
          {spread: decimals(best, digits), imbalance: decimals(orders.imbalance(levels), 2)}))), bids.map(level => line(level, "bid")));
  put(ladder, h("caption", {class: "hidden"}, t("Order book")), h("thead", {}, h("tr", {}, [t("Price"), t("Volume"), t("Sum")].map(name => h("th", {scope: "col"}, name)))), body);
  say(note, orders.ms === null ? "" : clockMs(orders.ms, zone));
}
