"""What a receipt says, from its entry alone."""

from datetime import UTC, date, datetime

import pytest

from meterpos.printing import frame
from meterpos.printing.preview import render_text
from meterpos.printing.receipt import compose_receipt
from meterpos.printing.shift_report import compose_shift_report
from tests.printing import samples


def said(entry: samples.Entry, *, copy_no: int = 0) -> str:
    """Return the paper as one line of words, so that no test hangs on where lines break."""
    document = compose_receipt(entry, seal=samples.SEAL, copy_no=copy_no)
    return " ".join(render_text(document, columns=48).split())


def test_a_pending_cheque_waits_and_says_so() -> None:
    paper = said(samples.pending_cheque())
    assert "Waits to be cleared 10,000.00" in paper
    assert "Balance now 2,300.00" in paper
    assert "Cheque 000451 counts only once the bank has cleared it." in paper


def test_mpesa_not_yet_confirmed_says_so() -> None:
    paper = said(samples.mpesa_unconfirmed())
    assert "M-Pesa SKL4XYZ123 counts now; head office has yet to confirm it." in paper
    assert "SMS goes to 0712 345 678" in paper
    assert "Change" not in paper


def test_an_invoice_not_known_yet_is_named() -> None:
    assert "INV-2026-00512 is not known here yet; it will be applied when it arrives." in said(
        samples.invoice_to_come()
    )


def test_a_meter_not_known_here_is_named_with_what_was_said_of_it() -> None:
    paper = said(samples.unknown_meter())
    assert "Meter WM-88-7719 Name given Otieno Ouma Phone given 0722 000 111" in paper
    assert "Kept for this meter 500.00" in paper
    assert "Balance now" not in paper
    assert "as head office knew" not in paper


def test_a_till_that_never_heard_from_head_office_says_so() -> None:
    assert "This till has not yet heard from head office" in said(samples.never_synced())


def test_a_paper_after_midnight_shows_both_days() -> None:
    assert "21 Nov 2026 00:20" in said(samples.after_midnight())
    assert "Business day 20 Nov 2026" in said(samples.after_midnight())
    assert "Business day" not in said(samples.tender())


def test_a_paper_of_practice_says_so_at_both_ends() -> None:
    paper = said(samples.training())
    assert paper.count("# TRAINING #") == 2
    assert "No money was recorded." in paper


def test_a_copy_says_which_it_is() -> None:
    assert "# COPY 3 #" in said(samples.tender(), copy_no=3)
    assert compose_receipt(samples.tender(), seal=samples.SEAL, copy_no=3).drawer is False


def test_a_copy_says_word_for_word_what_the_original_said() -> None:
    for make in samples.RECEIPTS.values():
        assert said(make(), copy_no=1).endswith(said(make()))


def test_change_beside_other_methods_is_told() -> None:
    legs = [samples.leg_of(amount=100_000), samples.mpesa(amount=150_000)]
    paper = said(samples.tender(legs=legs, tendered=150_000, change=50_000))
    assert "Cash 1,000.00 M-Pesa SKL4XYZ123 1,500.00 Cash received 1,500.00 Change given 500.00" in paper


def test_a_reversal_names_what_it_takes_back_and_who_allowed_it() -> None:
    paper = said(samples.reversal())
    assert "Takes back KSM01-B7K-000123 Paid on 20 Nov 2026 09:41" in paper
    assert "Approved by Otieno J." in paper
    assert "Cash given back 2,500.00" in paper
    assert "Customer ____" in paper


def test_a_reversal_that_gave_nothing_back_needs_no_signature() -> None:
    assert "____" not in said(samples.reversal_of_unknown_meter())


def test_a_reversal_without_a_named_approval_still_prints() -> None:
    entry = samples.entry_of("reversal", samples.reversal_body())
    assert "Approved" not in said(entry)


def test_a_method_of_tomorrow_is_named_as_it_is() -> None:
    assert "airtel AB12 2,500.00" in said(
        samples.tender(legs=[samples.leg_of("airtel", reference="AB12")], tendered=None, change=0)
    )


def test_other_kinds_have_no_receipt() -> None:
    with pytest.raises(AssertionError, match="no receipt of a shift_closed"):
        compose_receipt(samples.shift_report(), seal=samples.SEAL)
    with pytest.raises(AssertionError, match="no shift report of a tender"):
        compose_shift_report(samples.tender())


@pytest.mark.parametrize(
    ("at", "wall", "day"),
    [
        (datetime(2026, 11, 20, 6, 41, tzinfo=UTC), "09:41", date(2026, 11, 20)),
        (datetime(2026, 11, 20, 21, 20, tzinfo=UTC), "00:20", date(2026, 11, 21)),
        (datetime(2026, 11, 20, 3, 0, tzinfo=UTC), "22:00", date(2026, 11, 19)),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), "02:59", date(2027, 1, 1)),
        (datetime(2026, 11, 20, 0, 0, tzinfo=UTC), "00:00", date(2026, 11, 20)),
    ],
)
def test_the_day_of_a_paper_is_the_walls(at: datetime, wall: str, day: date) -> None:
    entry = samples.entry_of("tender", samples.tender_body(local_time=wall), at=at)
    assert frame.local_instant(at, like=entry).date() == day
