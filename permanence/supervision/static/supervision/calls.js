// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps the parts of the page fresh: each when one of its topics is touched, when the page is shown again, and every
// minute. A page that does not reach the house says so.

const parts = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-part]")]);
const stale = document.getElementById("stale");
const MINUTE = 60_000;
const QUIET = 500; // ms: a call touches the topic several times in a moment
/** @type {Map<HTMLElement, number>} */
const planned = new Map();
/** @type {Map<HTMLElement, string>} */
const shown = new Map();
let wait = 1_000;

/** @param {HTMLElement} part */
async function refresh(part) {
  planned.delete(part);
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(part.dataset.part ?? "", { headers: { Accept: "text/html" }, redirect: "error" });
    if (answer.ok) await show(part, answer);
    if (stale) stale.hidden = answer.ok;
  } catch {
    // the network is away: the part stays as it was, the next minute tries again
    if (stale) stale.hidden = false;
  }
}

/**
 * A part that says the same stays untouched: a screen reader would read its alarms aloud again.
 * @param {HTMLElement} part
 * @param {Response} answer
 */
async function show(part, answer) {
  const said = await answer.clone().text();
  if (shown.get(part) === said) return;
  shown.set(part, said);
  const focused = document.activeElement?.id ?? "";
  const inside = focused !== "" && part.contains(document.activeElement);
  const opened = part.querySelector("details")?.open ?? false;
  part.innerHTML = await answer.text();
  const details = part.querySelector("details");
  if (details) details.open = opened;
  if (inside) document.getElementById(focused)?.focus();
}

/** @param {HTMLElement} part */
function soon(part) {
  if (!planned.has(part)) planned.set(part, setTimeout(() => refresh(part), QUIET));
}

function all() {
  parts.forEach(soon);
}

/** @param {string} topic */
function touched(topic) {
  for (const part of parts) if ((part.dataset.topics ?? "").split(" ").includes(topic)) soon(part);
}

function listen() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.addEventListener("open", () => {
    wait = 1_000;
    all();
  });
  socket.addEventListener("message", (event) => {
    try {
      touched(JSON.parse(event.data).topic);
    } catch {
      // not for this page
    }
  });
  socket.addEventListener("close", () => {
    all(); // says within a moment whether it was the house or the socket
    setTimeout(listen, wait);
    wait = Math.min(wait * 2, MINUTE);
  });
}

document.addEventListener("visibilitychange", all);
setInterval(all, MINUTE);
listen();
