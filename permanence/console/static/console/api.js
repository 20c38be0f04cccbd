// SPDX-License-Identifier: AGPL-3.0-or-later
// Requests to the site. Its absence is normal here: callers decide what to keep and when to try again.
import { pageData } from "./dom.js";

/** @typedef {{chords: Record<string, string>, numbers: boolean}} Keys the keys a person changed, act to key, and whether 1 to 9 pick */
/** @type {{lineUrl: string, liveUrl: string, csrf: string, house: string, person: string, personName: string, keys: {standard: Record<string, string>, reserved: string, chosen: Keys}, demonstration: boolean, sendsMail: boolean, timeZone: string, ticketUrl: string, icons: {calm: string, ring: string}}} */
export const config = pageData("config");

/** The site answered no: `status` and, where it said so, a code and sentence of its own. */
export class SiteRefusal extends Error {
  /** @param {number} status @param {string} code @param {string} why @param {string[]} [causes] all that is against it, in words */
  constructor(status, code, why, causes = []) {
    super(why || code || String(status));
    this.status = status;
    this.code = code;
    this.why = why;
    this.causes = causes;
  }
}

/** @type {((down: boolean) => void)[]} */
const listeners = [];
/** Calls `listener` with whether the site is down, after each request. @param {(down: boolean) => void} listener */
export function onSite(listener) {
  listeners.push(listener);
}

/** @type {((name: string) => void)[]} */
const persons = [];
/** Calls `listener` with the name of whoever is signed in in this browser when it is not the person of this page, else "". @param {(name: string) => void} listener */
export function onOtherPerson(listener) {
  persons.push(listener);
}

/** The token against forged requests: the cookie's, since signing in again in another tab renews it. */
function token() {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? config.csrf;
}

/** Sends a request; gives the response when it is a good one. Throws SiteRefusal when the site refuses, TypeError (or a timeout) when it is down.
 * @param {string} path @param {{method?: string, json?: unknown, keepalive?: boolean}} [options] */
export async function request(path, { method = "GET", json, keepalive = false } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      keepalive,
      credentials: "same-origin",
      redirect: "manual",
      signal: AbortSignal.timeout(8000),
      headers: { "X-CSRFToken": token(), "X-Person": config.person, Accept: "application/json", ...(json === undefined ? {} : { "Content-Type": "application/json" }) },
      body: json === undefined ? undefined : JSON.stringify(json),
    });
  } catch (error) {
    listeners.forEach((listener) => listener(true));
    throw error;
  }
  // 502 to 504 come from a proxy before a site that is being restarted.
  const down = response.status >= 502 && response.status <= 504;
  listeners.forEach((listener) => listener(down));
  if (down) throw new TypeError("the site is down");
  if (response.type === "opaqueredirect" || response.status === 401) throw new SiteRefusal(401, "signed_out", "");
  const body = response.ok ? {} : await response.json().catch(() => ({}));
  persons.forEach((listener) => listener(body.code === "other_person" ? body.name : ""));
  if (!response.ok) {
    throw new SiteRefusal(response.status, body.code ?? "", body.why ?? "", body.causes ?? []);
  }
  return response;
}

/** A fragment written by the server, as nodes. @param {string} path @returns {Promise<DocumentFragment>} */
export async function fragment(path) {
  const template = document.createElement("template");
  template.innerHTML = await (await request(path)).text();
  return template.content;
}

/** The id of this browser profile's seat: made once, kept. */
export function seat() {
  let id = localStorage.getItem("permanence.seat");
  if (!id) {
    id = newId();
    localStorage.setItem("permanence.seat", id);
  }
  return id;
}

/** 26 letters and digits that nobody else has. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(26));
  return Array.from(bytes, (byte) => "0123456789abcdefghjkmnpqrstvwxyz"[byte % 32]).join("");
}

/** A ticket for this seat. */
export async function ticket() {
  const response = await request(`${config.ticketUrl}?seat=${encodeURIComponent(seat())}`);
  return /** @type {string} */ ((await response.json()).ticket);
}
