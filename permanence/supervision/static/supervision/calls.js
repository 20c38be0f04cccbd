// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps the list of calls fresh: when its topic is touched, when the page is shown again, and every minute.

const list = document.getElementById("list");
const MINUTE = 60_000;
const QUIET = 500; // ms: a call touches the topic several times in a moment
let wait = 1_000;
let planned = 0;

async function refresh() {
  planned = 0;
  if (!list || document.visibilityState !== "visible") return;
  const focused = document.activeElement?.id ?? "";
  const inside = focused !== "" && list.contains(document.activeElement);
  const opened = list.querySelector("details")?.open ?? false;
  try {
    const answer = await fetch(list.dataset.part ?? "", { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return;
    list.innerHTML = await answer.text();
    const details = list.querySelector("details");
    if (details) details.open = opened;
    if (inside) document.getElementById(focused)?.focus();
  } catch {
    // the network is away: the list stays as it was, the next minute tries again
  }
}

function soon() {
  if (!planned) planned = setTimeout(refresh, QUIET);
}

function listen() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.addEventListener("open", () => {
    wait = 1_000;
    soon();
  });
  socket.addEventListener("message", (event) => {
    try {
      if (JSON.parse(event.data).topic === list?.dataset.topic) soon();
    } catch {
      // not for this page
    }
  });
  socket.addEventListener("close", () => {
    setTimeout(listen, wait);
    wait = Math.min(wait * 2, MINUTE);
  });
}

if (list) {
  document.addEventListener("visibilitychange", soon);
  setInterval(soon, MINUTE);
  listen();
}
