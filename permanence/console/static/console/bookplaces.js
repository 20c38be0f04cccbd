// SPDX-License-Identifier: AGPL-3.0-or-later
// Places in the grid of the agenda, as its modules compare them.

/** What a step of the grid is, in minutes. */
export const STEP_MINUTES = 5;

/** A time of an agenda in a word, for comparing. @param {{agenda: string, day: string, minute: number}} at */
export function placeOf(at) {
  return `${at.agenda} ${at.day} ${at.minute}`;
}
