// SPDX-License-Identifier: AGPL-3.0-or-later
// What is said in passing stands above one another: what was refused is still read when something else is done after it.
import { byId } from "./dom.js";

const MOST = 3;

/** Puts it below the others; the oldest goes where there are too many, but never the way back. @param {HTMLElement} said */
export function raise(said) {
  const toasts = byId("toasts");
  toasts.append(said);
  const others = [...toasts.children].filter((one) => one !== said && !one.querySelector("button"));
  for (const one of others.slice(0, Math.max(0, toasts.children.length - MOST))) one.remove();
}
