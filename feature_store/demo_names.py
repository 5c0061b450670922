"""Names for the demo retailer's items, made of words that fit their category."""

import random
from collections.abc import Callable, Sequence
from itertools import count

import numpy as np

Names = random.Random  # the source of one name's choices


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


QUALITIES = _words(
    """
    Amber Ancient Autumn Black Blue Bright Broken Burning Clockwork Cold Crimson
    Crystal Dark Distant Electric Emerald Endless Fallen Final Forgotten Frozen Gentle
    Golden Hidden Hollow Iron Last Little Lonely Lost Midnight Northern Paper Perfect
    Quiet Rising Rusty Sacred Scarlet Secret Silent Silver Sleeping Sunken Thirteenth
    Twisted Velvet Wandering Wild Winter
    """
)
THINGS = _words(
    """
    Anchor Arena Bridge Captain Carnival Castle Circle City Comet Compass Crown
    Daughter Desert Detective Dragon Echo Empire Engine Falcon Forest Fortress
    Frontier Garden Ghost Giant Harbour Horizon Hunter Island Journey King Kingdom
    Knight Labyrinth Lantern Legend Lighthouse Machine Mirror Monster Mountain Ocean
    Orchestra Orchid Pilot Planet Prophet Queen Racer Raven River Road Robot Rocket
    Season Shadow Signal Soldier Song Station Storm Stranger Summer Sword Temple
    Throne Tiger Train Valley Voyage War Warrior Whale Wolf
    """
)
PLACES = _words(
    """
    Ardenfall Belmora Caldris Dunmoor Eastreach Fenwick Galloway Hollowmere Ironhold
    Jarrow Karsk Lorne Marrow Nightvale Orsk Pellan Quill Ravenna Sorrel Tarn Umber
    Vesper Westmark Yarrow Zephyr
    """
)
SURNAMES = _words(
    """
    Abbott Barlow Calder Dorsey Ellery Farrow Garner Hale Ingram Jarvis Keller Lowell
    Mercer Norwood Osborne Pryor Quigley Rowan Sayer Tilney Underhill Vance Winslow
    Yardley Zeller
    """
)
COLOURS = _words(
    """
    black white red blue silver green pink grey orange transparent
    """
)
BANDS = ("The {}s", "{} Street", "{} & Sons", "DJ {}", "{} Quartet", "Saint {}", "{}")


def item_names(categories: Sequence[str], rng: np.random.Generator) -> list[str]:
    """One name an item, none twice; `categories` holds each item's category name."""
    source = Names(int(rng.integers(2**32)))
    taken: set[str] = set()
    return [_fresh(_name(category, source), taken) for category in categories]


def _fresh(name: str, taken: set[str]) -> str:
    """`name`, with the first volume number that makes it new, where it is not."""
    for volume in count(1):
        candidate = name if volume == 1 else f"{name}, vol. {volume}"
        if candidate not in taken:
            break
    taken.add(candidate)
    return candidate


def _name(category: str, source: Names) -> str:
    family, label = category.split(": ", 1)
    return GRAMMAR[family](label, source)


def _title(source: Names) -> str:
    quality, thing = source.choice(QUALITIES), source.choice(THINGS)
    place, other = source.choice(PLACES), source.choice(THINGS)
    title = source.choice(
        (
            f"{quality} {thing}",
            f"The {quality} {thing}",
            f"{thing} of {place}",
            f"The {thing} and the {other}",
            f"{quality} {thing}: {place}",
            f"{source.choice(SURNAMES)}'s {quality} {thing}",
        )
    )
    return title + source.choice(("", "", "", "", " 2", " 3", " II"))


def _accessory(label: str, source: Names) -> str:
    thing = source.choice(
        (
            "Wireless controller",
            "Charging station",
            "Protective case",
            "Headset with microphone",
            "Racing wheel",
            'Camera "Eye"',
            "Thumb grips, 4 pieces",
            "HDMI cable, 2 m",
            "Vertical stand",
            "Keyboard",
            "Mouse, 1600 dpi",
        )
    )
    return f"{label}: {thing}, {source.choice(COLOURS)}"


def _console(label: str, source: Names) -> str:
    size = source.choice(("12 GB", "250 GB", "320 GB", "500 GB", "1 TB"))
    bundle = source.choice(("", "", f" + {_title(source)}", ", with two controllers"))
    return f"{label} console, {size}, {source.choice(COLOURS)}{bundle}"


def _game(label: str, source: Names) -> str:
    edition = source.choice(
        ("", "", "", " Gold Edition", " Game of the Year Edition", ' "Classics"')
    )
    language = source.choice(("English version", "English subtitles", "multilingual"))
    return f"{_title(source)}{edition} [{label}, {language}]"


def _film(label: str, source: Names) -> str:
    cut = source.choice(("", "", "", "", ", director's cut", " (2 discs)", ', "Noir"'))
    return f"{_title(source)}{cut} ({label})"


def _book(label: str, source: Names) -> str:
    initial = source.choice("ABCDEFGHJKLMNPRSTW")
    return f'{source.choice(SURNAMES)} {initial}., "{_title(source)}" ({label})'


def _album(label: str, source: Names) -> str:
    band = source.choice(BANDS).format(source.choice(THINGS + SURNAMES))
    discs = source.choice(("", "", "", " (2 discs)", ", deluxe", ", remastered"))
    return f"{band.upper()}: {_title(source)}{discs} [{label}]"


def _gift(label: str, source: Names) -> str:
    detail = source.choice(
        (
            f"{source.choice(COLOURS)}, {source.choice((10, 15, 20, 30, 45))} cm",
            f"set of {source.choice((2, 3, 4, 6, 12))}",
            f'"{source.choice(QUALITIES)}" collection',
            "gift box",
        )
    )
    return f"{label}: {_title(source)}, {detail}"


def _program(label: str, source: Names) -> str:
    name = f"{source.choice(QUALITIES)}{source.choice(THINGS)}"
    year = source.choice((2012, 2013, 2014, 2015))
    licence = source.choice(
        ("1 computer", "3 computers, 1 year", "base version", "renewal", "for students")
    )
    return (
        f"{name} {source.choice(('Suite', 'Pro', 'Home'))} {year}, {licence} [{label}]"
    )


def _card(label: str, source: Names) -> str:
    amount = source.choice((250, 500, 1000, 1500, 2500, 5000))
    return f"Card: {label}, {amount} {source.choice(('points', 'credits', 'roubles'))}"


def _service(label: str, source: Names) -> str:
    return f"{label}: {source.choice(PLACES)}, {source.choice(('standard', 'express'))}"


def _plain(label: str, source: Names) -> str:
    return (
        f"{label}, {source.choice(THINGS)}, {source.choice((1, 2, 4, 10, 25))} pieces"
    )


GRAMMAR: dict[str, Callable[[str, Names], str]] = {
    "Accessories": _accessory,
    "Batteries": _plain,
    "Blank media": _plain,
    "Books": _book,
    "Cards": _card,
    "Consoles": _console,
    "Films": _film,
    "Games": _game,
    "Gifts": _gift,
    "Music": _album,
    "Services": _service,
    "Software": _program,
}
