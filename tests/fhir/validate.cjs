// SPDX-License-Identifier: AGPL-3.0-or-later
// A resource a line comes in; what is wrong with it by the definitions of FHIR R4 goes out, a JSON array a line.
// Run with NODE_PATH of the environment that `./test` makes from the lock beside this file.
"use strict";
const readline = require("node:readline");
const { Fhir } = require("fhir");

const fhir = new Fhir();
const wrong = new Set(["error", "fatal"]);

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { messages } = fhir.validate(JSON.parse(line), { errorOnUnexpected: true });
  const found = messages.filter((each) => wrong.has(each.severity)).map((each) => `${each.location}: ${each.message}`);
  process.stdout.write(`${JSON.stringify(found)}\n`);
});
