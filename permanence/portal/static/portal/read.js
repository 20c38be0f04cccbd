// SPDX-License-Identifier: AGPL-3.0-or-later
// Tells the house that the message was shown, once a person can see the page: never while the browser fetches ahead.

const track = document.getElementById("track");

/** Whether the browser fetched the page ahead and nobody sees it yet. */
function ahead() {
  return "prerendering" in document && document.prerendering === true;
}

async function tell() {
  if (!track || !track.dataset.read || document.visibilityState !== "visible" || ahead()) return;
  const address = track.dataset.read;
  delete track.dataset.read;
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "X-CSRFToken": track.dataset.token ?? "" },
      keepalive: true,
    });
    if (!answer.ok) throw new Error(String(answer.status));
    track.innerHTML = await answer.text();
  } catch {
    track.dataset.read = address; // told again when the page is shown next
  }
}

document.addEventListener("visibilitychange", tell);
document.addEventListener("prerenderingchange", tell);
tell();

/** Answer: the words can be typed at once. */
document.querySelector("[data-focus]")?.addEventListener("click", (event) => {
  const field = document.getElementById(/** @type {HTMLElement} */ (event.currentTarget).dataset.focus ?? "");
  if (!field) return;
  event.preventDefault();
  field.focus();
});
