"""What a clerk does and a stranger would check, in few words."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from meterpos.ledger import journal
from meterpos.ledger.balances import recalculate
from meterpos.ledger.journal import Entry
from meterpos.ledger.operations.tenders import LegRequest, PartRequest, TenderRequest
from meterpos.ledger.posting import post
from meterpos.ledger.queries.receipts import find_receipt
from meterpos.ledger.queries.spool import jobs_of
from meterpos.ledger.rules.facts import Fact, invoice_id
from meterpos.ledger.tables import accounts, facts
from meterpos.ledger.tables import journal as journal_table
from meterpos.printing.preview import render_text
from meterpos.printing.receipt import compose_receipt
from meterpos.printing.spool import Printed, Spooler
from meterpos.till import Till, new_tender_id
from tests.journeys.conftest import CLERK
from tests.support.headoffice import Server


def pay(till: Till, account_no: str, amount_minor: int, **options: Any) -> Entry:
    """Take one payment, in cash unless told otherwise."""
    return till.take(request=tender(till, account_no, amount_minor, **options), clerk=CLERK)


def tender(till: Till, account_no: str, amount_minor: int, **options: Any) -> TenderRequest:
    """Return the tender a clerk would enter for one account."""
    with till.store.read() as connection:
        row = connection.execute(select(accounts.c.customer_no).where(accounts.c.account_no == account_no)).one()
    return TenderRequest(
        tender_id=options.get("tender_id") or new_tender_id(),
        customer_no=row.customer_no,
        parts=(PartRequest(account_no=account_no, amount_minor=amount_minor, invoice_no=options.get("invoice_no")),),
        legs=(
            LegRequest(
                method=options.get("method", "cash"), amount_minor=amount_minor, reference=options.get("reference")
            ),
        ),
        tendered_minor=options.get("tendered_minor"),
    )


def number_of(entry: Entry) -> str:
    """Return the number on the paper."""
    return str(entry.content.body["number"])


def net(till: Till, account_no: str) -> int:
    """Return what the till says the account owes."""
    with till.store.read() as connection:
        return int(
            connection.execute(select(accounts.c.net_minor).where(accounts.c.account_no == account_no)).scalar_one()
        )


def print_waiting(till: Till) -> tuple[Printed, ...]:
    """Let the spool work once."""
    return Spooler(till).run_once()


def states(till: Till, number: str) -> list[str]:
    """Return the states of a paper's print jobs, oldest first."""
    with till.store.read() as connection:
        return [job.state for job in jobs_of(connection, number)]


def paper(till: Till, number: str, *, copy_no: int = 0) -> str:
    """Return what a receipt says, at 48 columns."""
    with till.store.read() as connection:
        entry = find_receipt(connection, number).entry
    return render_text(compose_receipt(entry, seal=till.seal(entry), copy_no=copy_no), columns=48)


def invoice_at_head_office(server: Server, number: str, account_no: str, amount_minor: int, *, on: date) -> None:
    """Head office bills a meter."""
    fact = Fact(
        fact_id=invoice_id(number),
        kind="invoice",
        account_no=account_no,
        stands_on=account_no,
        number=number,
        fact_date=on,
        due_date=on + timedelta(days=14),
        amount_minor=amount_minor,
        brought_forward_minor=0,
        decision="account",
    )
    with server.office.write() as (connection, outgoing):
        recalculate(connection, post(connection, [fact]).accounts)
        zone = connection.execute(select(accounts.c.zone).where(accounts.c.account_no == account_no)).scalar_one()
        outgoing.send_fact(fact, zones=[zone])


def prove_the_promise(server: Server, *tills: Till) -> None:
    """Check, for every receipt of these tills: exactly once at head office, with exactly the printed content."""
    with server.office.store.read() as there:
        stored = {(row.stream, row.seq): (row.entry_id, row.data) for row in there.execute(select(journal_table))}
        standing = {row.fact_id: row for row in there.execute(select(facts).where(facts.c.entry_id.is_not(None)))}
    for till in tills:
        with till.store.read() as here:
            made = here.execute(select(journal_table)).all()
            own = here.execute(select(facts).where(facts.c.entry_id.is_not(None))).all()
        for row in made:
            assert stored[row.stream, row.seq] == (row.entry_id, row.data), f"entry {row.seq} differs at head office"
            assert (
                journal.make_entry(
                    stream=row.stream, seq=row.seq, prev=row.prev, data=stored[row.stream, row.seq][1]
                ).entry_id
                == row.entry_id
            )
        for fact in own:
            twin = standing[fact.fact_id]
            assert (twin.amount_minor, twin.stands_on, twin.decision) == (
                fact.amount_minor,
                fact.stands_on,
                fact.decision,
            ), f"{fact.fact_id} differs"
            assert fact.position is not None, f"{fact.fact_id} was not placed"
