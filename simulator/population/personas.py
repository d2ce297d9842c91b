"""About three hundred invented people, each with an account on both networks."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

from simulator.identifiers import number_for
from simulator.records import Network, Person

COUNT = 300
_NAMES: dict[str, tuple[str, str]] = {
    "en": (
        "Ada Beth Cleo Dara Edith Fay Gwen Hattie Imogen Joss Keira Lottie Maeve Nell Orla Priya Rosa Sadie Tess Una Winnie Arlo Bram "
        "Callum Desmond Ewan Felix Gus Harvey Idris Jonah Kofi Lorcan Milo Ned Omar Percy Quentin Rory Silas Toby",
        "Abernathy Birch Calloway Dunmore Ellery Fairweather Garrick Hollis Ingram Jessop Kettering Larkin Marlow Nightingale Okafor Pell "
        "Quill Rutledge Shaw Thistle Underhill Vane Whitlock Yarrow Ashby Brannigan Corrigan Delacourt",
    ),
    "de": ("Anke Birte Carla Doris Elke Frauke Gero Hauke Ingo Jonas Katrin Lutz", "Ahlers Brandt Claasen Dorn Eberl Falk Gerlach Hahnke"),
    "fr": ("Aline Benoît Camille Didier Élodie Fabien Gaëlle Hugo Inès Julien", "Aubry Besson Carlier Delmas Faure Garnier Lacombe Perrin"),
    "es": ("Alba Bruno Carmen Diego Elena Fermín Gloria Hugo Irene Javier", "Aranda Beltrán Castaño Duarte Espinar Fuentes Galindo"),
    "pt": ("Afonso Beatriz Catarina Duarte Eva Filipe Graça Inês Joana", "Abrantes Barros Coelho Domingues Esteves Falcão"),
    "nl": ("Anouk Bas Coen Daan Eefje Femke Guus Hanneke Joris", "van_Aken Bakker de_Boer Dekker Hofstra Jansma Kuiper"),
    "it": ("Aldo Bianca Carlo Donata Elio Fiamma Gino Ilaria Luca", "Amato Bellini Conti Donati Esposito Ferri Galli"),
    "pl": ("Ania Bartek Celina Darek Ewa Filip Gosia Hania Igor", "Adamska Bielak Cieślak Dudek Fijałek Górska Kania"),
}  # fmt: skip
_SHARE = {"en": 60, "de": 9, "fr": 8, "es": 7, "pt": 4, "nl": 5, "it": 4, "pl": 3}
_TAILS = ("", "", "_", "x", "writes", "bakes", "at_home", "93", "77", "_ie", "_uk", "tea", "cooks")


@dataclass(frozen=True, slots=True)
class Persona:
    """One customer. `patience` multiplies how long they wait, `grateful` is how likely they thank (0–1)."""

    name: str
    handle: str
    language: str
    followers: int
    verified: bool
    patience: float
    grateful: float

    def on(self, network: Network, seed: int) -> Person:
        """Their account on a network: the same every time."""
        return Person(
            network,
            number_for(seed, network, "persona", self.handle, digits=10 if network == "x" else 16),
            self.handle,
            self.name,
            self.followers,
            self.verified,
            language=self.language,
        )


def _plain(text: str) -> str:
    folded = (
        unicodedata.normalize("NFKD", text.replace("ł", "l").replace("_", ""))
        .encode("ascii", "ignore")
        .decode()
    )
    return "".join(character for character in folded.lower() if character.isalnum())


def invented_name(rng: random.Random, language: str) -> tuple[str, str]:
    """Invent a name and a handle of at most 15 characters."""
    firsts, lasts = (part.split() for part in _NAMES[language])
    first, last = rng.choice(firsts), rng.choice(lasts).replace("_", " ")
    handle = rng.choice((_plain(first) + _plain(last)[:4], _plain(first)[0] + _plain(last), _plain(first)))
    handle = (handle + rng.choice(_TAILS))[:12] + str(rng.randrange(10, 999))
    return f"{first} {last}", handle[:15]


def personas(seed: int, count: int = COUNT) -> list[Persona]:
    """Return the same people for the same seed."""
    rng = random.Random(f"personas {seed}")
    by_handle: dict[str, Persona] = {}
    while len(by_handle) < count:
        language = rng.choices(list(_SHARE), list(_SHARE.values()))[0]
        name, handle = invented_name(rng, language)
        followers = min(2_400_000, int(rng.lognormvariate(5.2, 1.6)))
        verified = followers > 20_000 or rng.random() < 0.04
        by_handle.setdefault(
            handle,
            Persona(name, handle, language, followers, verified, rng.uniform(0.5, 2), rng.uniform(0.2, 0.9)),
        )
    return list(by_handle.values())
