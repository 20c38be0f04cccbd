// SPDX-License-Identifier: AGPL-3.0-or-later
// The few things every module does with the page. Text is always set as text, never as markup.

/** The element with this id. Throws when the page has none: a spelling mistake must not be silent.
 * @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found;
}

/** The button with this id. @param {string} id @returns {HTMLButtonElement} */
export function button(id) {
  return /** @type {HTMLButtonElement} */ (byId(id));
}

/** The choice with this id. @param {string} id @returns {HTMLSelectElement} */
export function select(id) {
  return /** @type {HTMLSelectElement} */ (byId(id));
}

/** Writes a text only when it changes, so that screen readers and selections are left alone.
 * @param {HTMLElement} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides. @param {Element} element @param {boolean} shown */
export function show(element, shown) {
  element.toggleAttribute("hidden", !shown);
}

/** Builds an element. Properties beginning with "data-" or "aria-", and those named in `ATTRIBUTES`, are attributes; the rest are properties.
 * @param {string} tag @param {Record<string, unknown>} [properties] @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElement} */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = String(value);
    else if (name.includes("-") || ATTRIBUTES.has(name)) element.setAttribute(name, String(value));
    else Object.assign(element, { [name]: value });
  }
  element.append(.../** @type {(Node|string)[]} */ (children.filter((child) => child || child === "")));
  return element;
}
const ATTRIBUTES = new Set(["role", "for", "scope", "lang", "datetime", "name", "value", "type"]);

/** An icon of the page's sprite. @param {string} name @returns {SVGElement} */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** The two letters of a client on the client's colour. @param {string} initials @param {number} colour */
export function tile(initials, colour) {
  return make("span", { class: "tile", "data-client": colour, "aria-hidden": "true" }, initials);
}

/** Whether letters typed now belong to a text field. @param {EventTarget|null} target */
export function isTyping(target) {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["radio", "checkbox", "button", "submit", "range"].includes(target.type);
}

/** The JSON that the server put into the page. @param {string} id @returns {any} */
export function pageData(id) {
  return JSON.parse(byId(id).textContent || "null");
}
