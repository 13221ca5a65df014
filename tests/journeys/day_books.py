"""After the day: drawer, report, receipts, head office and the books say the same, to the cent."""

from sqlalchemy import func, select

from meterpos.ledger.checks import run_checks
from meterpos.ledger.journal import parse
from meterpos.ledger.queries.books import book_balances
from meterpos.ledger.queries.shifts import current_shift
from meterpos.ledger.tables import accounts, drafts, journal, spool
from tests.journeys.day import Tally
from tests.journeys.day_plan import FLOAT_MINOR
from tests.journeys.day_world import PLAN_TOTAL_MINOR, World
from tests.journeys.words import prove_the_promise


def prove_the_day(here: World, tally: Tally) -> None:
    """Compare everything with everything."""
    report_agrees(here, tally)
    nothing_is_left_open(here)
    prove_the_promise(here.server, here.till)
    balances_agree(here, tally)
    books_agree(here)
    assert here.server.codes() == ["unknown_meter"] * here.plan.count("unknown"), here.server.codes()


def report_agrees(here: World, tally: Tally) -> None:
    """The report of the shift says what the clerks did, and the count was exact."""
    with here.till.store.read() as connection:
        data = connection.execute(select(journal.c.data).where(journal.c.kind == "shift_closed")).scalar_one()
    body = parse(data).body
    assert {one["method"]: one["amount"] for one in body["totals"]} == tally.by_method
    assert body["receipts"]["count"] == tally.receipts
    assert body["reversals"]["count"] == tally.reversals + tally.corrections
    assert (body["expected"], body["counted"], body["difference"]) == (tally.drawer_minor, tally.drawer_minor, 0)
    assert (body["float"], body["recounted"], body["earlier_counts"]) == (FLOAT_MINOR, 0, [])
    assert [one["kind"] for one in body["movements"]] == ["drop", "handover"]
    assert body["drawer_openings"] == 1
    assert body["grand_total"] == sum(tally.by_method.values())


def nothing_is_left_open(here: World) -> None:
    """No shift, no paper, no draft, nothing that head office has not signed for."""
    with here.till.store.read() as connection:
        assert current_shift(connection) is None
        assert connection.execute(select(func.count()).select_from(drafts)).scalar_one() == 0
        latest = select(func.max(spool.c.job_id)).group_by(spool.c.number)
        rows = connection.execute(select(spool).where(spool.c.job_id.in_(latest)))
        lost = [(row.number, row.paper, row.copy_no, row.state, row.detail) for row in rows if row.state != "confirmed"]
        assert not lost, f"each paper came out: {lost}"
    result = here.till.exchange()
    assert (result.is_complete, result.waiting, result.agreed) == (True, 0, True), result


def balances_agree(here: World, tally: Tally) -> None:
    """Each account owes what it owed less what was paid, at both sides."""
    owed = {
        account: amount
        for visit in here.plan.visits
        for account, amount in zip(visit.accounts, visit.owed_minor, strict=False)
    }
    owed |= {visit.plan_no: PLAN_TOTAL_MINOR for visit in here.plan.visits if visit.kind == "plan"}
    wanted = {account: amount - tally.paid.get(account, 0) for account, amount in owed.items()}
    for store in (here.till.store, here.office.store):
        with store.read() as connection:
            rows = connection.execute(select(accounts.c.account_no, accounts.c.net_minor, accounts.c.kind)).all()
            assert list(run_checks(connection)) == []
        assert {row.account_no: row.net_minor for row in rows if row.kind != "suspense"} == wanted
        kept_aside = -sum(row.net_minor for row in rows if row.kind == "suspense")
        assert kept_aside == sum(visit.pays_minor for visit in here.plan.visits if visit.kind == "unknown")


def books_agree(here: World) -> None:
    """Till and head office keep the same books, and each of them adds up to nothing."""
    kept = []
    for store in (here.till.store, here.office.store):
        with store.read() as connection:
            kept.append({str(book): minor for book, minor in book_balances(connection).items() if minor})
    assert kept[0] == kept[1]
    assert sum(kept[0].values()) == 0
    assert kept[0].get("drawer", 0) == 0, "the cash is in the safe"
