# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a name sounds: one key for the spellings a caller and a file may have of it.

Made for French names, and sane for German, Luxembourgish and Portuguese ones: Lefèvre, Lefebvre; Gauthier, Gautier;
Dupont, Dupond; Philippe, Filip; Schmitt, Schmidt; Meier, Mayer, Maier; Fernandes, Fernandez. A key is looked up whole,
never by its beginning. In a key the capitals are sounds: A, I, O the nasal vowels, C as in "chat", W as in "peur".
"""

import re
import unicodedata

_BEFORE = str.maketrans({"ä": "e", "ö": "o", "ç": "s", "ß": "ss", "œ": "oe", "æ": "e", "ñ": "gn", "ø": "o", "ł": "l"})
"""What an accent says of the sound, before accents go."""
_STEPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        # Consonants written with several letters.
        (r"t?sch|tch|cz", "C"),
        (r"ch(?=[rlnt])", "k"),
        (r"sh|ch", "C"),
        (r"ph", "f"),
        (r"(?<=[tgrkdbl])h", ""),
        (r"h", ""),
        (r"bv", "v"),
        (r"dt(?![aeiouy])", "t"),
        (r"tz", "s"),
        (r"(?<=r)c[qk]?\Z", ""),
        (r"nc(?=ois|alv)", "ns"),
        (r"c?qu?|ck", "k"),
        (r"sc(?=[eiy])", "s"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"gu(?=[eiy])", "G"),
        (r"ge(?=[aou])", "j"),
        (r"gn", "n"),
        (r"g(?=[eiy])", "j"),
        (r"G", "g"),
        (r"w", "v"),
        # A final "ng" or one of the consonants that nobody speaks.
        (r"aul(?=[tdx])", "au"),
        (r"oul[tdx]\Z", "u"),
        (r"(?<=[aiou])x\Z", ""),
        (r"x", "ks"),
        (r"z", "s"),
        (r"(.)\1+", r"\1"),
        (r"(?<=n)g\Z", ""),
        (r"(?<=m|u)ps?\Z", ""),
        (r"(?<=.)[dts]+\Z", ""),
        # Vowels written with several letters, the nasal ones first.
        (r"ea(?=[nm](?![aeiouy]))", "a"),
        (r"[ae]i[nm](?![aeiouy])", "I"),
        (r"oi[nm](?![aeiouy])", "oI"),
        (r"[iy][nm](?![aeiouymn])", "I"),
        (r"u[nm](?![aeiouymn])", "I"),
        (r"[ae][nm](?![aeiouymn])", "A"),
        (r"o[nm](?![aeiouymn])", "O"),
        (r"eaux?|aux?", "o"),
        (r"oeu|eu", "W"),
        (r"ou", "u"),
        (r"o[iy]", "oa"),
        (r"[ae][iy]|ae", "e"),
        (r"oe", "o"),
        (r"[iy]e(?=[a-z])", "i"),
        (r"ue(?=[a-z])", "u"),
        (r"y", "i"),
        (r"(?<=[^aeo])ir\Z", "i"),
        (r"(.)\1+", r"\1"),
        (r"(?<=.)e\Z", ""),
    )
)
_LEAST = 2
"""A shorter key would make one name of many."""


def sound_of(word: str) -> str:
    """The key of one word in small letters; "" where it has no Latin letters."""
    plain = unicodedata.normalize("NFKD", word.translate(_BEFORE))
    letters = "".join(each for each in plain if "a" <= each <= "z")
    key = letters
    for pattern, sound in _STEPS:
        key = pattern.sub(sound, key)
    return key if len(key) >= _LEAST else letters
