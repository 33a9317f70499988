// The shell: navigation, preferences, login, and the page that the address names.

import {get, hasToken, Problem, setToken, whenLoginIsNeeded} from "./lib/api.js";
import {h, put, say} from "./lib/dom.js";
import {setExchangeZone, time, zoneName} from "./lib/format.js";
import {t} from "./lib/i18n.js";
import {onPref, pref, setPref} from "./lib/prefs.js";
import {icon} from "./lib/icons.js";
import {failure, loading} from "./lib/views.js";

const PAGES = [
  {path: "overview", title: "Overview", icon: "pulse"},
  {path: "market", title: "Market", icon: "candles"},
  {path: "sql", title: "SQL", icon: "terminal"},
  {path: "queries", title: "Queries", icon: "list"},
  {path: "ledger", title: "Ledger", icon: "scales"},
  {path: "storage", title: "Storage", icon: "layers"},
  {path: "checkpoints", title: "Checkpoints", icon: "flag"},
  {path: "dead-letters", title: "Dead letters", icon: "mail"},
];
const CLOCK_MS = 1000;

const app = document.getElementById("app");
/** Modules of pages; fetched while it is asked who the user is. */
const modules = new Map();
let user = null;
let page = null;

function applyPreferences() {
  document.documentElement.dataset.theme = pref("theme");
  document.documentElement.lang = pref("language") === "zh" ? "zh-CN" : "en";
}

function choice(name, label, options) {
  return h("label", {class: "choice"}, h("span", {class: "hidden"}, label),
      h("select", {title: label, "aria-label": label, onchange: event => setPref(name, event.target.value)},
          options.map(([value, text]) => h("option", {value, selected: pref(name) === value}, text))));
}

function shell() {
  const main = h("main", {id: "main", tabindex: "-1"});
  const links = PAGES.map(({path, title, icon: name}) => h("a", {href: "#/" + path, "data-path": path}, icon(name), h("span", {}, t(title))));
  const clock = h("time", {class: "clock", title: t("Time in the chosen zone")});
  const header = h("header", {class: "top"},
      h("h1", {id: "title"}, ""),
      h("div", {class: "tools"}, clock,
          choice("zone", t("Time zone"), [["exchange", t("Exchange time")], ["utc", "UTC"], ["local", t("Local time")]]),
          choice("language", t("Language"), [["en", "English"], ["zh", "中文"]]),
          h("button", {class: "plain icon-button", type: "button", title: pref("theme") === "dark" ? t("Light") : t("Dark"),
            "aria-label": pref("theme") === "dark" ? t("Light") : t("Dark"),
            onclick: () => setPref("theme", pref("theme") === "dark" ? "light" : "dark")}, icon(pref("theme") === "dark" ? "sun" : "moon")),
          h("span", {class: "user", title: t("Role: {role}", {role: user.role})}, icon("person"), user.name),
          hasToken() ? h("button", {class: "plain", type: "button", onclick: logout}, t("Log out")) : null));
  put(app, h("a", {class: "skip", href: "#main", onclick: event => {
    event.preventDefault();
    main.focus();
  }}, t("Skip to content")),
      h("nav", {class: "side", "aria-label": t("Pages")}, h("div", {class: "brand"}, h("img", {src: "icon.svg", alt: "", width: "24", height: "24"}), h("span", {}, "QAExchange")),
          h("div", {class: "links"}, links),
          h("p", {class: "about"}, h("a", {href: "vendor/NOTICE.txt"}, t("Libraries and licences")))),
      header, main);
  const tick = () => say(clock, time(Date.now()) + " " + zoneName());
  tick();
  clearInterval(shell.timer);
  shell.timer = setInterval(tick, CLOCK_MS);
  return {main, links};
}

let frame = null;

function moduleOf(path) {
  if (!modules.has(path)) {
    modules.set(path, import("./pages/" + path + ".js").catch(e => {
      modules.delete(path);
      throw e;
    }));
  }
  return modules.get(path);
}

function pathOfAddress() {
  return location.hash.replace(/^#\/?/, "").split("/")[0];
}

async function open() {
  page?.stop?.();
  page = null;
  const [path, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  const found = PAGES.find(one => one.path === path);
  if (!found) {
    location.replace("#/overview");
    return;
  }
  frame.links.forEach(link => {
    if (link.dataset.path === path) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  });
  const title = document.getElementById("title");
  put(title, t(found.title));
  document.title = t(found.title) + " · QAExchange";
  put(frame.main, loading());
  const opened = location.hash;
  try {
    const module = await moduleOf(found.path);
    if (opened === location.hash) {
      frame.main.replaceChildren();
      frame.main.className = "page-" + found.path;
      page = await module.open(frame.main, {rest: rest.map(nameOf), user, title});
    }
  } catch (e) {
    console.error(e);
    put(frame.main, failure(e instanceof Problem ? e : {status: e instanceof TypeError ? 0 : 500, message: String(e.message)}));
  }
}

/** A part of the address as the name that it is; as it stands if somebody typed signs that it cannot have. */
function nameOf(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function logout() {
  setToken(null);
  start();
}

function login(problem) {
  page?.stop?.();
  page = null;
  frame = null;
  const wrong = hasToken();
  setToken(null);
  const token = h("input", {type: "password", id: "token", name: "token", autocomplete: "off", required: true, spellcheck: "false"});
  put(app, h("main", {class: "login"}, h("form", {onsubmit: event => {
    event.preventDefault();
    setToken(token.value.trim());
    start();
  }}, h("img", {src: "icon.svg", alt: "", width: "44", height: "44"}), h("h1", {}, "QAExchange"),
      h("label", {for: "token"}, t("Token")), token, h("button", {class: "primary", type: "submit"}, t("Log in")),
      wrong ? h("p", {class: "wrong", role: "alert"}, t("This token is not known, or has expired.")) : null,
      h("p", {class: "hint"}, t("Whoever runs this server makes tokens with bin/token. The token is kept in this tab only.")))));
  token.focus();
}

async function start() {
  applyPreferences();
  put(app, loading());
  const first = PAGES.find(one => one.path === pathOfAddress()) ?? PAGES[0];
  moduleOf(first.path).catch(e => console.info("page " + first.path + " is fetched again when it is opened: " + e.message));
  try {
    user = await get("/v1/user");
  } catch (e) {
    if (e.status !== 401) {
      put(app, h("main", {class: "login"}, failure(e)));
      setTimeout(start, 2000);
    }
    return;
  }
  frame = shell();
  findExchangeZone();
  await open();
  fetchPages();
}

/** The other pages, so that each opens at once, and says how things are when the server is away. */
async function fetchPages() {
  for (const {path} of PAGES) {
    try {
      await moduleOf(path);
    } catch (e) {
      console.info("page " + path + " is fetched when it is opened: " + e.message);
    }
  }
}

/** The zone that most instruments have. */
async function findExchangeZone() {
  try {
    const {instruments} = await get("/v1/instruments");
    const zones = new Map();
    instruments.forEach(({timeZone}) => zones.set(timeZone, (zones.get(timeZone) ?? 0) + 1));
    const [most] = [...zones].sort((a, b) => b[1] - a[1])[0] ?? ["UTC"];
    setExchangeZone(most);
  } catch (e) {
    console.info("the zone of the exchange is not known yet: " + e.message);
  }
}

whenLoginIsNeeded(login);
onPref(() => {
  applyPreferences();
  if (frame) {
    frame = shell();
    open();
  }
});
addEventListener("hashchange", () => frame && open());
start();
