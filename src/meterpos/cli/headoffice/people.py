"""`meterpos headoffice user` and `setting`: who works at the tills, and what the tills go by."""

from datetime import datetime
from typing import Annotated, Literal

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened, tell
from meterpos.cli.style import Json, example, new_group

app = new_group(help="Who may work at the tills, and approve there.")
setting_app = new_group(help="What the tills go by: the utility's name, head and foot of papers, policies.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name, as in achieng.")]


@app.command("add", epilog=example("meterpos headoffice user add achieng --role clerk --display 'Achieng O.'"))
def add(
    context: typer.Context,
    name: Name,
    *,
    role: Annotated[
        Literal["clerk", "supervisor", "manager", "auditor"],
        typer.Option("--role", metavar="clerk|supervisor|manager|auditor", help="What they may do."),
    ],
    display: Annotated[str, typer.Option("--display", metavar="TEXT", help="Their name on papers.")] = "",
    expires: Annotated[
        datetime | None,
        typer.Option("--expires", metavar="D", formats=["%Y-%m-%d"], help="The last day of their rights."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="A new code, role and expiry for someone known.")] = False,
    json: Json = False,
) -> None:
    """Let someone work at the tills and print the one-time code with which they set their PIN there."""
    import secrets

    from meterpos.headoffice import auth, master

    code = auth.make_user_code(secrets.token_bytes(8))
    with opened(context) as office, office.write() as (conn, outgoing):
        master.add_user(
            conn,
            outgoing,
            user_name=name,
            display_name=display,
            role=role,
            expires_on=expires.date() if expires else None,
            code=code,
            again=again,
        )
    tell(
        f"{code}\nThe code of {name}, once at each till, after its next exchange: "
        f"meterpos till set-pin {name} --code {code} --pin-file FILE",
        {"user": name, "role": role, "code": code},
        json=json,
    )


@app.command("list", epilog=example("meterpos headoffice user list"))
def list_users(context: typer.Context, json: Json = False) -> None:
    """List who may work at the tills."""
    from meterpos.ledger.queries.people import users

    with opened(context) as office, office.store.read() as conn:
        found = users(conn)
    if json:
        rows = [
            {
                "user": user.user_name,
                "display_name": user.display_name,
                "role": user.role,
                "expires_on": user.expires_on,
            }
            for user in found
        ]
        show.as_json({"users": rows})
        return
    show.as_table(
        ("user", "name", "role", "until"),
        [
            (user.user_name, user.display_name, user.role, "" if user.expires_on is None else str(user.expires_on))
            for user in found
        ],
    )


@app.command("revoke", epilog=example("meterpos headoffice user revoke achieng"))
def revoke(context: typer.Context, name: Name, json: Json = False) -> None:
    """Take someone's rights away, at every till with its next exchange."""
    from meterpos.headoffice import master

    with opened(context) as office, office.write() as (conn, outgoing):
        master.revoke_user(conn, outgoing, user_name=name)
    tell(f"{name} may not work at the tills any more.", {"user": name, "revoked": True}, json=json)


@setting_app.command("set", epilog=example("meterpos headoffice setting set utility_name 'LAKE WATER COMPANY'"))
def set_setting(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Which setting; lines of a paper are parted by |.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="What it shall be.")],
    json: Json = False,
) -> None:
    """Set what the tills go by, from their next exchange on."""
    from meterpos.headoffice import master

    with opened(context) as office, office.write() as (conn, outgoing):
        kept = master.set_setting(conn, outgoing, key=key, text=value)
    tell(f"{key} is set. Tills hear of it with their next exchange.", {"key": key, "value": kept}, json=json)


@setting_app.command("list", epilog=example("meterpos headoffice setting list"))
def list_settings(context: typer.Context, json: Json = False) -> None:
    """List the settings in force."""
    from dataclasses import asdict

    from meterpos.ledger.queries.settings import utility_settings

    with opened(context) as office, office.store.read() as conn:
        found = asdict(utility_settings(conn))
    if json:
        show.as_json({"settings": found})
        return
    show.as_table(
        ("setting", "value"),
        [(key, " | ".join(value) if isinstance(value, tuple) else str(value)) for key, value in found.items()],
    )
