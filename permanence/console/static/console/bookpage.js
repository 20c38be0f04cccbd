// SPDX-License-Identifier: AGPL-3.0-or-later
// The agenda in a window of its own: no call, no line; what is held is held for her.
import { Book } from "./book.js";
import { listen } from "./live.js";
import { WaitList } from "./waitlist.js";

const book = new Book({ done: () => undefined, close: () => undefined, numbers: true });
new WaitList(book);
const asked = new URLSearchParams(location.search);
const day = asked.get("day") ?? "";
if (/^\d{4}-\d\d-\d\d$/.test(day)) book.shown.day = day;
await book.open({ client: asked.get("client") ?? "", person: asked.get("patient") ?? "" });
const moved = asked.get("move");
const visit = moved ?? asked.get("visit");
if (visit) await book.hand.turnTo(visit, moved !== null);
listen();
