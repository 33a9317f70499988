// Candles with volume over /v1/bars, hot and cold rows as one. Older bars come when the chart is dragged back.

import {CandlestickSeries, createChart, HistogramSeries} from "../vendor/lightweight-charts.js";
import {get, url} from "./api.js";
import {color, h, put} from "./dom.js";
import {clock, count, date, decimals, parseTime, time as timeText} from "./format.js";
import {t} from "./i18n.js";
import {onPref} from "./prefs.js";
import {empty, failure, loading} from "./views.js";

const SECONDS = {"1s": 1, "5s": 5, "10s": 10, "1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "1d": 86400};
const FIRST_BARS = 240;
const MORE_BARS = 600;
/** A gap that is wider than the widest window asked for ends the way back: 600 bars, doubled so often. */
const DOUBLINGS = 12;
const REFRESH_MS = 1000;
const AFTER_TRADE_MS = 250;
const NEAR_START = 40;

export class PriceChart {
  #box;
  #canvas = h("div", {class: "canvas"});
  #legend = h("div", {class: "legend", "aria-hidden": "true"});
  #line = h("div", {class: "boundary", hidden: true}, h("span", {}, t("in Parquet")));
  #cover = h("div", {class: "canvas"});
  #settings;
  #chart;
  #candles;
  #volumes;
  #bars = [];
  #interval;
  #abort = new AbortController();
  #timer = 0;
  #older = {busy: false, done: false};
  #boundaryMs = null;
  #boundaryShown = true;
  #unlisten;

  constructor(box, settings) {
    this.#box = box;
    this.#settings = settings;
    this.#interval = settings.interval;
    put(box, this.#canvas, this.#legend, this.#line, this.#cover);
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", t("Candles and volume of {id}", {id: settings.id}));
    this.#make();
    this.#unlisten = onPref(() => this.#paint());
    this.choose(settings.interval);
  }

  #make() {
    const {zone} = this.#settings;
    this.#chart = createChart(this.#canvas, {
      autoSize: true,
      layout: {attributionLogo: false, background: {color: "transparent"}, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11},
      localization: {timeFormatter: seconds => this.#interval === "1d" ? dayOf(seconds) : timeText(seconds * 1000, zone)},
      timeScale: {timeVisible: true, secondsVisible: true, rightOffset: 4, minBarSpacing: 1, maxBarSpacing: 18, borderVisible: false,
        tickMarkFormatter: (seconds, kind) => this.#interval === "1d" || kind < 3 ? dayOf(seconds, this.#interval === "1d" ? null : zone).slice(kind === 0 ? 0 : 5)
            : clock(seconds * 1000, zone).slice(0, kind === 4 ? 8 : 5)},
      rightPriceScale: {borderVisible: false, scaleMargins: {top: .08, bottom: .26}},
      crosshair: {mode: 0},
    });
    const step = 10 ** -this.#settings.digits;
    this.#candles = this.#chart.addSeries(CandlestickSeries, {priceFormat: {type: "price", precision: this.#settings.digits, minMove: step}, borderVisible: false});
    this.#volumes = this.#chart.addSeries(HistogramSeries, {priceScaleId: "volume", priceFormat: {type: "volume"}, lastValueVisible: false, priceLineVisible: false});
    this.#chart.priceScale("volume").applyOptions({scaleMargins: {top: .82, bottom: 0}});
    this.#chart.subscribeCrosshairMove(move => this.#read(move.time === undefined ? null : this.#bars.find(bar => bar.time === move.time)));
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange(range => {
      this.#placeBoundary();
      if (range !== null && range.from < NEAR_START && this.#bars.length > 0) {
        const {signal} = this.#abort;
        this.#loadOlder().catch(e => signal.aborted || this.#settings.onState(e.message));
      }
    });
    this.#paint();
  }

  #paint() {
    const [up, down, grid, text, line] = ["up", "down", "grid", "muted", "line-strong"].map(color);
    this.#chart.applyOptions({layout: {textColor: text}, grid: {vertLines: {color: grid}, horzLines: {color: grid}},
      crosshair: {vertLine: {color: line, labelBackgroundColor: color("accent")}, horzLine: {color: line, labelBackgroundColor: color("accent")}}});
    this.#candles.applyOptions({upColor: up, downColor: down, wickUpColor: up, wickDownColor: down});
    this.#setData();
  }

  async choose(interval) {
    this.#interval = interval;
    this.#abort.abort();
    this.#abort = new AbortController();
    clearTimeout(this.#timer);
    this.#bars = [];
    this.#older = {busy: false, done: false};
    this.#setData();
    put(this.#cover, loading());
    const {signal} = this.#abort;
    try {
      await this.#loadOlder();
      if (signal.aborted) {
        return;
      }
      put(this.#cover, this.#bars.length === 0 ? empty(t("No trade of this instrument is stored")) : null);
      this.#chart.applyOptions({timeScale: {secondsVisible: SECONDS[interval] < 60}});
      this.#chart.timeScale().setVisibleLogicalRange({from: Math.max(-5, this.#bars.length - 120), to: this.#bars.length + 4});
      this.#read(null);
      this.#refresh();
    } catch (e) {
      if (!signal.aborted) {
        put(this.#cover, failure(e));
        this.#timer = setTimeout(() => this.choose(interval), 3000);
      }
    }
  }

  /** A trade has come: the last bar has changed. */
  touched() {
    if (this.#bars.length > 0 && this.#timer !== 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#refresh(), AFTER_TRADE_MS);
    }
  }

  archivedBefore(ms) {
    this.#boundaryMs = ms;
    this.#placeBoundary();
  }

  showBoundary(shown) {
    this.#boundaryShown = shown;
    this.#placeBoundary();
  }

  async #ask(fromMs, toMs) {
    const path = url("/v1/bars/trade", {instrument: this.#settings.id, interval: this.#interval, from: new Date(fromMs).toISOString(),
      to: toMs === null ? null : new Date(toMs).toISOString()});
    const bars = await get(path, {signal: this.#abort.signal});
    return bars.filter(bar => bar.close !== null).map(bar => ({time: parseTime(this.#interval === "1d" ? bar.bar + "T00:00:00Z" : bar.bar) / 1000, open: bar.open, high: bar.high,
      low: bar.low, close: bar.close, volume: bar.volume, rows: bar.rows}));
  }

  /** Puts the bars before the first one in front; the window grows over nights, weekends and holidays. */
  async #loadOlder() {
    if (this.#older.busy || this.#older.done) {
      return;
    }
    const older = this.#older;
    older.busy = true;
    try {
      const first = this.#bars.length > 0 ? this.#bars[0].time * 1000 : null;
      const daily = this.#interval === "1d";
      // A bar of a trading day has events from the evening before on, so its window is asked for by days around it.
      let to = first === null ? null : daily ? first - 86_400_000 / 2 : first;
      let span = (first === null ? FIRST_BARS : MORE_BARS) * SECONDS[this.#interval] * 1000;
      for (let i = 0; i < DOUBLINGS; i++) {
        const until = to ?? Date.now();
        const asked = await this.#ask(until - span, to);
        if (older !== this.#older) {
          return;  // Another interval was chosen meanwhile.
        }
        const found = asked.filter(bar => first === null || bar.time * 1000 < first);
        if (found.length > 0) {
          // The earliest of them may have begun before the window: it is asked for again, whole, with the next ones.
          const whole = found.length > 1 && i < DOUBLINGS - 1 && daily ? found.slice(1) : found;
          this.#bars = whole.concat(this.#bars);
          this.#setData();
          return;
        }
        to = until - span;
        span *= 2;
      }
      older.done = true;
    } finally {
      older.busy = false;
    }
  }

  /** Asks for the last bars again: what has arrived late changes a bar that was there. */
  async #refresh() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const {signal} = this.#abort;
    try {
      const back = this.#bars[Math.max(0, this.#bars.length - 3)].time * 1000 - (this.#interval === "1d" ? 86_400_000 : 0);
      for (const bar of await this.#ask(back, null)) {
        const last = this.#bars[this.#bars.length - 1];
        if (bar.time > last.time) {
          this.#bars.push(bar);
        } else if (this.#interval !== "1d" || bar.time === last.time) {
          const at = this.#bars.findLastIndex(known => known.time === bar.time);
          if (at >= 0) {
            this.#bars[at] = bar;
          }
        }
        this.#candles.update(bar, bar.time < last.time);
        this.#volumes.update(this.#volumeOf(bar), bar.time < last.time);
      }
      this.#settings.onState("");
      this.#read(null);
      this.#placeBoundary();
    } catch (e) {
      if (!signal.aborted) {
        this.#settings.onState(e.message);
      }
    }
    if (!signal.aborted && this.#timer === 0) {
      this.#timer = setTimeout(() => this.#refresh(), REFRESH_MS);
    }
  }

  #setData() {
    this.#candles.setData(this.#bars);
    this.#volumes.setData(this.#bars.map(bar => this.#volumeOf(bar)));
    this.#placeBoundary();
  }

  #volumeOf(bar) {
    return {time: bar.time, value: bar.volume, color: color(bar.close >= bar.open ? "up-soft" : "down-soft").replace(/[\d.]+\)$/, ".45)")};
  }

  #read(bar) {
    const shown = bar ?? this.#bars[this.#bars.length - 1];
    if (!shown) {
      put(this.#legend);
      return;
    }
    const {digits} = this.#settings;
    const tone = shown.close >= shown.open ? "up" : "down";
    put(this.#legend, [[t("O"), shown.open], [t("H"), shown.high], [t("L"), shown.low], [t("C"), shown.close]].map(([name, value]) =>
        h("span", {}, h("b", {}, name + " "), h("span", {class: tone}, decimals(value, digits)))), h("span", {}, h("b", {}, t("Volume") + " "), count(shown.volume)));
  }

  #placeBoundary() {
    const first = this.#boundaryMs === null || !this.#boundaryShown ? undefined : this.#bars.find(bar => bar.time * 1000 >= this.#boundaryMs);
    const at = first === undefined ? null : this.#chart.timeScale().timeToCoordinate(first.time);
    this.#line.hidden = at === null;
    if (at !== null) {
      // Between the last bar that is in Parquet and the first that is not.
      this.#line.style.left = at - this.#chart.timeScale().options().barSpacing / 2 + "px";
    }
  }

  stop() {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#unlisten();
    this.#chart.remove();
  }
}

function dayOf(seconds, zone) {
  return zone === null || zone === undefined ? new Date(seconds * 1000).toISOString().slice(0, 10) : date(seconds * 1000, zone);
}
