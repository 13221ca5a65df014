"""Billing over HTTP: readings come in, a month is billed, invoices go out, each to whom it may."""

from pathlib import Path

from meterpos.headoffice.billing import tariffs
from meterpos.headoffice.routes import billing as routes
from meterpos.headoffice.routes.asking import FILE_BYTES_MAX
from tests.cli.commands import file
from tests.headoffice.callers import Caller
from tests.support.books import small_books
from tests.support.headoffice import Server, office, server

__all__ = ["office", "server"]

TARIFF = ("tariff,starts_on,item,upto,price,name", "water,2020-01-01,block,,55,", "power,2020-01-01,block,,20.97,")
HEAD = "meter_no,read_on,reading\n"


def test_a_month_is_billed_over_http(server: Server, tmp_path: Path) -> None:
    small_books(server.office, tmp_path / "files")
    with server.office.store.write() as conn:
        tariffs.import_tariffs(conn, Path(file(tmp_path, "tariffs.csv", TARIFF)))
    meters, manager, auditor = (Caller(server, role) for role in ("integration", "manager", "auditor"))
    read = f"{HEAD}MTR-001,2024-10-28,100\nMTR-001,2024-11-18,110\n"
    assert meters.post("/v1/office/readings", data=read).json() == {"taken": 2, "estimated": 0, "had": 0}
    wrong = meters.post("/v1/office/readings", data=f"{HEAD}MTR-001,2024-11-19,99\n")
    assert wrong.status_code == 400 and "readings.csv, line 2, column reading" in wrong.json()["error"]
    large = meters.post("/v1/office/readings", data=b"x" * (FILE_BYTES_MAX + 1))
    assert large.status_code == 413
    month = {"period": "2024-11", "on": "2024-11-20"}
    assert meters.post("/v1/office/bill-runs", json=month).status_code == 403
    assert manager.post("/v1/office/bill-runs", json={"month": "2024-11"}).status_code == 400
    done = manager.post("/v1/office/bill-runs", json=month).json()
    assert (done["bills"], done["invoices"], done["amount_minor"], sorted(done["reasons"])) == (
        1,
        1,
        550_00,
        ["A2", "A3"],
    )
    paper = auditor.get("/v1/office/invoices/INV-000001?format=text")
    assert "KES 550.00" in paper.text and paper.headers["content-type"] == routes.MEDIA["text"]
    assert auditor.get("/v1/office/invoices/INV-000001").content.startswith(b"%PDF")
    assert auditor.get("/v1/office/invoices/INV-000001?format=escpos").content.startswith(b"\x1b@")
    assert auditor.get("/v1/office/invoices/INV-9").status_code == 400
    assert auditor.post("/v1/office/readings", data=read).status_code == 403
