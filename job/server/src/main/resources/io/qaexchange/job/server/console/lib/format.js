// Numbers with units, and times in the zone that the user chose.

import {pref} from "./prefs.js";

const WHOLE = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0});
const zones = new Map();
let exchangeZone = "UTC";

/** The zone of the exchange, where a page is about no instrument. */
export function setExchangeZone(zone) {
  exchangeZone = zone;
}

export function count(value) {
  return value === null || value === undefined || Number.isNaN(value) ? "–" : WHOLE.format(value);
}

export function decimals(value, digits) {
  return value === null || value === undefined || !Number.isFinite(value) ? "–"
      : value.toLocaleString("en-US", {minimumFractionDigits: digits, maximumFractionDigits: digits});
}

/** Digits behind the point that a step of prices has: 0.02 has two. */
export function digitsOf(step) {
  if (!(step > 0)) {
    return 2;
  }
  let digits = 0;
  while (digits < 8 && Math.abs(Math.round(step * 10 ** digits) - step * 10 ** digits) > 1e-9) {
    digits++;
  }
  return digits;
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(value) {
  if (value === null || value === undefined) {
    return "–";
  }
  let unit = 0;
  let left = value;
  while (left >= 1024 && unit < BYTES.length - 1) {
    left /= 1024;
    unit++;
  }
  return (unit === 0 || left >= 100 ? left.toFixed(0) : left.toFixed(1)) + " " + BYTES[unit];
}

/** 1,234 as 1.23 k. */
export function short(value) {
  if (value === null || value === undefined) {
    return "–";
  }
  const size = Math.abs(value);
  return size >= 1e9 ? (value / 1e9).toFixed(2) + " G" : size >= 1e6 ? (value / 1e6).toFixed(2) + " M"
      : size >= 1e4 ? (value / 1e3).toFixed(1) + " k" : size >= 100 || Number.isInteger(value) ? count(value) : value.toFixed(1);
}

export function duration(ms) {
  if (ms === null || ms === undefined || ms < 0) {
    return "–";
  }
  if (ms < 1000) {
    return Math.round(ms) + " ms";
  }
  if (ms < 60_000) {
    return (ms / 1000).toFixed(1) + " s";
  }
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) {
    return minutes + " min " + Math.floor(ms / 1000 % 60) + " s";
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? hours + " h " + minutes % 60 + " min" : Math.floor(hours / 24) + " d " + hours % 24 + " h";
}

/** The zone that times are shown in. */
export function zone(ofInstrument) {
  const wanted = pref("zone");
  return wanted === "utc" ? "UTC" : wanted === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : ofInstrument ?? exchangeZone;
}

function parts(ms, timeZone) {
  if (!zones.has(timeZone)) {
    zones.set(timeZone, new Intl.DateTimeFormat("en-US", {timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
      hour: "2-digit", minute: "2-digit", second: "2-digit"}));
  }
  const found = {};
  for (const part of zones.get(timeZone).formatToParts(ms)) {
    found[part.type] = part.value;
  }
  return found;
}

export function date(ms, ofInstrument) {
  const p = parts(ms, zone(ofInstrument));
  return `${p.year}-${p.month}-${p.day}`;
}

export function clock(ms, ofInstrument) {
  const p = parts(ms, zone(ofInstrument));
  return `${p.hour}:${p.minute}:${p.second}`;
}

export function clockMs(ms, ofInstrument) {
  return clock(ms, ofInstrument) + "." + String(Math.floor(ms % 1000)).padStart(3, "0");
}

export function time(ms, ofInstrument) {
  return date(ms, ofInstrument) + " " + clock(ms, ofInstrument);
}

/** "UTC+8" and the like, of the zone that times are shown in. */
export function zoneName(ofInstrument) {
  const name = zone(ofInstrument);
  return new Intl.DateTimeFormat("en-US", {timeZone: name, timeZoneName: "shortOffset"}).formatToParts(Date.now())
      .find(part => part.type === "timeZoneName").value.replace("GMT", "UTC").replace(/[+-]0$/, "");
}

/** A time as the server writes it, "2026-01-05 09:30:00.123456789+00" or ISO-8601, as ms; NaN for others. */
export function parseTime(text) {
  return Date.parse(String(text).replace(" ", "T").replace(/(\.\d{3})\d+/, "$1").replace(/([+-]\d\d)$/, "$1:00"));
}
