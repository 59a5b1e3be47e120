"""What the words for statuses and stages of other systems probably mean here."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from domain.lead import LeadStatus
from domain.workspace import DEFAULT_PIPELINE

STAGES = tuple(stage.name for stage in DEFAULT_PIPELINE.stages)

_TRUE = frozenset({"true", "1", "yes", "y", "ja", "sim", "x"})
_LOST = r"\b((closed)?lost|verloren|perdid[oa]|abgelehnt|rejected|declined|no deal|fechad[oa] e? ?perdid[oa])\b"
_WON = (
    r"\b((closed)?won|gewonnen|ganh[oa]|sold|success(ful)?|converted|customer|kunde|erfolgreich|abgeschlossen"
    r"|fechad[oa])\b"
)
_OUT = (
    r"\b(disqualified|unqualified|junk|spam|bad timing|dead|cancell?ed|not interested"
    r"|unqualifiziert|desqualificad[oa])\b"
)
_OPEN = (
    r"\b(open|new|neu|offen|novo|nova|abert[oa]|in progress|in bearbeitung|connected|working|attempted|contact\w*"
    r"|engag\w*|prospect\w*|qualif\w*|propos\w*|negot\w*|talking|thinking|pipeline|active|pending)\b"
)
_STAGES: Sequence[tuple[str, str]] = (
    ("negotiation", r"negot|verhandl|negoc|review|contract|vertrag|commit|verbal|decision maker bought"),
    ("proposal", r"propos|quote|angebot|offer|offert|orcamento|presentation scheduled|demo|value prop|pricing"),
    ("qualified", r"qualif|needs|bedarf|discovery|decision|perception|evaluat|analys|entscheid"),
    ("contacted", r"contact|kontakt|contat|appointment|termin|engag|connect|working|attempted|talking|meeting|reuni"),
    ("new", r"new|neu|nov[oa]|prospect|lead|open|offen|abert|inbound|eingang|thinking|identif"),
)


@dataclass(frozen=True, slots=True)
class Guess:
    """What a word means here, and whether that is only a guess in the dark."""

    meaning: str
    is_sure: bool


def status_of(word: str) -> Guess:
    """The outcome that a word tells: open where nothing else is likely."""
    text = plain_words(word)
    told: Sequence[tuple[LeadStatus, str]] = (("lost", _LOST), ("disqualified", _OUT), ("won", _WON), ("open", _OPEN))
    for status, pattern in told:
        if re.search(pattern, text):
            return Guess(status, True)
    return Guess("open", _stage(text) is not None)


def won_if(word: str) -> Guess:
    """The outcome, where a word says whether the lead is won."""
    return Guess("won" if word.lower() in _TRUE else "open", True)


def stage_of(word: str) -> Guess:
    """The stage of the default pipeline that a word tells: the first where none is likely."""
    stage = _stage(plain_words(word))
    return Guess(stage or STAGES[0], stage is not None)


def _stage(text: str) -> str | None:
    return next((stage for stage, pattern in _STAGES if re.search(pattern, text)), None)


def plain_words(text: str) -> str:
    """In small letters without accents, with one blank between words."""
    letters = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", " ", letters.lower()).strip()
