"""`meterpos headoffice token`: who may ask head office over HTTP."""

from typing import Annotated, Literal

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened, tell
from meterpos.cli.style import Json, example, new_group

app = new_group(help="Tokens by which people and programs ask head office over HTTP; each has a role.")


@app.command("add", epilog=example("meterpos headoffice token add 'Grafana' --role monitor --days 365"))
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom or what it is for.")],
    *,
    role: Annotated[
        Literal["auditor", "manager", "integration", "monitor"],
        typer.Option(
            "--role",
            metavar="auditor|manager|integration|monitor",
            help="auditor reads everything; manager also bills, keeps accounts and money and resolves exceptions; "
            "integration reads reports and lists and brings readings; monitor reads metrics and the fleet.",
        ),
    ],
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, max=3650, help="How long it holds; else until revoked.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a token and print it, once: only its hash is kept."""
    import secrets

    from meterpos.headoffice import access

    with opened(context) as office, office.store.write() as conn:
        random = secrets.token_bytes(access.ID_BYTES + access.SECRET_BYTES)
        shown, token = access.add_token(conn, name=name, role=role, random=random, at=office.moment().at, days=days)
    until = "until it is revoked" if token.expires_at is None else f"until {token.expires_at:%d %b %Y %H:%M} UTC"
    tell(
        f"{shown}\nThe token of {token.name}, {token.role}, {until}. It is not shown again. "
        "Send it as: Authorization: Bearer TOKEN",
        {"token": shown, "id": token.token_id, "name": token.name, "role": token.role, "expires_at": token.expires_at},
        json=json,
    )


@app.command("list", epilog=example("meterpos headoffice token list"))
def list_tokens(context: typer.Context, json: Json = False) -> None:
    """List every token there ever was, without what was shown once."""
    from dataclasses import asdict

    from meterpos.headoffice import access

    with opened(context) as office, office.store.read() as conn:
        found, at = access.listed(conn), office.moment().at
    if json:
        show.as_json({"tokens": [{**asdict(one), "in_force": access.is_in_force(one, at=at)} for one in found]})
        return
    rows = [
        (
            one.token_id,
            one.name,
            one.role,
            "in force" if access.is_in_force(one, at=at) else "revoked" if one.revoked_at else "expired",
            "" if one.expires_at is None else f"{one.expires_at:%Y-%m-%d}",
            "never" if one.last_used_on is None else str(one.last_used_on),
        )
        for one in found
    ]
    show.as_table(("id", "name", "role", "status", "until", "last used"), rows)


@app.command("revoke", epilog=example("meterpos headoffice token revoke Grafana"))
def revoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name or id, as listed.")],
    json: Json = False,
) -> None:
    """End a token now."""
    from meterpos.headoffice import access

    with opened(context) as office, office.store.write() as conn:
        token = access.revoke_token(conn, name=name, at=office.moment().at)
    tell(f"The token of {token.name} opens nothing any more.", {"id": token.token_id, "revoked": True}, json=json)
