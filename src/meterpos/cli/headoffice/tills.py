"""`meterpos headoffice till`: which tills there are and what they serve."""

from pathlib import Path
from textwrap import wrap
from typing import Annotated

import typer

from meterpos.cli import show
from meterpos.cli.headoffice.opened import opened, tell
from meterpos.cli.style import Json, example, new_group

app = new_group(help="Which tills there are, what they serve, and when they were last heard of.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The till's name, as in KSM01.")]


@app.command("add", epilog=example("meterpos headoffice till add KSM01 --zone Kondele --title 'Kisumu Market'"))
def add(
    context: typer.Context,
    name: Name,
    *,
    zone: Annotated[
        list[str] | None, typer.Option("--zone", metavar="Z", help="A zone it serves; may be given several times.")
    ] = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Where it stands, for its papers.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="A new code for a till that is known, for a new or restored machine.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a till known and print the one-time code it is enrolled with."""
    import secrets

    from meterpos.headoffice import auth

    if not zone and not again:
        raise typer.BadParameter("name at least one zone it serves", param_hint="--zone")
    with opened(context) as office:
        code = auth.make_till_code(secrets.token_bytes(8), keys=office.keys)
        with office.write() as (conn, outgoing):
            expires_at = auth.add_till(
                conn,
                outgoing,
                till_name=name,
                title=title,
                zones=zone or [],
                code=code,
                at=office.moment().at,
                again=again,
            )
    read_out = "-".join(wrap(code, 4))
    tell(
        f"{read_out}\nThe code of till {name}, good once, until {expires_at:%d %b %Y %H:%M} UTC. At the till: "
        f"meterpos till enrol --server ADDRESS --code {read_out}",
        {"till": name, "code": code, "expires_at": expires_at, "zones": zone or []},
        json=json,
    )


@app.command("list", epilog=example("meterpos headoffice till list"))
def list_tills(context: typer.Context, json: Json = False) -> None:
    """List the tills, and when each was last heard of."""
    from meterpos.headoffice.fleet import list_tills as read_tills

    with opened(context) as office, office.store.read() as conn:
        found = read_tills(conn)
    if json:
        show.as_json({"tills": [till.as_answer() for till in found]})
        return
    show.as_table(
        ("till", "title", "zones", "status", "last contact", "software"),
        [
            (
                till.till_name,
                till.title,
                ", ".join(till.zones),
                till.status,
                "" if till.last_contact_at is None else f"{till.last_contact_at:%Y-%m-%d %H:%M}",
                till.software,
            )
            for till in found
        ],
    )


@app.command("revoke", epilog=example("meterpos headoffice till revoke KSM01"))
def revoke(context: typer.Context, name: Name, json: Json = False) -> None:
    """Take a till's rights away: it gets nothing more, and what it still delivers is held."""
    from meterpos.headoffice import auth

    with opened(context) as office, office.write() as (conn, outgoing):
        auth.revoke_till(conn, outgoing, till_name=name)
    tell(f"Till {name} is revoked. What it still delivers is held.", {"till": name, "revoked": True}, json=json)


@app.command("release", epilog=example("meterpos headoffice till release KSM01"))
def release(context: typer.Context, name: Name, json: Json = False) -> None:
    """Post what a till delivered and head office kept aside: held while revoked, or not understood then."""
    from meterpos.headoffice import auth, intake

    with opened(context) as office, office.write() as (conn, outgoing):
        device = auth.device_of_till(conn, name)
        posted, kept = intake.post_kept(conn, outgoing, device=device, at=office.moment().at)
    tell(
        f"{posted} {'entry' if posted == 1 else 'entries'} of till {name} posted, {kept} still kept aside.",
        {"till": name, "posted": posted, "kept": kept},
        json=json,
    )


@app.command("unlock", epilog=example("meterpos headoffice till unlock KSM01 --out ksm01.key"))
def unlock(
    context: typer.Context,
    name: Name,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file for the key; only you can read it.")],
    json: Json = False,
) -> None:
    """Write the key of a till's ledger to a file, for a machine that lost its own; take the file away afterwards."""
    import os

    from meterpos.headoffice import auth

    with opened(context) as office, office.store.read() as conn:
        key = auth.ledger_key(conn, till_name=name, keys=office.keys)
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
    tell(
        f"{out} opens the ledger of till {name} and its backups. At the till: meterpos till restore FILE "
        f"--key-file {out.name}",
        {"till": name, "file": str(out)},
        json=json,
    )
