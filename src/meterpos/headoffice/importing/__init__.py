"""The CSV set of a utility (formats in docs/cli.md): checked row by row as it is loaded, applied whole or not at all.

reader   a file as rows, each value with its place (file, line, column)
layout   which files and columns there are       known    what is here before an import
load     checks rows, in one transaction         sink     writes them to tables and feed
forward  brought-forward amounts that differ
"""

from meterpos.headoffice.importing.load import BadImport, Imported, import_directory

__all__ = ["BadImport", "Imported", "import_directory"]
