"""`meterpos headoffice`: one utility's head office, its tills, people, accounts and money."""

import typer

from meterpos.cli.headoffice import (
    accounts,
    approvals,
    backups,
    billing,
    claims,
    courier,
    data,
    desk,
    fleet,
    mirror,
    money,
    notes,
    payments,
    people,
    plans,
    recalculation,
    reports,
    server,
    sms,
    tills,
    tokens,
    witnesses,
)
from meterpos.cli.headoffice.opened import Chosen, Database, Utility
from meterpos.cli.style import new_group

app = new_group(help="One utility's head office: its tills, people, accounts and money.")


@app.callback()
def headoffice(context: typer.Context, database: Database = None, utility: Utility = None) -> None:
    """One utility's head office: its tills, people, accounts and money."""
    context.obj = Chosen(database, utility)


server.add_to(app)
backups.add_to(app)
courier.add_to(app)
claims.add_to(app)
witnesses.add_to(app)
app.add_typer(mirror.app, name="mirror")
app.add_typer(tills.app, name="till")
app.add_typer(people.app, name="user")
app.add_typer(tokens.app, name="token")
approvals.add_to(app)
data.add_to(app)
recalculation.add_to(app)
app.add_typer(reports.app, name="report")
app.add_typer(accounts.customer_app, name="customer")
app.add_typer(accounts.app, name="account")
money.add_to(app)
payments.add_to(app)
app.add_typer(payments.payments_app, name="payments")
app.add_typer(money.invoice_app, name="invoice")
app.add_typer(billing.readings_app, name="readings")
app.add_typer(billing.tariff_app, name="tariff")
app.add_typer(billing.bill_app, name="bill")
app.add_typer(notes.app, name="note")
app.add_typer(plans.app, name="plan")
app.add_typer(people.setting_app, name="setting")
app.add_typer(desk.app, name="exceptions")
fleet.add_to(app)
app.add_typer(sms.app, name="sms")
