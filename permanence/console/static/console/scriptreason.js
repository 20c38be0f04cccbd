// SPDX-License-Identifier: AGPL-3.0-or-later
// The reason of the message, where the script has asked for it already: nobody chooses it twice.
import { fold } from "./script.js";

/** @typedef {import("./script.js").Script} Script @typedef {import("./state.js").Reason} Reason */

/** The code of the form's reason that the first fitting answer names, by its code or else by its words; "" where none does.
 * @param {Script} script @param {string[]} asked @param {Record<string, string>} answers @param {Reason[]} reasons @returns {string} */
export function reasonOf(script, asked, answers, reasons) {
  for (const question of script.questions) {
    if (question.kind !== "choice" || !asked.includes(question.id)) continue;
    const choice = question.choices?.find((one) => one.code === answers[question.id]);
    const reason = choice && (reasons.find((one) => one.code === choice.code) ?? reasons.find((one) => fold(one.label) === fold(choice.label)));
    if (reason) return reason.code;
  }
  return "";
}
