// SPDX-License-Identifier: AGPL-3.0-or-later
// What arrives at the demonstration's mailbox and telephone appears by itself, while somebody looks at the page.

const list = document.getElementById("arrivals");
const SECONDS = 2_000;

/** Whether somebody presses on something in the list, or types an answer there: it is left alone meanwhile. */
function isHeld() {
  const typed = [...(list?.querySelectorAll("input[name=text]") ?? [])];
  return Boolean(list?.querySelector(":active")) || typed.some((one) => one instanceof HTMLInputElement && one.value);
}

/** By what the one in focus is found again. @param {Element} one */
function target(one) {
  if (one instanceof HTMLAnchorElement) return one.href;
  return one instanceof HTMLButtonElement ? (one.form?.action ?? "") : one.id;
}

async function renew() {
  if (!list || document.visibilityState !== "visible" || isHeld()) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = document.createElement("template");
  page.innerHTML = await answer.text();
  const told = page.content.getElementById("arrivals");
  if (!told || told.textContent === list.textContent || isHeld()) return; // a form's token differs each time
  const held = document.activeElement;
  const focused = held && list.contains(held) ? target(held) : "";
  list.replaceChildren(...told.childNodes);
  const again = focused ? [...list.querySelectorAll("a, input, button")].find((one) => target(one) === focused) : undefined;
  if (again instanceof HTMLElement) again.focus();
}

async function watch() {
  try {
    await renew();
  } catch {
    // the house is away: what stands here stays
  }
  setTimeout(watch, SECONDS);
}

document.addEventListener("visibilitychange", () => renew().catch(() => undefined));
watch();
