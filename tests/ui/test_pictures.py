"""The pictures that are kept: every page, both languages, both sizes, and light enough to be carried along."""

from meterpos.ui.pages.made import PAGES
from meterpos.ui.widgets.helppanel import catalogue
from tests.ui.pictures import BYTES_MAX, HELP, LANGUAGES, OF_HELP, PICTURES, SHOWN, SIZES


def test_every_state_is_there_in_both_languages_and_sizes() -> None:
    wanted = {f"{name}-{language}-{size[0]}.png" for name in SHOWN for language in LANGUAGES for size in SIZES.values()}
    assert wanted - {path.name for path in PICTURES.glob("*.png")} == set()


def test_no_picture_is_left_over_and_together_they_are_light() -> None:
    files = list(PICTURES.glob("*-*-*.png"))
    assert {path.name.rsplit("-", 2)[0] for path in files} == set(SHOWN)
    assert sum(path.stat().st_size for path in PICTURES.glob("*.png")) <= BYTES_MAX


def test_every_page_has_a_picture_beside_its_help() -> None:
    assert set(OF_HELP.values()) == set(catalogue("en")) == {"pay", "signin", *PAGES}
    for page in OF_HELP.values():
        for language in LANGUAGES:
            assert (HELP / f"{page}-{language}.png").exists(), page
