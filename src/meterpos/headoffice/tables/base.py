"""The metadata every table of head office hangs on: beside the ledger's, with its own history of migrations."""

from typing import Final

from sqlalchemy import MetaData

from meterpos.ledger.tables import metadata as ledger_metadata

metadata: Final = MetaData(naming_convention=ledger_metadata.naming_convention)
