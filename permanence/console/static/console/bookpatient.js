// SPDX-License-Identifier: AGPL-3.0-or-later
// What the request shows of the patient in hand: asked of the site for each other one, and nothing of the one before.
import { byId, show } from "./dom.js";

export class OfPatient {
  /** @param {string} id of the box it stands in */
  constructor(id) {
    this.box = byId(id);
    this.client = "";
    this.patient = "";
    /** How often it was asked for: an older answer is not shown. */
    this.turn = 0;
  }

  /** Of whom it is: asked again only for another one. @param {string} client @param {{id: string}|null} patient */
  about(client, patient) {
    const id = patient?.id ?? "";
    if (client === this.client && id === this.patient) return;
    [this.client, this.patient] = [client, id];
    this.turn += 1;
    this.clear();
    this.begin();
  }

  clear() {
    this.box.replaceChildren();
    show(this.box, false);
  }

  /** Another patient is in hand, or none. @returns {void} */
  begin() {}
}
