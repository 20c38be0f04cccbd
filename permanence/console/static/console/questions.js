// SPDX-License-Identifier: AGPL-3.0-or-later
// Questions in a dialog over the page, which leave her the bar of the call. Each is asked once and answered once; a caller comes before all of them, and what comes of an answer after its question went away is said where she is then.
import { byId } from "./dom.js";
import { sayInPassing } from "./toasts.js";
import { word } from "./words.js";

const SAID_MS = 10000;
/** Which question a dialog asks: another one each time it opens. @type {WeakMap<HTMLDialogElement, object>} */
const asked = new WeakMap();
/** Questions whose answer is on its way. @type {WeakSet<object>} */
const underway = new WeakSet();
/** What came of a question that is answered, and stands in its dialog for her to read. @type {WeakMap<object, string>} */
const read = new WeakMap();

/** What lies over the page, the last one on top, each with what had the focus before it. @type {{dialog: HTMLDialogElement, from: HTMLElement|null}[]} */
let layers = [];
/** What hears nothing meanwhile. @type {Set<HTMLElement>} */
const deaf = new Set();

/** @returns {HTMLDialogElement|undefined} what lies on top */
const onTop = () => layers.at(-1)?.dialog;

// A click beside what is asked takes the focus out of nothing: the field and its Enter stay hers, whoever she holds meanwhile.
document.addEventListener("mousedown", (event) => {
  const top = onTop();
  if (top && (event.target === top || !top.contains(/** @type {Node} */ (event.target)))) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  const top = event.key === "Escape" && !event.defaultPrevented ? onTop() : undefined;
  if (!top) return;
  event.preventDefault();
  top.close();
});
// Before what each dialog does when it closes: the page hears again by then.
document.addEventListener("close", (event) => void (event.target instanceof HTMLDialogElement && !event.target.open && lift(event.target)), true);
window.addEventListener("resize", () => layers.length && leaveBar());

/** Opens a dialog over the page. Not a modal one: behind that nothing hears the mouse, and she holds and hangs up with it whatever is asked. @param {HTMLDialogElement} dialog */
export function openOver(dialog) {
  if (dialog.open) return;
  const from = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  layers = [...layers.filter((one) => one.dialog !== dialog), { dialog, from }];
  settle();
  dialog.show();
}

/** It is closed: what is below it hears again, and has the focus that it had. @param {HTMLDialogElement} dialog */
function lift(dialog) {
  const layer = layers.find((one) => one.dialog === dialog);
  if (!layer) return;
  layers = layers.filter((one) => one !== layer);
  settle();
  const on = document.activeElement;
  if (!on || on === document.body || dialog.contains(on)) layer.from?.focus({ preventScroll: true });
}

/** All is still but what lies on top and the bar of the call. */
function settle() {
  for (const one of deaf) one.inert = false;
  deaf.clear();
  const top = onTop();
  if (!top) return;
  const bar = document.getElementById("callbar");
  hush(document.body, bar ? [top, bar] : [top]);
  leaveBar();
}

/** @param {Element} within @param {HTMLElement[]} live */
function hush(within, live) {
  for (const one of within.children) {
    if (!(one instanceof HTMLElement) || one.inert || live.includes(one)) continue;
    if (live.some((kept) => one.contains(kept))) hush(one, live);
    else {
      one.inert = true;
      deaf.add(one);
    }
  }
}

/** What is asked stands below the bar of the call, never under it. */
function leaveBar() {
  const bar = document.getElementById("callbar");
  document.documentElement.style.setProperty("--call-bar", bar?.checkVisibility() ? `${Math.max(0, bar.getBoundingClientRect().bottom)}px` : "0px");
}

/** Opens a dialog with a new question. @param {HTMLDialogElement} dialog */
export function ask(dialog) {
  asked.set(dialog, {});
  openOver(dialog);
}

/** @param {HTMLDialogElement} dialog @returns {() => boolean} whether it still asks what it asks now */
export function asking(dialog) {
  const question = asked.get(dialog);
  return () => dialog.open && asked.get(dialog) === question;
}

/** Does what the answer says; pressed twice it is done once, and what is not asked any more is not answered. What is against it is said in the dialog, or in a toast once that asks something else or nothing.
 * @param {HTMLDialogElement} dialog @param {() => Promise<string>} act gives what was against it, "" when it is done
 * @param {(against: string) => void} refused @param {() => void} [done] the dialog closes, unless something else follows
 * @param {() => string} [came] what came of it that she has to read, "" for nothing */
export async function answer(dialog, act, refused, done = () => dialog.close(), came = () => "") {
  const question = asked.get(dialog);
  if (!question || !dialog.open || underway.has(question)) return;
  const [still, title] = [asking(dialog), titleOf(dialog)];
  underway.add(question);
  try {
    const against = await act();
    const words = against || came();
    if (!still()) return void (words && tell(`${title}. ${words}`));
    if (against) return refused(against);
    if (words) read.set(question, words);
    done();
  } finally {
    underway.delete(question);
  }
}

/** Closes what is asked; the page hears again at once. @param {ParentNode} within */
export function closeAll(within) {
  const open = /** @type {NodeListOf<HTMLDialogElement>} */ (within.querySelectorAll("dialog[open]"));
  for (const dialog of open) {
    dialog.close();
    lift(dialog);
  }
  return [...open];
}

/** A caller comes first: what she was asked about an appointment goes away, which is said. */
export function giveWay() {
  putAway(document, "question_closed");
}

/** She hung up: what she was asked in the agenda is not done, which is said. */
export function hungUp() {
  putAway(byId("view-book"), "question_hung_up");
}

/** @param {ParentNode} within @param {string} why the word that says of a question why it is closed */
function putAway(within, why) {
  for (const dialog of closeAll(within)) {
    const [title, question] = [titleOf(dialog), asked.get(dialog) ?? dialog];
    const came = read.get(question);
    // What she has answered is said when it is done, or refused.
    const isSaid = title && !underway.has(question) && (dialog.closest("#view-book") || dialog.id === "dialog-correct");
    if (isSaid) tell(came ? `${title}. ${came}` : word(why, { question: title }));
  }
}

/** @param {HTMLDialogElement} dialog */
function titleOf(dialog) {
  return dialog.querySelector("h2")?.textContent?.trim() ?? "";
}

/** Beside what can still be taken back, not in its place. @param {string} text */
function tell(text) {
  sayInPassing(text, "alert", SAID_MS);
}
