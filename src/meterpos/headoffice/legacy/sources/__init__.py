"""Where the old books are read from, never written to: MySQL or MariaDB, PostgreSQL, SQLite, a directory of CSV dumps.

base     what a source answers        opening  the source a URL or path names
server   database servers and files   dumps    CSV
"""

from meterpos.headoffice.legacy.sources.base import Source, UnusableSource
from meterpos.headoffice.legacy.sources.opening import open_source

__all__ = ["Source", "UnusableSource", "open_source"]
