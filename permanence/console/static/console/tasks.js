// SPDX-License-Identifier: AGPL-3.0-or-later
// How much stands on the work list, beside its entry in the menu: asked at the beginning, when she comes back to the page, and now and then.
import { refresh, source } from "./live.js";

const EVEN_SO_MS = 300000;

export function countTasks() {
  source("tasks", [], () => "/console/fragments/tasks");
  setInterval(() => refresh("tasks"), EVEN_SO_MS);
  // Back from the list, where something was done.
  document.addEventListener("visibilitychange", () => document.hidden || refresh("tasks"));
}
