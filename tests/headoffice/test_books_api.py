"""Head office's books over HTTP: what its commands do, each once, each by whom it may."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from meterpos.headoffice import master
from meterpos.headoffice.app import create_app
from meterpos.headoffice.sms import setup
from meterpos.headoffice.tables import notes
from meterpos.ledger.tables import accounts, facts
from tests.headoffice.callers import Caller
from tests.support.books import issue, small_books
from tests.support.headoffice import Server, office, server

__all__ = ["office", "server"]

TARIFFS = "tariff,starts_on,item,upto,price,name\nwater,2020-01-01,block,,55,\npower,2020-01-01,block,,20.97,\n"
CREDIT = {"kind": "credit-note", "account": "A1", "amount_minor": 150_00, "reason": "Leak"}


@pytest.fixture
def books(server: Server, tmp_path: Path) -> Server:
    """A head office with two customers and three meters, where a note above 100.00 wants a second person."""
    small_books(server.office, tmp_path / "files")
    with server.office.write() as (conn, outgoing):
        master.set_setting(conn, outgoing, key="approval_from_minor", text="100.00")
        for name in ("wanjiru", "otieno"):
            who = {"user_name": name, "display_name": name, "role": "supervisor"}
            master.add_user(conn, outgoing, **who, expires_on=None, code="12345678")
    return server


def net(server: Server, account_no: str) -> int:
    with server.office.store.read() as conn:
        return int(conn.execute(select(accounts.c.net_minor).where(accounts.c.account_no == account_no)).scalar_one())


def test_a_note_is_asked_for_by_one_token_and_agreed_to_by_another(books: Server) -> None:
    asker, second = Caller(books, "manager", "wanjiru"), Caller(books, "manager", "otieno")
    note = asker.done("/v1/office/notes", CREDIT)
    assert (note["status"], note["asked_by"], net(books, "A1")) == ("waiting", "wanjiru", 0)
    where = f"/v1/office/notes/{note['note_no']}"
    own = asker.post(f"{where}/approve", key="own")
    assert own.status_code == 400 and "a second person agrees" in own.json()["error"]
    nobody = Caller(books, "manager", "Grafana").post(f"{where}/approve", key="x")
    assert "no supervisor or manager" in nobody.json()["error"]
    assert second.done(f"{where}/approve", None, key="y")["status"] == "approved"
    assert second.done(f"{where}/approve", None, key="y")["status"] == "approved"
    assert second.post(f"{where}/approve", key="z").status_code == 400
    assert net(books, "A1") == -150_00
    auditor = Caller(books, "auditor")
    assert auditor.get("/v1/office/notes").json() == {"notes": []}
    (kept,) = auditor.get("/v1/office/notes?everything=true").json()["notes"]
    assert kept == auditor.get(where).json() and kept["decided_by"] == "otieno"
    assert auditor.post("/v1/office/notes", key="a", json=CREDIT).status_code == 403


def test_a_doubled_request_is_done_once_and_answered_twice(books: Server) -> None:
    manager, other = Caller(books, "manager"), Caller(books, "manager")
    small = CREDIT | {"amount_minor": 50_00}
    answers: list[dict[str, object]] = []

    def ask() -> None:
        answers.append(manager.done("/v1/office/notes", small, key="one"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4 and all(one == answers[0] for one in answers)
    assert net(books, "A1") == -50_00
    with books.office.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(notes)).scalar_one() == 1
    another = manager.post("/v1/office/notes", key="one", json=CREDIT)
    assert (another.status_code, another.json()["code"]) == (409, "key")
    other.done("/v1/office/notes", small, key="one")
    assert net(books, "A1") == -100_00, "another token's key is another"
    assert manager.post("/v1/office/notes", json=small).status_code == 422, "a write names itself"


def test_a_refused_request_may_be_sent_again_under_its_key(books: Server) -> None:
    manager = Caller(books, "manager")
    unknown = {"customer": "AC-9", "meter": "MTR-001", "account": "A9"}
    assert manager.post("/v1/office/accounts", key="k", json=unknown).status_code == 400
    assert manager.post("/v1/office/meters/MTR-001/handover", key="k", json={"customer": "AC-2"}).status_code == 400
    done = manager.done("/v1/office/meters/MTR-001/handover", {"customer": "AC-2", "account": "A9"}, key="k")
    assert (done["closed"], done["opened"]) == ("A1", "A9")


def test_an_account_lives_over_http(books: Server) -> None:
    manager = Caller(books, "manager")
    manager.post("/v1/office/tariffs", data=TARIFFS)
    manager.post("/v1/office/readings", data="meter_no,read_on,reading\nMTR-001,2024-10-28,100\n")
    closed = manager.done("/v1/office/accounts/A1/close", {"reading": "110", "on": "2024-11-20"})
    assert (closed["closed"], closed["invoice"]) == ("A1", "INV-000001")
    assert net(books, "A1") == 550_00
    opened = {"account": "A8", "customer": "AC-2", "meter": "MTR-001", "opening_minor": -70_00, "on": "2024-11-21"}
    manager.done("/v1/office/accounts", opened)
    assert net(books, "A8") == -70_00
    manager.done("/v1/office/meters/MTR-001/replace", {"serial": "NEW-1", "final": "111", "on": "2024-11-22"})
    manager.done("/v1/office/meters/MTR-001/disconnect", {"reason": "No payment", "on": "2024-11-23"})
    manager.done("/v1/office/meters/MTR-001/reconnect", {"reason": "Paid", "on": "2024-11-24"})
    life = Caller(books, "auditor").get("/v1/office/meters/MTR-001/history").json()["history"]
    whats = [one["what"] for one in life if one["what"] != "read"]
    assert whats == ["opened", "closed", "opened", "replaced", "register fitted", "disconnected", "reconnected"]
    manager.done("/v1/office/customers/AC-2/correct", {"phone": "0712000009"})
    manager.done("/v1/office/customers/AC-2/move", {"zone": "Migosi"})


def test_prices_and_lists_of_bills_come_over_http(books: Server) -> None:
    manager, auditor = Caller(books, "manager"), Caller(books, "auditor")
    assert len(manager.post("/v1/office/tariffs", data=TARIFFS).json()["new"]) == 2
    assert manager.post("/v1/office/tariffs", data=TARIFFS).json() == {"new": [], "had": 2}
    gap = manager.post("/v1/office/tariffs", data=TARIFFS.replace("2020-01-01,block,,55", "2021-01-01,block,,x"))
    assert gap.status_code == 400 and "tariffs.csv, line 2, column price" in gap.json()["error"]
    (power, _) = auditor.get("/v1/office/tariffs").json()["tariffs"]
    assert (power["tariff"], power["blocks"]) == ("power", [{"upto": None, "price": "20.97"}])
    assigned = manager.put("/v1/office/meters/MTR-001/tariff", json={"tariff": "power"})
    assert assigned.json() == {"meter": "MTR-001", "tariff": "power"}
    assert manager.put("/v1/office/meters/MTR-001/tariff", json={"tariff": "gold"}).status_code == 400
    listed = "account_no,kind,amount\nA1,RECONNECTION,500\nA3,CONNECTION,70.50\nA9,WATER,1\n"
    done = manager.post("/v1/office/bills?invoice=true&on=2024-11-20", data=listed).json()
    assert (done["bills"], done["invoices"], done["amount_minor"], list(done["reasons"])) == (2, 2, 570_50, ["A9"])
    again = manager.post("/v1/office/bills?invoice=true&on=2024-11-20", data=listed).json()
    assert (again["new_bills"], again["new_invoices"]) == (0, 0)
    assert auditor.post("/v1/office/bills", data=listed).status_code == 403
    guessed = manager.post("/v1/office/readings/estimates", json={"period": "2024-11", "on": "2024-11-28"}).json()
    assert (guessed["estimated"], guessed["errors"]) == (0, 3)


def test_money_is_matched_and_put_right_over_http(books: Server) -> None:
    manager, auditor = Caller(books, "manager"), Caller(books, "auditor")
    issue(books.office, "OLD-1", "A1", 100_00)
    statement = (
        "Date,Reference,Description,Debit,Credit\n"
        "2026-11-02,SKJ3XY71AB,A1,,60.00\n2026-11-02,SKJ3XY71AC,nobody,,25.00\n2026-11-03,LAST,x,,1.00\n"
    )
    looked = manager.post("/v1/office/statements?dry_run=true", data=statement)
    assert looked.status_code == 200, looked.text
    assert looked.json()["dry_run"] is True and auditor.get("/v1/office/payments/waiting").json() == {"waiting": []}
    counts = manager.post("/v1/office/statements", data=statement).json()["counts"]
    assert counts["waiting"] == 3
    assert manager.post("/v1/office/statements", data=statement).json()["counts"]["posted"] == 0
    waits = {
        one["reference"]: one["amount_minor"] for one in auditor.get("/v1/office/payments/waiting").json()["waiting"]
    }
    assert waits == {"SKJ3XY71AB": 60_00, "SKJ3XY71AC": 25_00, "LAST": 1_00}
    placed = manager.done("/v1/office/payments/SKJ3XY71AB/place", {"to": "MTR-001", "reason": "called"})
    assert (placed["account"], placed["amount_minor"], net(books, "A1")) == ("A1", 60_00, 40_00)
    number = placed["number"]
    moved = manager.done(f"/v1/office/payments/{number}/move", {"to": "A3", "reason": "wrong meter"})
    assert (moved["account"], net(books, "A1"), net(books, "A3")) == ("A3", 100_00, -60_00)
    unsaid = manager.post(f"/v1/office/payments/{number}/bounce", key="b", json={})
    assert unsaid.status_code == 400 and "Say why it bounced" in unsaid.json()["error"]
    other = manager.done("/v1/office/payments/SKJ3XY71AC/place", {"to": "A3", "reason": "called"})
    back = manager.done(f"/v1/office/payments/{other['number']}/reverse", {"reason": "fraud"})
    assert (back["amount_minor"], net(books, "A3")) == (25_00, -60_00)
    for what in ("confirm", "clear"):
        assert manager.post(f"/v1/office/payments/NO-1/{what}", key=what, json={}).status_code == 400
    assert manager.post("/v1/office/payments/NO-1/eat", key="e", json={}).status_code == 422


def test_an_invoice_a_plan_and_messages_are_made_over_http(books: Server) -> None:
    manager, auditor = Caller(books, "manager"), Caller(books, "auditor")
    with books.office.write() as (conn, _):
        setup.set_up(conn, at=books.office.moment().at, kind="log", part_cost_minor=80)
    asked = {"invoice": "OWN-1", "account": "A1", "amount_minor": 230_00, "on": "2026-10-01"}
    assert manager.done("/v1/office/invoices", asked) == {"invoice": "OWN-1", "due": "2026-10-15"}
    assert manager.post("/v1/office/invoices", key="again", json=asked).status_code == 400
    assert net(books, "A1") == 230_00
    plan = {"plan": "PL-1", "customer": "AC-2", "capacity_kw": "5", "total_minor": 1000_00}
    assert manager.done("/v1/office/plans", plan)["plan"] == "PL-1"
    assert "PL-1" in auditor.get("/v1/office/lists/plans").text
    assert manager.done("/v1/office/plans/PL-1/cancel", {"reason": "mistake"})["adjustment"]
    reminder = {"kind": "reminder", "name": "november", "zones": ["Kondele"]}
    looked = manager.done("/v1/office/messages", reminder | {"dry_run": True})
    assert (looked["customers"], looked["messages"], looked["queued"], looked["cost_minor"]) == (1, 2, 0, 160)
    assert "you owe KES 230.00" in str(looked["samples"])
    assert manager.done("/v1/office/messages", reminder)["queued"] == 2
    assert manager.done("/v1/office/messages", reminder)["queued"] == 0, "a bulk reaches nobody twice"
    sent = manager.get("/v1/office/messages?state=queued&customer=AC-1").json()
    assert {one["kind"] for one in sent["messages"]} == {"reminder"} and sent["counts"]["queued"] == 2
    assert auditor.get("/v1/office/messages").status_code == 403, "phones are for who writes to them"
    late = manager.done("/v1/office/messages", {"kind": "disconnection", "name": "cut", "overdue_days": 60})
    assert late["messages"] == 0


def test_what_cannot_be_asked_says_what_is_wrong_and_does_nothing(books: Server) -> None:
    manager = Caller(books, "manager")
    for asked in (
        {"kind": "credit-note", "account": "A1", "reason": "x"},
        {"kind": "transfer", "account": "A1", "amount_minor": 1, "reason": "x"},
        CREDIT | {"amount_minor": 1.5},
        CREDIT | {"amount_minor": 10**15},
        CREDIT | {"reason": "\x00"},
        CREDIT | {"on": "0001-01-01"},
        CREDIT | {"by": "me"},
        [],
    ):
        answer = manager.post("/v1/office/notes", key="k", json=asked)
        assert answer.status_code == 400 and "Send a JSON object" in answer.json()["error"], asked
    assert manager.post("/v1/office/notes/%00/refuse", key="k").status_code == 400
    with books.office.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(notes)).scalar_one() == 0
        adjusted = select(func.count()).select_from(facts).where(facts.c.kind == "adjustment")
        assert conn.execute(adjusted).scalar_one() == 0


def test_every_write_of_the_office_has_an_example_and_names_its_body(office: object) -> None:
    document = create_app(office).openapi()  # type: ignore[arg-type]
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            if "/v1/office/" not in path or method == "get" or path.endswith(("/approve", "/refuse")):
                continue
            (content,) = said["requestBody"]["content"].values()
            assert content["example"], path


def test_a_statement_is_a_meters_a_customers_or_one_of_theirs(books: Server) -> None:
    auditor = Caller(books, "auditor")
    of_meter = auditor.get("/v1/office/statement?meter=MTR-001&from=2020-01-01").text
    of_one = auditor.get("/v1/office/statement?customer=AC-1&meter=MTR-001&from=2020-01-01").text
    of_all = auditor.get("/v1/office/statement?customer=AC-1&from=2020-01-01").text
    in_one = auditor.get("/v1/office/statement?customer=AC-1&consolidated=true&from=2020-01-01").text
    assert of_meter == of_one and "\nA1," in of_meter
    assert len(of_all.splitlines()) > len(of_meter.splitlines()) and in_one != of_all
    assert auditor.get("/v1/office/statement?customer=AC-1&format=pdf").content.startswith(b"%PDF")
    for wrong in (
        "",
        "?customer=AC-1&meter=MTR-001&consolidated=true",
        "?meter=MTR-999",
        "?meter=MTR-001&to=2019-01-01&from=2020-01-01",
    ):
        refused = auditor.get(f"/v1/office/statement{wrong}")
        assert refused.status_code == 400 and refused.json()["error"], wrong


def test_a_plan_shows_how_it_stands(books: Server) -> None:
    manager, auditor = Caller(books, "manager"), Caller(books, "auditor")
    asked = {"plan": "PL-7", "customer": "AC-1", "capacity_kw": "2.5", "total_minor": 900_00}
    manager.done("/v1/office/plans", asked)
    shown = auditor.get("/v1/office/plans/PL-7").json()
    assert (shown["total_minor"], shown["pending_minor"], shown["status"]) == (900_00, 900_00, "pending")
    assert shown["customer"] == "AC-1" and shown["payments"] == []
    assert auditor.get("/v1/office/plans/PL-8").status_code == 400


def test_sums_that_are_wrong_are_worked_out_anew(books: Server) -> None:
    before = net(books, "A1")
    with books.office.store.write() as conn:
        conn.execute(accounts.update().where(accounts.c.account_no == "A1").values(net_minor=1, balance_minor=1))
    manager = Caller(books, "manager")
    would = manager.post("/v1/office/recalculations", json={"dry_run": True}).json()
    assert net(books, "A1") == 1 and would["processed"] == 2
    done = manager.post("/v1/office/recalculations", json={}).json()
    assert net(books, "A1") == before and done == would
    assert done["failed"] == []
    assert manager.post("/v1/office/recalculations", json={}).json()["balances_changed"] == 0
    assert Caller(books, "auditor").post("/v1/office/recalculations", json={}).status_code == 403
