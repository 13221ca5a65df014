"""Payments known from a receipt alone, posted at head office's own desk."""

from typing import Annotated

import typer

from meterpos.cli.headoffice.opened import opened, tell
from meterpos.cli.style import Json, example
from meterpos.ledger.money import format_amount


def add_to(group: typer.Typer) -> None:
    """Add this file's command to the group."""
    group.command("claim", epilog=example("meterpos headoffice claim MP1AEAQ… --by wanjiru"))(claim)


def claim(
    context: typer.Context,
    qr_text: Annotated[str, typer.Argument(metavar="QR_TEXT", help="What a scanner reads from the QR: MP1...")],
    *,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who read the receipt.")],
    method: Annotated[
        str, typer.Option("--method", metavar="M", help="As the receipt says: cash, mpesa, bank or cheque.")
    ] = "cash",
    json: Json = False,
) -> None:
    """Post a payment from its receipt's QR, after a disaster; the original, if it is ever found, counts in its place.

    Only receipts of payments: a QR does not say whether its paper is a reversal, the paper does.
    """
    from meterpos.headoffice import receipt_claims
    from meterpos.ledger.seal import read_seal

    with opened(context) as office, office.write() as (conn, outgoing):
        moment = office.moment()
        day = moment.localise(read_seal(qr_text.strip()).at).date()
        done = receipt_claims.claim(conn, outgoing, text=qr_text.strip(), method=method, day=day, at=moment.at, by=by)
    tell(
        f"Receipt {done.number} over {format_amount(done.amount_minor)} counts on {done.account_no}"
        + (" until its original is found." if done.was_new else "; it was claimed before, nothing was posted."),
        {
            "number": done.number,
            "amount_minor": done.amount_minor,
            "account_no": done.account_no,
            "new": done.was_new,
        },
        json=json,
    )
