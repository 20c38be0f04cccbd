// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps a list fresh, of messages or of a doctor's day: when a topic of it is touched, when the page is shown again, and
// every minute. What stands beside the list is left alone, and what is typed there with it.

const list = document.getElementById("list");
const topics = new Set((list?.dataset.topics ?? "").split(" ").filter(Boolean));
const MINUTE = 60_000;
let wait = 1_000;

/** Where a link leads, what a button does, of which line something unfolds: by it the one in focus is found again in the
 * new list. @param {Element} one
 */
function target(one) {
  if (one instanceof HTMLAnchorElement) return one.href;
  if (one instanceof HTMLButtonElement) return one.formAction;
  if (one instanceof HTMLTextAreaElement) return one.id;
  return one instanceof HTMLElement && one.localName === "summary" ? lineOf(one) + one.textContent : "";
}

/** The id of the line in which it stands, "" for none. @param {Element} one */
function lineOf(one) {
  return one.closest("li[id]")?.id ?? "";
}

/** The list as the server tells it: what somebody unfolded or typed is no change of it. @param {Element} shown */
function asTold(shown) {
  const copy = /** @type {Element} */ (shown.cloneNode(true));
  for (const each of copy.querySelectorAll("details[open]")) each.removeAttribute("open");
  // What he typed and was refused comes with the page.
  for (const each of copy.querySelectorAll("textarea")) each.textContent = "";
  return copy.innerHTML;
}

/** What unfolds in that line, by its words. @param {string} line its id @param {string} words */
function foldOf(line, words) {
  const folds = document.getElementById(line)?.querySelectorAll("details") ?? [];
  return [...folds].find((each) => wordsOf(each) === words);
}

/** What is on its summary. @param {Element} fold */
function wordsOf(fold) {
  return fold.querySelector("summary")?.textContent ?? "";
}

/** Puts the new lines in; what was unfolded in a line stays so, and the line where it stands on the screen. What asks
 * about something else by now, as a visit that was moved, is folded: who read the old words would answer the new ones.
 * @param {HTMLElement} shown @param {DocumentFragment} lines
 */
function renew(shown, lines) {
  const held = document.activeElement;
  const focused = held && shown.contains(held) ? target(held) : "";
  const unfolded = [...shown.querySelectorAll("li[id] details[open]")].map((each) => ({ line: lineOf(each), words: wordsOf(each), told: asTold(each) }));
  const typed = [...shown.querySelectorAll("textarea")].map((each) => ({ id: each.id, text: each.value }));
  const stays = unfolded.at(-1)?.line ?? "";
  const top = () => document.getElementById(stays)?.getBoundingClientRect().top ?? 0;
  const before = top();
  shown.replaceChildren(lines);
  for (const { line, words, told } of unfolded) {
    const fold = foldOf(line, words);
    if (fold && asTold(fold) === told) fold.setAttribute("open", "");
  }
  for (const { id, text } of typed) {
    const field = document.getElementById(id);
    if (field instanceof HTMLTextAreaElement) field.value = text;
  }
  const again = focused ? [...shown.querySelectorAll("a, button, summary, textarea")].find((one) => target(one) === focused) : undefined;
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  if (document.getElementById(stays)) scrollBy({ top: top() - before, behavior: "instant" });
}

async function refresh() {
  if (!list || document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(list.dataset.part ?? "", { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return;
    const told = document.createElement("template");
    told.innerHTML = await answer.text();
    if (told.innerHTML === asTold(list)) return; // what a finger or a key is on stays where it is
    renew(list, told.content);
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
