// Is all well? One screen about the job.

import {get} from "../lib/api.js";
import {h, put, s, say} from "../lib/dom.js";
import {bytes, clock, count, decimals, duration, short, time} from "../lib/format.js";
import {t} from "../lib/i18n.js";
import {checkpointStrip} from "../lib/checkpoints.js";
import {latest} from "../lib/updates.js";
import {live, stat} from "../lib/views.js";

const EVERY_MS = 2000;
const SIZES_MS = 10_000;
const REMEMBERED = 150;
const history = [];

export function open(main) {
  const panel = h("div", {class: "overview"});
  put(main, panel);
  let page = null;
  let sizes = {at: 0, hot: null, cold: null};

  let status = null;

  /** What is stored changes slowly, and cannot be read while the job restarts; the state of the job can, and does not wait for it. */
  async function measure(signal) {
    sizes = {...sizes, at: Date.now()};
    try {
      sizes = {at: Date.now(), ...await sizesOf(signal)};
    } catch (e) {
      // The answer about the state of the job says so, in words.
      console.info("what is stored is not known: " + e.message);
      return;
    }
    if (status !== null && !signal.aborted) {
      page?.(status, sizes);
    }
  }

  return live(panel, {every: EVERY_MS, paths: ["/v1/status"], load(signal) {
    if (Date.now() - sizes.at > SIZES_MS) {
      measure(signal);
    }
    return latest("/v1/status", {signal});
  }, show(found, body) {
    status = found;
    page ??= build(body);
    remember(status);
    page(status, sizes);
  }});
}

async function sizesOf(signal) {
  try {
    const {subtasks, archive} = await get("/v1/storage", {signal});
    const sum = id => subtasks.reduce((total, one) => total + (one.statistics[id] ?? 0), 0);
    return {hot: sum("files.bytes") + sum("memtable.active.bytes") + sum("memtable.frozen.bytes"), cold: archive.bytes};
  } catch (e) {
    if (e.status === undefined) {
      throw e;
    }
    return {hot: null, cold: null};
  }
}

function remember(status) {
  const f = status.figures.byName;
  const ms = Date.parse(status.at);
  // Two answers of one millisecond would make a line without width.
  if (history.length === 0 || ms > history[history.length - 1].ms) {
    history.push({ms, rate: f.messagesPerSecond ?? null, age: f.arrivalAgeMs ?? null, lag: f.pendingRecords ?? null});
    history.splice(0, history.length - REMEMBERED);
  }
}

function build(body) {
  const verdict = h("section", {class: "panel verdict", "aria-label": t("State of the job")});
  const alerts = h("section", {class: "alerts", "aria-label": t("Alerts"), "aria-live": "polite"});
  const stats = {rate: stat(t("Messages per second"), t("Read from Kafka, average over a minute")), lag: stat(t("Lag"), t("Messages in Kafka that are not read yet")),
    age: stat(t("Last row stored"), t("Time since the last event was stored")), behind: stat(t("Event time lag"), t("Clock minus the newest event time")),
    hot: stat(t("Hot rows"), t("In the engine, not in Parquet yet")), cold: stat(t("Cold rows"), t("In Parquet files")),
    letters: stat(t("Dead letters"), t("Refused messages and events")), disk: stat(t("Disk free"), t("Least of all TaskManagers"))};
  const rates = h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("Messages per second")), h("span", {class: "note"}, t("since this page was opened"))), h("div", {class: "pad"}));
  const checkpoints = h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("Checkpoints")), h("span", {class: "note"})), h("div", {class: "pad"}));
  const sum = h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("Every message is accounted for")), h("span", {class: "note"})), h("div", {class: "pad"}));
  const letters = h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("Dead letters by reason")), h("span", {class: "note"}, t("since the tasks began"))), h("div", {class: "pad"}));
  const operators = h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("Operators"))), h("div", {class: "pad operators"}));
  put(body, h("div", {class: "stack"}, verdict, alerts, h("dl", {class: "stats"}, Object.values(stats).map(one => one.element)), h("div", {class: "columns"}, h("div", {class: "stack"}, rates, sum, operators), h("div", {class: "stack"}, checkpoints, letters))));

  return (status, sizes) => {
    const f = status.figures.byName;
    showVerdict(verdict, status);
    showAlerts(alerts, status);
    say(stats.rate.value, short(f.messagesPerSecond));
    say(stats.rate.note, t("{n} events stored per second", {n: short(f.eventsPerSecond)}));
    say(stats.lag.value, short(f.pendingRecords));
    say(stats.lag.note, t("messages"));
    say(stats.age.value, duration(f.arrivalAgeMs));
    say(stats.age.note, t("ago"));
    say(stats.behind.value, duration(Math.max(0, f.eventTimeLagMs ?? -1)));
    say(stats.behind.note, t("newest event"));
    say(stats.hot.value, short(f.hotRows));
    say(stats.hot.note, t("{size} in the engine", {size: bytes(sizes.hot)}) + " · " + t("{n} late", {n: count(f.lateRows)}));
    say(stats.cold.value, short(f.archivedRows));
    say(stats.cold.note, t("{size} in {n} files", {size: bytes(sizes.cold), n: count(f.publishedFiles)}));
    say(stats.letters.value, short((f.deadLetters ?? 0) + (f.refused ?? 0)));
    say(stats.letters.note, f.consumed ? decimals(((f.deadLetters ?? 0) + (f.refused ?? 0)) / f.consumed * 100, 2) + " % " + t("of all messages") : "");
    say(stats.disk.value, bytes(f.diskFreeBytes));
    say(stats.disk.note, t("least of all TaskManagers"));
    put(rates.lastChild, area(history.filter(point => point.rate !== null)));
    say(checkpoints.querySelector(".note"), t("every {time}", {time: duration(status.checkpoints.intervalMs)}) + " · " + t("{n} complete, {failed} failed",
        {n: count(status.checkpoints.completed), failed: count(status.checkpoints.failed)}));
    put(checkpoints.lastChild, checkpointStrip(status.checkpoints));
    showSum(sum, f);
    showLetters(letters.lastChild, status.figures.byReason);
    put(operators.lastChild, status.operators.map(operator => h("div", {class: "operator"}, h("span", {class: "pill " + tone(operator.state)}, operator.state.toLowerCase()),
        h("span", {}, operator.name), h("span", {class: "muted"}, "× " + operator.parallelism))));
  };
}

