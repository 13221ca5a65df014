"""Statements of M-Pesa and banks as saved: read whatever their columns are called, or refused in a sentence."""

import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterpos.headoffice.matching.statements import UnusableStatement, parse_statement

DAY = date(2026, 11, 18)
HEAD = (
    "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,"
    "Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.\n"
)


def mpesa(*rows: str, above: str = "") -> bytes:
    """Write an organisation statement: rows are `receipt,time,status,paid in,withdrawn,linked,account`."""
    lines = []
    for row in rows:
        receipt, time, status, paid_in, withdrawn, linked, account = row.split(",")
        lines.append(
            f"{receipt},{time},{time},Pay Bill,{status},{paid_in},{withdrawn},0,true,Pay Utility,"
            f"2547****678 - GRACE,{linked},{account}\n"
        )
    return (above + HEAD + "".join(lines)).encode()


def bank(*rows: str) -> bytes:
    return ("Date,Description,Reference,Debit,Credit,Balance\n" + "".join(f"{row}\n" for row in rows)).encode()


def test_an_mpesa_statement_is_read_below_what_stands_above_it() -> None:
    data = mpesa(
        "SKJ3XY71AB,18-11-2026 09:41:07,Completed,2500.00,,,MTR-001",
        'SKJ3XY71AC,2026-11-19 10:00:00,Completed,"1",,,',
        "SKJ3XY71AD,18-11-2026 09:41:07,Declined,10.00,,,",
        "SKJ3XY71AE,18-11-2026 09:41:07,Completed,,-2500.00,SKJ3XY71AB,",
        above="LAKE WATER COMPANY,,\nStatement Period,2026-11-18,2026-11-19\n\n",
    )
    found = parse_statement(data, name="x.csv")
    assert (found.kind, found.left_out, found.days) == ("mpesa", 1, (DAY, DAY + timedelta(days=1)))
    assert [(line.reference, line.amount_minor, line.account_ref, line.linked) for line in found.lines] == [
        ("SKJ3XY71AB", 250000, "MTR-001", ""),
        ("SKJ3XY71AC", 100, "", ""),
        ("SKJ3XY71AE", -250000, "", "SKJ3XY71AB"),
    ]


def test_an_account_is_read_from_the_details_where_its_column_is_empty_or_missing() -> None:
    head = "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance\n"
    rows = (
        'SKJ3XY71AB,2026-11-18 09:41:07,2026-11-18 09:41:07,"Pay Bill from 2547****678 - GRACE A. Acc. MTR-001",'
        "Completed,700.00,,700.00\n"
        "SKJ3XY71AC,18-11-2026 09:42:07,18-11-2026 09:42:07,Funds received from 2547****678,Completed,1.00,,701.00\n"
    )
    found = parse_statement((head + rows).encode(), name="x.csv").lines
    assert [(line.account_ref, line.on) for line in found] == [("MTR-001", DAY), ("", DAY)]


@pytest.mark.parametrize(
    "data",
    [
        b"Transaction Date;Narration;Debit;Credit\n18/11/2026;EFT UTR-88123 Grace;;1,000.00\n",
        b"Account,0110\nPosting Date,Particulars,Money In,Money Out\n18-Nov-2026,EFT UTR-88123,1000,-\nTotal,,,\n",
        b"\xef\xbb\xbfDate\tDetails\tDeposit\n2026-11-18\tEFT UTR-88123 Grace\t1000.00\n",
    ],
)
def test_a_bank_statement_is_read_whatever_its_columns_are_called(data: bytes) -> None:
    (line,) = parse_statement(data, name="x.csv").lines
    assert (line.amount_minor, line.on, "UTR88123" in line.words) == (100000, DAY, True)
    assert line.reference.startswith("LINE")


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "layout that is not known"),
        (b"meter_no,amount\nMTR-001,5\n", "it begins with 'meter_no, amount'.*Nothing was changed"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'Date,Credit,Reference\n"2026-11-18,5,AB', "line 2: .*Nothing was changed"),
        (b"Date,Credit,Reference\n31/31/2026,5,AB12\n", "line 2, column date: '31/31/2026' is no date"),
        (b"Date,Credit,Reference\n2026-11-18,lots,AB12\n", "line 2, column paid in: 'lots' is not an amount"),
        (mpesa(",18-11-2026 09:41:07,Completed,5.00,,,"), "column reference: '' is no reference"),
        (b"x" * 20_000_001, "larger than"),
    ],
)
def test_another_layout_is_refused_in_a_sentence(data: bytes, match: str) -> None:
    with pytest.raises(UnusableStatement, match=match):
        parse_statement(data, name="statement.csv")


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300) | st.text(alphabet="Date,Creditf\n\"'0159-/;\t ", max_size=300).map(str.encode))
def test_any_file_is_a_statement_or_a_sentence(data: bytes) -> None:
    with contextlib.suppress(UnusableStatement):
        parse_statement(data, name="x")
