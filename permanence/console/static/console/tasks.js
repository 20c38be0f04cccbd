// SPDX-License-Identifier: AGPL-3.0-or-later
// How much stands on the work list, beside its entry in the menu: asked at the beginning, when the site says that something came onto it, when she comes back to the page, and now and then.
import { refresh, source, topic } from "./live.js";

const EVEN_SO_MS = 300000;
/** It is a long count for one number: who goes to and fro does not ask for it each time. */
const APART_MS = 15000;

export function countTasks() {
  let asked = -APART_MS;
  /** @type {number|undefined} */
  let soon;
  source("tasks", [], () => {
    clearTimeout(soon);
    soon = undefined;
    asked = performance.now();
    return "/console/fragments/tasks";
  });
  const count = () => {
    soon ??= window.setTimeout(() => refresh("tasks"), Math.max(asked + APART_MS - performance.now(), 0));
  };
  topic("/tasks", count);
  setInterval(() => refresh("tasks"), EVEN_SO_MS);
  // Back from the list, where something was done.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) count();
  });
}
