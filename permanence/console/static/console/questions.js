// SPDX-License-Identifier: AGPL-3.0-or-later
// Questions in a dialog over the page. Each is asked once and answered once; a caller comes before all of them, and what comes of an answer after its question went away is said where she is then.
import { icon, make } from "./dom.js";
import { raise } from "./toasts.js";
import { word } from "./words.js";

const SAID_MS = 10000;
/** Which question a dialog asks: another one each time it opens. @type {WeakMap<HTMLDialogElement, object>} */
const asked = new WeakMap();
/** Questions whose answer is on its way. @type {WeakSet<object>} */
const underway = new WeakSet();
/** What came of a question that is answered, and stands in its dialog for her to read. @type {WeakMap<object, string>} */
const read = new WeakMap();

// A click beside what is asked takes the focus out of nothing: the field and its Enter stay hers.
document.addEventListener("mousedown", (event) => void (event.target instanceof HTMLDialogElement && event.preventDefault()));

/** Opens a dialog with a new question. @param {HTMLDialogElement} dialog */
export function ask(dialog) {
  asked.set(dialog, {});
  dialog.showModal();
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

/** Closes what is asked: behind a dialog nothing hears the mouse, not even where the dialog itself is hidden. @param {ParentNode} within */
export function closeAll(within) {
  const open = /** @type {NodeListOf<HTMLDialogElement>} */ (within.querySelectorAll("dialog[open]"));
  for (const dialog of open) dialog.close();
  return [...open];
}

/** A caller comes first: what she was asked about an appointment goes away, which is said. */
export function giveWay() {
  for (const dialog of closeAll(document)) {
    const [title, question] = [titleOf(dialog), asked.get(dialog) ?? dialog];
    const came = read.get(question);
    // What she has answered is said when it is done, or refused.
    const isSaid = title && !underway.has(question) && (dialog.closest("#view-book") || dialog.id === "dialog-correct");
    if (isSaid) tell(came ? `${title}. ${came}` : word("question_closed", { question: title }));
  }
}

/** @param {HTMLDialogElement} dialog */
function titleOf(dialog) {
  return dialog.querySelector("h2")?.textContent?.trim() ?? "";
}

/** Beside what can still be taken back, not in its place. @param {string} text */
function tell(text) {
  const said = make("div", { class: "toast" }, icon("alert"), make("span", {}, text));
  raise(said);
  setTimeout(() => said.remove(), SAID_MS);
}
