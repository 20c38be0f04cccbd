// SPDX-License-Identifier: AGPL-3.0-or-later
// The buttons of the headset and the media keys, where the browser hands them to a page that is in a call (W3C Media Session).

/** @param {{end: () => void, mute: () => void}} acts */
export function wireHeadset(acts) {
  const buttons = /** @type {[any, () => void][]} */ ([["hangup", acts.end], ["togglemicrophone", acts.mute]]);
  for (const [name, act] of buttons) {
    try {
      navigator.mediaSession?.setActionHandler(name, act);
    } catch {
      // A browser that does not know this button: the keys do the same.
    }
  }
}

/** What the button shows. @param {boolean} on whether she is heard */
export function headsetMicrophone(on) {
  const session = /** @type {any} */ (navigator.mediaSession);
  session?.setMicrophoneActive?.(on);
}
