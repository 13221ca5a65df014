"""`meterpos migrate`: moving in from customer-centric billing, step by step, with proof.

books   import-legacy        steps   the steps, alone and in order
words   what is said of them reports validate, report          undo   rollback
"""

import typer

from meterpos.cli.headoffice.opened import Chosen, Database, Utility
from meterpos.cli.migrate import books, reports, steps, undo
from meterpos.cli.style import new_group

app = new_group(help="Move in from customer-centric billing to meters, step by step, with proof.")


@app.callback()
def migrate(context: typer.Context, database: Database = None, utility: Utility = None) -> None:
    """Move in from customer-centric billing to meters, step by step, with proof."""
    context.obj = Chosen(database, utility)


books.add_to(app)
steps.add_to(app)
reports.add_to(app)
undo.add_to(app)
