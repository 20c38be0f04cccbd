// SPDX-License-Identifier: AGPL-3.0-or-later
// What is said in passing stands above one another: what was refused is still read when something else is done after it.
import { byId, icon, make } from "./dom.js";
import { word } from "./words.js";

const MOST = 3;
const SAID_MS = 6000;

/** Something said, below the others. @param {string} sign the name of its icon @param {string} text @param {...Node} more @returns {HTMLElement} */
export function raised(sign, text, ...more) {
  const said = make("div", { class: "toast" }, icon(sign), make("span", {}, text), ...more);
  raise(said);
  return said;
}

/** What she has to know, for a while. @param {string} text @param {string} [sign] as `raised` @param {number} [ms] how long @returns {HTMLElement} */
export function sayInPassing(text, sign = "alert", ms = SAID_MS) {
  const said = raised(sign, text);
  setTimeout(() => said.remove(), ms);
  return said;
}

/** What was not done although she is elsewhere by now: it stays until she closes it. @param {string} text */
export function keepSaid(text) {
  const close = make("button", { class: "btn btn--sm", type: "button" }, word("toast_close"));
  const said = raised("alert", text, close);
  close.addEventListener("click", () => said.remove());
}

/** Puts it below the others; the oldest goes where there are too many, but never the way back or what stays until she closes it. @param {HTMLElement} said */
function raise(said) {
  const toasts = byId("toasts");
  toasts.append(said);
  const others = [...toasts.children].filter((one) => one !== said && !one.querySelector("button"));
  for (const one of others.slice(0, Math.max(0, toasts.children.length - MOST))) one.remove();
}
