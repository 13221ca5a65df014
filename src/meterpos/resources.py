"""Where the data files live: icons, fonts, style, translations, the receipt logo.

They stand in `resources/` at the root of the repository; a built package carries them as `meterpos/_resources`.
"""

from functools import cache
from pathlib import Path

from meterpos.errors import MeterposError


class ResourceMissing(MeterposError):
    """A data file that belongs to the program is not there."""


def resource_path(name: str) -> Path:
    """Return the path of one data file, named relative to the resources folder ("fonts/NotoSans.ttf").

    Raises: ResourceMissing when the installation lacks it.
    """
    path = _root() / name
    if not path.exists():
        raise ResourceMissing(f"The program file {name} is missing; install meterpos again.")
    return path


@cache
def _root() -> Path:
    here = Path(__file__).resolve()
    packaged = here.parent / "_resources"
    return packaged if packaged.is_dir() else here.parents[2] / "resources"
