# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many practitioners side by side: a visit says its reason in whole short words or not at all, its state always."""

import json

from playwright.async_api import Browser, expect

from tests.screens.agenda_desk import beside, tomorrow
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site

PRACTITIONERS = 14
NAMES = ("Cabinet infirmier", "Dr Marc Lemaire", "Mme Bettina Hohenstein", "Dr Claudine Kieffer")
CALLED = "update agenda_agenda set name = '{}' where name = 'Praticien {:03d}'"
HEADS = """() => [...document.querySelectorAll('#book-frame .grid__name strong')].map((one) => [one.textContent,
  one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight])"""
REASONS = """update agenda_appointment set reason_id = case id % 4
when 0 then {0.consultation} when 1 then {0.tracing} when 2 then {0.scan} else {0.review} end"""
STATES = """update agenda_appointment set state = case id % 7
when 0 then 'confirmed' when 1 then 'no_show' when 2 then 'arrived' else state end"""
LONG = "update agenda_appointment set ends_at = datetime(ends_at, '+15 minutes') where id % 5 = 0"
AMONG = "update agenda_appointment set ends_at = datetime(ends_at, '+70 minutes') where id % 31 = 0"
"""These stand beside those that come after them: two to four share the width of a lane."""
CUT = """() => {
  const meet = (a, b) => [Math.min(a.right, b.right) - Math.max(a.left, b.left),
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)].map((one) => Math.max(0, one));
  const faults = [], seen = { whole: 0, none: 0 };
  for (const visit of document.querySelectorAll('#book-frame .appt')) {
    const code = visit.querySelector('.appt__code'), words = document.createRange();
    const reason = code.querySelector('.appt__reason'), text = reason?.firstChild;
    const [box, all] = [code, visit].map((one) => one.getBoundingClientRect());
    const clip = { left: Math.max(box.left, all.left), right: Math.min(box.right, all.right),
      top: Math.max(box.top, all.top), bottom: Math.min(box.bottom, all.bottom) };
    const said = [];
    const sign = code.querySelector('svg, .dot');
    if (sign) {
      const at = sign.getBoundingClientRect(), [wide, high] = meet(at, clip);
      if (wide < at.width - 1 || high < at.height - 2) said.push(`sign cut: ${wide} of ${at.width}, ${high}`);
    }
    const name = visit.querySelector('.appt__name').clientWidth;
    if (name > 0 && name < 12) said.push(`name cut: ${name}`);
    let shown = 0;
    if (text) {
      words.selectNodeContents(text);
      const at = words.getBoundingClientRect(), [wide, high] = meet(at, clip);
      const whole = wide > at.width - 1 && high > at.height - 3;
      shown = wide * high;
      seen[whole ? 'whole' : 'none'] += 1;
      if (!whole && shown > 1) said.push(`code cut: ${wide} of ${at.width}, ${high} of ${at.height}`);
    }
    const tint = reason ? meet(reason.getBoundingClientRect(), clip) : [0, 0];
    if (shown < 1 && tint[0] * tint[1] > 1) said.push(`a tint without words: ${tint[0]}`);
    faults.push(...said.map((one) => `${one}: ${visit.className} ${visit.ariaLabel}`));
  }
  return { faults: faults.slice(0, 9), seen };
}"""


async def test_a_visit_too_narrow_for_its_reason_says_nothing_of_it_and_never_half_a_letter(
    browser: Browser, site: Site
) -> None:
    made = agendas.make(site, PRACTITIONERS)
    for change in (REASONS.format(made), STATES, LONG, AMONG):
        site.change(change)
    screen = await beside(browser, site, query=f"?client={made.client}")
    await tomorrow(screen)
    await expect(screen.page.locator(".lane")).to_have_count(PRACTITIONERS + 2)
    for width, height in ((1366, 768), (1920, 1080)):
        await screen.page.set_viewport_size({"width": width, "height": height})
        told = await screen.page.evaluate(CUT)
        assert told["faults"] == [], json.dumps(told, indent=1, ensure_ascii=False)
        assert min(told["seen"].values()) > 0, told
    await screen.page.set_viewport_size({"width": 1366, "height": 768})
    await screen.shot("agenda-narrow-light")
    await screen.page.emulate_media(color_scheme="dark")
    await screen.shot("agenda-narrow-dark")
    assert screen.complaints == []


async def test_who_is_at_the_head_of_one_of_six_days_is_read_in_full(browser: Browser, site: Site) -> None:
    made = agendas.make(site, len(NAMES))
    for number, name in enumerate(NAMES):
        site.change(CALLED.format(name, number))
    screen = await beside(browser, site, query=f"?client={made.client}")
    await tomorrow(screen)
    await expect(screen.page.locator(".lane")).to_have_count(len(NAMES) + 2)
    whole = dict(await screen.page.evaluate(HEADS))
    assert whole == dict.fromkeys(sorted([*NAMES, "Dr Klein", "Dr Weber"]), True)
    await screen.shot("agenda-heads")
    assert screen.complaints == []
