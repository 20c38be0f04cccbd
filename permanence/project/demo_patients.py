# SPDX-License-Identifier: AGPL-3.0-or-later
"""The patients of the demonstration: invented persons, whose names were put together at random and mean nobody."""

from collections.abc import Iterator
from typing import NamedTuple

from permanence.callers.rules.form import PatientForm


class Invented(NamedTuple):
    """One person as typed: `born` ISO; `new`: he has not been to the practice yet; `calls_as`: the place in the list of
    whose telephone he shares, 0 for his own."""

    name: str
    first: str
    sex: str
    born: str
    new: bool = False
    calls_as: int = 0


WEBER = (
    Invented("Brandel", "Léonie", "f", "1958-04-17"),
    Invented("Kirschmeyer", "Tun", "m", "1971-09-02"),
    Invented("Valmont-Reding", "Solange", "f", "1949-12-30"),
    Invented("Steinfurt", "Marek", "m", "1983-06-11"),
    Invented("Oberlinger", "Ilka", "f", "1990-01-25"),
    Invented("Passerat", "Gaspard", "m", "2001-07-08"),
    Invented("Morgenroth", "Edda", "f", "1966-11-19"),
    Invented("Da Ponteira", "Rui", "m", "1978-03-05"),
    Invented("Welterlin", "Nora", "f", "1995-08-14"),
    Invented("Champagnole", "Aurèle", "m", "1953-02-27"),
    Invented("Lindenhof", "Wiebke", "f", "1987-10-03"),
    Invented("Quintard", "Melvil", "m", "2016-05-21"),
    Invented("Hasselbring", "Thore", "m", "1962-08-09"),
    Invented("Silvarosa", "Inês", "f", "1999-04-04", new=True),
    Invented("Fontenelle", "Odile", "f", "1944-06-16"),
    Invented("Rosport", "Jempi", "m", "1937-01-12"),
    Invented("Ahrenfeld", "Lotte", "f", "2012-09-28"),
    Invented("Maringer", "Yann", "m", "1981-12-07", new=True),
)
DUPONT = (
    Invented("Grandvillers", "Apolline", "f", "2019-03-14"),
    Invented("Grandvillers", "Côme", "m", "2021-11-02"),
    Invented("Zellmeister", "Arno", "m", "1969-05-30"),
    Invented("Perrandin", "Maëlys", "f", "1993-02-18"),
    Invented("Oustalet", "Bastien", "m", "1985-07-23"),
    Invented("Hohneck", "Gerda", "f", "1951-10-10"),
    Invented("Belfontaine", "Ismaël", "m", "2008-12-01"),
    Invented("Schnepfenried", "Katell", "f", "1976-04-26"),
    Invented("Tourvieille", "Abel", "m", "1948-08-31"),
    Invented("Maranzana", "Livia", "f", "1998-06-05"),
    Invented("Klingenfus", "Dorian", "m", "1973-01-09"),
    Invented("Aubrelle", "Sidonie", "f", "2014-09-17"),
    Invented("Wissembach", "Ute", "f", "1960-03-22"),
    Invented("Delaroque", "Timothée", "m", "1989-11-13", new=True),
    Invented("Sorbiers", "Nawel", "f", "2002-05-06"),
    Invented("Ravignot", "Firmin", "m", "1942-02-08"),
    Invented("Ernolsheim", "Jutta", "f", "1979-07-29"),
    Invented("Montbéraud", "Élie", "m", "2023-01-16"),
    Invented("Lauterbrunn", "Silke", "f", "1955-12-24"),
    Invented("Castelviel", "Rose", "f", "1992-10-20", new=True),
    Invented("Pfaffenkopf", "Ludger", "m", "1964-09-04"),
    Invented("Bonnechose", "Ninon", "f", "2017-04-11"),
)
SOS = (
    Invented("Kaltenbrunn", "Mireille", "f", "1974-02-11"),
    Invented("Kaltenbrunn", "Fynn", "m", "2018-06-30", calls_as=1),
    Invented("Vandermoere", "Joris", "m", "1986-12-05"),
    Invented("Estrela", "Luana", "f", "2000-03-27"),
    Invented("Bettembourg", "Nicolas", "m", "1957-09-13"),
    Invented("Sonnleitner", "Gudrun", "f", "1968-04-20"),
    Invented("Malaterre", "Théa", "f", "2015-11-08"),
    Invented("Quiring", "Hannes", "m", "1991-08-01", new=True),
    Invented("Ottelange", "Bérénice", "f", "1982-01-17"),
    Invented("Rindschleiden", "Pol", "m", "1946-05-29"),
    Invented("Castanheira", "Duarte", "m", "1975-10-12"),
    Invented("Falkenrath", "Imke", "f", "1997-03-08"),
    Invented("Villemarais", "Octave", "m", "2009-12-20"),
    Invented("Theisbach", "Marguerite", "f", "1952-07-02"),
    Invented("Wollmering", "Kai", "m", "1988-09-25"),
    Invented("Sauvageon", "Lilia", "f", "2020-02-15"),
    Invented("Donnerfeld", "Egon", "m", "1939-11-06"),
    Invented("Almendras", "Paz", "f", "1994-06-19", new=True),
)
OF = {"Dr Weber": WEBER, "Cabinet Dupont": DUPONT, "SOS Glacis": SOS}
"""The patients of each client, by his name."""
FIRST = {"SOS Glacis": 51}
"""At which place the list of a client begins, where it is not the first of its country."""

NUMBERS = {"LU": "+352621000{:03d}", "FR": "+331990020{:02d}"}
"""The first two figures of a patient's place in the list follow: ranges of the demonstration alone."""


def forms(client: str, *, country: str, language: str) -> Iterator[tuple[str, PatientForm]]:
    """Id and form of each patient of the client of this name, in their order."""
    first = FIRST.get(client, 1)
    for place, each in enumerate(OF[client], start=first):
        telephone = first + each.calls_as - 1 if each.calls_as else place
        number = NUMBERS[country].format(200 + telephone if country == "LU" else telephone)
        form = PatientForm(
            birth_name=each.name,
            first_name=each.first,
            birth_date=each.born,
            sex=each.sex,
            numbers=(number,),
            language=language,
            known=not each.new,
        )
        yield f"demonstration-{country}-{place:04d}", form
