// The book of an instrument: the last snapshot, and the deltas behind it. Rows may come in any order and more than once.

import {get, url} from "./api.js";
import {parseTime} from "./format.js";

export class Book {
  /** Levels by side and price: volume, and the place of the row that it is from. */
  #levels = {BID: new Map(), ASK: new Map()};
  /** Place of the snapshot; a row at or before it is in it. */
  #snapshot = null;
  ms = null;

  /** Asks for the last snapshot and what came behind it. Rows that are streamed meanwhile stay. */
  async load(instrument, signal) {
    const [snapshot] = await get(url("/v1/latest/book_snapshot", {instrument}), {signal});
    this.take(snapshot);
    const from = String(BigInt(Math.floor(snapshot.event_time / 1e6)) * 1000000n);
    const deltas = await get(url("/v1/rows/book_delta", {instrument, from, order: "asc", limit: 100_000}), {signal});
    deltas.forEach(delta => this.take({...delta, type: "book_delta"}));
  }

  take(row) {
    const at = placeOf(row);
    if (row.type === "book_snapshot") {
      if (this.#snapshot !== null && isBefore(at, this.#snapshot)) {
        return;
      }
      this.#snapshot = at;
      for (const [side, levels] of [["BID", row.bids], ["ASK", row.asks]]) {
        const later = [...this.#levels[side]].filter(([, level]) => isBefore(at, level.at));
        this.#levels[side] = new Map([...levels.map(level => Array.isArray(level) ? level : [level.price, level.volume]).map(([price, volume]) => [price, {volume, at}]), ...later]);
      }
    } else {
      const levels = this.#levels[row.side];
      const known = levels.get(row.price);
      if (this.#snapshot !== null && !isBefore(this.#snapshot, at) || known && !isBefore(known.at, at)) {
        return;
      }
      levels.set(row.price, {volume: row.volume, at});
    }
    this.ms = Math.max(this.ms ?? 0, at.ms);
  }

  /** The best levels of a side, best first, with the sum up to each. */
  side(side, most) {
    const sign = side === "BID" ? -1 : 1;
    let sum = 0;
    return [...this.#levels[side]].filter(([, level]) => level.volume > 0).map(([price, level]) => ({price, volume: level.volume}))
        .sort((a, b) => sign * (a.price - b.price)).slice(0, most).map(level => ({...level, sum: sum += level.volume}));
  }

  /** −1 to 1 over the best levels. */
  imbalance(levels) {
    const volume = side => this.side(side, levels).reduce((sum, level) => sum + level.volume, 0);
    const bid = volume("BID");
    const ask = volume("ASK");
    return bid + ask === 0 ? 0 : (bid - ask) / (bid + ask);
  }
}

function placeOf(row) {
  const ms = typeof row.event_time === "number" ? row.event_time / 1e6 : parseTime(row.event_time);
  return {ms, source: row.source ?? "", sequence: row.sequence ?? 0};
}

/** By the numbers of one source; across sources by time. */
function isBefore(a, b) {
  return a.source === b.source ? a.sequence < b.sequence : a.ms < b.ms;
}
