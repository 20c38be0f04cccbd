# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spellings that callers have of one name, and names that must stay apart."""

SAME = (
    "lefèvre lefebvre lefevre lefaivre",
    "gauthier gautier gaultier gautié",
    "dupont dupond dupon",
    "philippe filip philip filipe",
    "schmitt schmidt schmit schmid",
    "meier mayer maier meyer mayr",
    "müller muller mueller",
    "arnault arnaud arnaux arnaut",
    "thibault thibaud thibaut tibo",
    "schröder schroeder schroder",
    "mathieu matthieu mathieux",
    "laurent lorent laurant",
    "leclerc leclercq leclair",
    "fernandes fernandez",
    "rodrigues rodriguez",
    "weber veber webber",
    "hoffmann hofman hoffman",
    "christian cristian",
    "renault renaud reno",
    "leroy leroi",
    "lacroix lacroi",
    "becker bäcker bekker",
    "wagner vagner",
    "françois francois fransois",
    "denis denys",
    "thiry thierry thiery",
    "kieffer kiefer kiffer",
    "bourgeois bourjois",
    "gérard gerard jerard",
    "cyril cyrille siril",
    "vincent vinsan",
    "guillaume guilaume",
    "peeters peters",
    "catherine katherine",
    "benoît benoit benoist",
    "stéphane stephane stefane",
    "gonçalves goncalves gonsalves",
    "jacquet jaquet jacket",
    "lambert lamber",
    "delaunay delaunai",
    "berthelot bertelo berthelo",
    "perrot perrault perreau pérot",
    "tissot tisseau tisso",
    "caroline karoline",
    "yves ives",
    "klaus claus",
)
"""Each row is one name."""
APART = (
    "martin bernard thomas petit robert richard durand dubois moreau laurent simon michel lefevre leroy roux david "
    "bertrand morel fournier girard bonnet dupont lambert fontaine rousseau vincent muller lefort mercier faure andre "
    "blanc guerin boyer garnier chevalier francois legrand gauthier garcia perrin robin clement morin nicolas henry "
    "roussel mathieu gautherot masson marchand duval denis dumont marie lemaire noel meyer dufour meunier brun",
    "weber schmit wagner hoffmann thill kieffer reuter klein braun becker krier schroeder theis faber pauly lentz "
    "steffen hansen kayser mertens feltes biver welter majerus santos silva ferreira pereira rodrigues fernandes",
)
