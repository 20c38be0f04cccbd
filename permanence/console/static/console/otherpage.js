// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether the page that has her post now is still there: of this browser alone, each page holds a lock that goes away with it, from before it asks for the post until it is told that it is elsewhere.
import { config, newId } from "./api.js";

const POST = `permanence.post.${config.person}.`;
/** A page that is only loaded anew asks for the post again within this. */
const LOADS_WITHIN_MS = 3000;

/** The lock of this page. @type {{name: string, release: (value?: unknown) => void}|null} */
let own = null;
/** Locks of pages that have the post no more although they may be open. @type {Set<string>} */
const given = new Set();
/** While the post is elsewhere: hears that the other page is closed, or not any more. @type {(() => void)|null} */
let hears = null;
let gone = false;
/** How often it was looked: what is waited for since before the last time says nothing. */
let looks = 0;
/** The other pages of this person: which lock is given up, "" for a new one. */
const others = new BroadcastChannel(POST);
others.onmessage = (/** @type {MessageEvent<string>} */ { data }) => {
  if (data) given.add(data);
  if (hears) look();
};

/** The post is here, or asked for. Never rejects. @returns {Promise<void>} until the other pages can see it: asked for before that, the one that loses it would take this one for another machine */
export async function postIsHere() {
  hears = null;
  gone = false;
  looks += 1;
  if (own || !navigator.locks) return;
  const name = POST + newId();
  await new Promise((/** @type {(value?: unknown) => void} */ held) => {
    const away = new Promise((release) => {
      own = { name, release };
    });
    const keep = () => {
      held();
      return away;
    };
    navigator.locks.request(name, keep).catch(held);
  });
  others.postMessage("");
}

/** The exchange wants nothing of this page, which stays open. */
export function postIsAway() {
  if (!own) return;
  given.add(own.name);
  others.postMessage(own.name);
  own.release();
  own = null;
}

/** The post is in another page. @param {() => void} changed called when `otherIsGone` changes */
export function postIsElsewhere(changed) {
  postIsAway();
  hears = changed;
  look();
}

/** Whether that page was in this browser and is closed; on another machine nobody here knows. @returns {boolean} */
export function otherIsGone() {
  return gone;
}

/** @param {boolean} is */
function be(is) {
  if (gone === is) return;
  gone = is;
  hears?.();
}

/** Waits until the pages that are there are closed. */
async function look() {
  looks += 1;
  const asked = looks;
  be(false);
  if (!navigator.locks) return;
  try {
    const { held = [] } = await navigator.locks.query();
    const there = held.flatMap(({ name = "" }) => (name.startsWith(POST) && !given.has(name) ? [name] : []));
    if (!there.length) return;
    await Promise.all(there.map((name) => navigator.locks.request(name, { mode: "shared" }, () => undefined)));
  } catch {
    return;
  }
  setTimeout(() => asked === looks && be(true), LOADS_WITHIN_MS);
}
