"""The first tables of the ledger."""

from alembic import op

from meterpos.ledger.tables import metadata, triggers

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table, index and immutability trigger."""
    connection = op.get_bind()
    metadata.create_all(connection)
    triggers.create(connection)