function tone(state) {
  return state === "RUNNING" || state === "FINISHED" ? "good" : ["CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RECONCILING"].includes(state) ? "warn" : "bad";
}

function showVerdict(panel, status) {
  const critical = status.alerts.filter(alert => alert.severity === "CRITICAL").length;
  const well = status.alerts.length === 0;
  const word = well ? t("All is well") : critical > 0 ? t("Something is wrong") : t("Something wants attention");
  put(panel, h("span", {class: "light " + (well ? "good" : critical > 0 ? "bad" : "warn"), "aria-hidden": "true"}),
      h("div", {}, h("strong", {}, word), h("p", {class: "muted"}, [status.name, t("{state} for {time}", {state: t(status.state.toLowerCase()), time: duration(Date.now() - Date.parse(status.startedAt))}),
        t("{n} restarts", {n: count(status.restarts)}), t("TaskManagers: {n}, free slots: {free} of {slots}", {n: count(status.taskManagers), free: status.freeSlots, slots: status.slots})].join(" · "))),
      h("span", {class: "muted mono jobid", title: t("Id of the job")}, status.id));
}

function showAlerts(box, status) {
  const shown = status.alerts.map(alert => h("div", {class: "alert " + (alert.severity === "CRITICAL" ? "bad" : "warn")}, h("strong", {}, t(alert.title)), h("p", {}, alert.detail), h("p", {}, alert.action)));
  if (status.failure) {
    shown.push(h("div", {class: "alert quiet"}, h("strong", {}, t("Last failure")), h("p", {class: "mono"}, status.failure.cause),
        h("p", {class: "muted"}, time(status.failure.atMs) + (status.failure.task ? " · " + status.failure.task : ""))));
  }
  box.hidden = shown.length === 0;
  put(box, shown);
}

function showSum(panel, f) {
  const parts = [["stored", t("stored"), f.stored], ["duplicates", t("duplicates"), f.duplicates], ["letters", t("dead letters"), f.deadLetters], ["refused", t("refused"), f.refused]];
  const way = (f.consumed ?? 0) - parts.reduce((sum, part) => sum + (part[2] ?? 0), 0);
  say(panel.querySelector(".note"), way === 0 ? t("adds up") : t("{n} on their way", {n: count(way)}));
  const bar = h("div", {class: "sumbar", role: "img", "aria-label": t("Shares of all messages")}, parts.map(([key, , value]) => {
    const piece = h("i", {class: key});
    piece.style.flexGrow = String(Math.max(value ?? 0, (f.consumed ?? 0) * .004));
    return piece;
  }));
  put(panel.lastChild, h("p", {class: "sumline"}, h("b", {}, count(f.consumed)), " ", t("consumed"), " ="), bar,
      h("dl", {class: "sums"}, parts.map(([key, name, value]) => h("div", {}, h("dt", {}, h("i", {class: "dot " + key}), name), h("dd", {}, count(value))))));
}

function showLetters(box, byReason) {
  const reasons = Object.entries(byReason).sort((a, b) => b[1] - a[1]);
  if (reasons.length === 0) {
    put(box, h("p", {class: "muted"}, t("None since the tasks began.")));
    return;
  }
  const most = reasons[0][1];
  put(box, h("dl", {class: "meter"}, reasons.map(([reason, n]) => {
    const bar = h("i");
    bar.style.width = n / most * 100 + "%";
    return h("div", {}, h("dt", {}, reason), h("dd", {class: "track", "aria-hidden": "true"}, bar), h("dd", {class: "right"}, count(n)));
  })), h("p", {class: "more"}, h("a", {href: "#/dead-letters"}, t("All dead letters"))));
}

/** A filled line of the last minutes. */
function area(points) {
  if (points.length < 2) {
    return h("p", {class: "muted"}, t("Collecting …"));
  }
  const [width, height, left] = [600, 150, 52];
  const high = Math.max(...points.map(point => point.rate)) * 1.15 || 1;
  const [from, to] = [points[0].ms, points[points.length - 1].ms];
  const x = ms => left + (width - left) * (ms - from) / (to - from);
  const y = value => 6 + (height - 26) * (1 - value / high);
  const line = points.map(point => x(point.ms).toFixed(1) + "," + y(point.rate).toFixed(1)).join("L");
  return s("svg", {class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": t("Messages per second")},
      [0, .5, 1].map(part => [s("line", {class: "axis", x1: left, x2: width, y1: y(high / 1.15 * part), y2: y(high / 1.15 * part)}),
        s("text", {x: left - 8, y: y(high / 1.15 * part) + 4, "text-anchor": "end"}, short(Math.round(high / 1.15 * part)))]),
      s("path", {class: "area", d: `M${x(from)},${y(0)}L${line}L${x(to)},${y(0)}Z`}), s("path", {class: "line accent", d: "M" + line}),
      s("text", {x: left, y: height - 4}, clock(from)), s("text", {x: width, y: height - 4, "text-anchor": "end"}, clock(to)));
}
