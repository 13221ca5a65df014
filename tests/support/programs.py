"""Programs some tests run: installed where that can be done, else named; `dev.py test` runs this before them."""

import os
import shutil
import sys
from typing import Final

from dev import DoorError, apt_install, can_apt, say

TEST_PROGRAMS: Final = {
    "strace": "strace",  # what a till writes to its disk
    "gcc": "gcc",  # what lets such a write fail
    "mariadbd": "mariadb-server-core",  # where older billing systems keep their books
    "hledger": "hledger",  # whether other bookkeepers accept the exported books
    "bean-check": "beancount",
}
"""... and the Debian package of each; without them those tests are skipped, and say so."""


def main() -> None:
    """Install the programs (Debian and Ubuntu, as root), or say which tests are skipped without them."""
    if not sys.platform.startswith("linux"):
        return
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    absent = [name for name in TEST_PROGRAMS if shutil.which(name, path=path) is None]
    if not absent:
        return
    packages = [TEST_PROGRAMS[name] for name in absent]
    if can_apt():
        say(f"installing what some tests run: {' '.join(packages)}")
        try:
            apt_install(packages)
        except DoorError as error:
            say(f"{error} The tests that need them are skipped.")
        return
    say(f"without {', '.join(absent)} the tests that run them are skipped (Debian: {' '.join(packages)}).")


if __name__ == "__main__":
    main()
