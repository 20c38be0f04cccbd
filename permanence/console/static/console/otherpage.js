// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether the page that has her post now is still there: of this browser alone, each page with a post holds a lock that goes away with it.
import { config } from "./api.js";

const POST = `permanence.post.${config.person}`;
/** Looked at each second, so one that is only loaded anew is not taken for closed. */
const GONE_AFTER = 3;

/** @type {(() => void)|null} */
let release = null;
/** Since the post went there: whether its lock was ever seen, and how often not any more. */
let other = { seen: false, missed: 0 };

/** The post is here. */
export function postIsHere() {
  other = { seen: false, missed: 0 };
  if (release || !navigator.locks) return;
  const held = new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    release = resolve;
  });
  // Shared: the page before holds its own until it is told that the post is here.
  navigator.locks.request(POST, { mode: "shared" }, () => held).catch(() => undefined);
}

/** The post is in another page. */
export function postIsElsewhere() {
  release?.();
  release = null;
  other = { seen: false, missed: 0 };
}

/** Whether that page was in this browser and is closed; on another machine nobody here knows. @returns {boolean} */
export function otherIsGone() {
  return other.missed >= GONE_AFTER;
}

/** Looks whether it is still there; asked each second while the post is elsewhere. @param {() => void} changed */
export async function lookForOther(changed) {
  if (!navigator.locks) return;
  const before = otherIsGone();
  const asked = other;
  const { held = [] } = await navigator.locks.query();
  if (asked !== other) return;
  const isThere = held.some(({ name }) => name === POST);
  other = { seen: other.seen || isThere, missed: isThere || !other.seen ? 0 : other.missed + 1 };
  if (before !== otherIsGone()) changed();
}
