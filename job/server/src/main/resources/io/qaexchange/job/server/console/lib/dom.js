// Elements from data. Text goes in as text, never as HTML, so nothing that an answer holds can become an element or a script.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: h("button", {class: "primary", onclick: run}, "Run"). Properties that begin with "on" are listeners, others attributes; false and
 * null leave an attribute out. Children are elements, texts, numbers or lists of them; null and false are left out.
 */
export function h(name, properties, ...children) {
  return fill(document.createElement(name), properties, children);
}

/** As h, for SVG. */
export function s(name, properties, ...children) {
  return fill(document.createElementNS(SVG, name), properties, children);
}

function fill(element, properties, children) {
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (key.startsWith("on")) {
      element.addEventListener(key.slice(2), value);
    } else if (value === true) {
      element.setAttribute(key, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(key, value);
    }
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) {
      append(element, child);
    } else if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
}

/** Replaces what is in an element. */
export function put(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Sets a text only if it is another one: what did not change does not flicker, and is not read out again. */
export function say(element, text) {
  const value = String(text);
  if (element.textContent !== value) {
    element.textContent = value;
  }
}

/** The color of a style variable. */
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}
