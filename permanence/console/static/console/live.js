// SPDX-License-Identifier: AGPL-3.0-or-later
// What others change: the site touches a topic, the fragment that shows it is fetched again. While the site is down, what was shown stays.
import { config, fragment } from "./api.js";
import { released } from "./pressing.js";

const BACK_OFF_MS = [500, 1000, 2000, 4000, 8000];
const EVEN_SO_MS = 60000;

/** @type {Map<string, {topics: string[], path: () => string|null}>} */
const sources = new Map();
let attempt = 0;
/** @type {WebSocket|null} */
let socket = null;
/** @type {Map<string, number>} */
const turns = new Map();

/** Declares where the fragment `name` comes from (null: nothing to show now) and which endings of topics renew it.
 * @param {string} name @param {string[]} topics @param {() => string|null} path */
export function source(name, topics, path) {
  sources.set(name, { topics, path });
}

/** @type {Map<string, () => void>} */
const hearers = new Map();
/** Calls `heard` whenever a topic with this ending is touched, and when the page may have missed one. @param {string} ending @param {() => void} heard */
export function topic(ending, heard) {
  hearers.set(ending, heard);
}

/** Fetches the fragment and puts it wherever the page shows it. A slower, older answer never replaces a newer one. @param {string} name */
export async function refresh(name) {
  const found = sources.get(name);
  if (!found) return;
  const turn = (turns.get(name) ?? 0) + 1;
  turns.set(name, turn);
  const places = document.querySelectorAll(`[data-fragment="${name}"]`);
  const path = found.path();
  if (path === null) {
    places.forEach((place) => place.replaceChildren());
    return;
  }
  try {
    const content = await fragment(path);
    await released();
    if (turns.get(name) === turn) places.forEach((place) => replace(place, content));
  } catch {
    // The site is down or refused; `api` told the page, which says so. What was shown stays.
  }
}

/** The focus stays on what it was on, or in the pane when that is gone. @param {Element} place @param {DocumentFragment} content */
function replace(place, content) {
  const active = /** @type {HTMLElement|null} */ (document.activeElement);
  const inside = active !== null && active !== place && place.contains(active);
  const again = active?.dataset.again;
  const opener = active?.dataset.open;
  place.replaceChildren(content.cloneNode(true));
  document.dispatchEvent(new Event("permanence:renewed"));
  if (!inside) return;
  const same = again ? place.querySelector(`[data-again="${CSS.escape(again)}"]`) : opener ? place.querySelector(`[data-open="${CSS.escape(opener)}"]`) : null;
  /** @type {HTMLElement|null} */ (same ?? place.closest("[data-pane]"))?.focus({ preventScroll: true });
}

/** Opens the live socket, and opens it again whenever it ends. */
export function listen() {
  const url = new URL(config.liveUrl, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.onopen = () => {
    attempt = 0;
    // Whatever happened while nobody listened.
    hearers.forEach((heard) => heard());
    for (const name of sources.keys()) refresh(name);
  };
  socket.onmessage = (event) => {
    const touched = String(JSON.parse(event.data).topic);
    for (const [name, { topics }] of sources) if (topics.some((ending) => touched.endsWith(ending))) refresh(name);
    for (const [ending, heard] of hearers) if (touched.endsWith(ending)) heard();
  };
  socket.onclose = () => {
    setTimeout(listen, BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length - 1)]);
    attempt += 1;
  };
}

// Ages in the lists are written by the server: they are renewed even when nothing was touched.
setInterval(() => refresh("messages"), EVEN_SO_MS);
