// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps a list fresh, of messages or of a doctor's day: when a topic of it is touched, when the page is shown again, and
// every minute. What stands beside the list is left alone, and what is typed there with it.

const list = document.getElementById("list");
const topics = new Set((list?.dataset.topics ?? "").split(" ").filter(Boolean));
const MINUTE = 60_000;
let wait = 1_000;

/** Where a link leads, or what a button does: by it the one in focus is found again in the new list. @param {Element} one */
function target(one) {
  return one instanceof HTMLAnchorElement ? one.href : one instanceof HTMLButtonElement ? one.formAction : "";
}

async function refresh() {
  if (!list || document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(list.dataset.part ?? "", { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return;
    const told = document.createElement("template");
    told.innerHTML = await answer.text();
    if (told.innerHTML === list.innerHTML) return; // what a finger or a key is on stays where it is
    const held = document.activeElement;
    const focused = held && list.contains(held) ? target(held) : "";
    list.replaceChildren(told.content);
    const again = focused ? [...list.querySelectorAll("a, button")].find((one) => target(one) === focused) : undefined;
    if (again instanceof HTMLElement) again.focus();
  } catch {
    // the network is away: the list stays as it was, the next minute tries again
  }
}

function listen() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.addEventListener("open", () => {
    wait = 1_000;
    refresh();
  });
  socket.addEventListener("message", (event) => {
    try {
      if (topics.has(JSON.parse(event.data).topic)) refresh();
    } catch {
      // not for this page
    }
  });
  socket.addEventListener("close", (event) => {
    if (event.code === 4401 || event.code === 4403) return; // not signed in any more: a click leads to the sign-in page
    setTimeout(listen, wait);
    wait = Math.min(wait * 2, MINUTE);
  });
}

if (list) {
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, MINUTE);
  listen();
}
