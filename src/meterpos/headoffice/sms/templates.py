"""The words of messages: strict templates, whose fields each kind of message names; an unknown field is an error."""

import re
from collections.abc import Collection, Mapping
from string import Formatter
from typing import Final

from sqlalchemy import Connection, delete, select

from meterpos.errors import UserError
from meterpos.headoffice import bulk
from meterpos.headoffice.sms.length import measure
from meterpos.headoffice.tables import sms_templates

LANGUAGES: Final = ("en", "sw")
PARTS_MAX: Final = 4

_ALWAYS: Final = frozenset({"customer_name", "total_balance", "utility_name"})
_METER: Final = _ALWAYS | {"meter_number", "meter_balance", "meter_overpayment", "paybill_instructions"}
FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "invoice": _METER | {"invoice_number", "invoice_amount", "invoice_date", "due_date"},
    "payment": _METER | {"paid_amount", "payment_date", "receipt_number"},
    "reversal": _METER | {"paid_amount", "payment_date", "receipt_number"},
    "reminder": _ALWAYS | {"meter_number", "paybill_instructions"},
    "reminder_meter": _METER,
    "disconnection": _ALWAYS | {"meter_number", "paybill_instructions"},
    "disconnection_meter": _METER,
    "disconnected": _METER | {"event_date"},
    "reconnected": _METER | {"event_date"},
    "notice": _ALWAYS | {"meter_number", "paybill_instructions"},
    "notice_meter": _METER,
}
"""Every kind of message and what it can say; of several meters ``meter_number`` names them all."""

WORDS: Final[Mapping[tuple[str, str], str]] = {
    ("invoice", "en"): (
        "Dear {customer_name}, invoice {invoice_number} of {invoice_date} for meter {meter_number}: "
        "{invoice_amount}, due {due_date}. Balance {meter_balance}. {paybill_instructions}"
    ),
    ("invoice", "sw"): (
        "Ndugu {customer_name}, ankara {invoice_number} ya {invoice_date} kwa mita {meter_number}: "
        "{invoice_amount}, lipa kabla ya {due_date}. Deni {meter_balance}. {paybill_instructions}"
    ),
    ("payment", "en"): (
        "{customer_name}, we received {paid_amount} on {payment_date} for meter {meter_number}, receipt "
        "{receipt_number}. Balance {meter_balance}, credit {meter_overpayment}. Thank you."
    ),
    ("payment", "sw"): (
        "{customer_name}, tumepokea {paid_amount} tarehe {payment_date} kwa mita {meter_number}, risiti "
        "{receipt_number}. Deni {meter_balance}, akiba {meter_overpayment}. Asante."
    ),
    ("reversal", "en"): (
        "{customer_name}, the payment of {paid_amount} for meter {meter_number} was taken back on {payment_date}, "
        "paper {receipt_number}. Balance {meter_balance}. Questions? Ask {utility_name}."
    ),
    ("reversal", "sw"): (
        "{customer_name}, malipo ya {paid_amount} kwa mita {meter_number} yamebatilishwa tarehe {payment_date}, "
        "hati {receipt_number}. Deni {meter_balance}. Maswali? Uliza {utility_name}."
    ),
    ("reminder", "en"): (
        "Dear {customer_name}, you owe {total_balance} in all for {meter_number}. Please pay. {paybill_instructions}"
    ),
    ("reminder", "sw"): (
        "Ndugu {customer_name}, unadaiwa jumla ya {total_balance} kwa {meter_number}. "
        "Tafadhali lipa. {paybill_instructions}"
    ),
    ("reminder_meter", "en"): (
        "Dear {customer_name}, meter {meter_number} owes {meter_balance}. Please pay. {paybill_instructions}"
    ),
    ("reminder_meter", "sw"): (
        "Ndugu {customer_name}, mita {meter_number} inadaiwa {meter_balance}. Tafadhali lipa. {paybill_instructions}"
    ),
    ("disconnection", "en"): (
        "Dear {customer_name}, {total_balance} is overdue for {meter_number}. Pay now, or the supply will be cut. "
        "{paybill_instructions}"
    ),
    ("disconnection", "sw"): (
        "Ndugu {customer_name}, deni la {total_balance} kwa {meter_number} limepita muda. Lipa sasa, la sivyo huduma "
        "itakatwa. {paybill_instructions}"
    ),
    ("disconnection_meter", "en"): (
        "Dear {customer_name}, {meter_balance} is overdue for meter {meter_number}. Pay now, or the supply will be "
        "cut. {paybill_instructions}"
    ),
    ("disconnection_meter", "sw"): (
        "Ndugu {customer_name}, deni la {meter_balance} kwa mita {meter_number} limepita muda. Lipa sasa, la sivyo "
        "huduma itakatwa. {paybill_instructions}"
    ),
    ("disconnected", "en"): (
        "Dear {customer_name}, the supply of meter {meter_number} was disconnected on {event_date}. Balance "
        "{meter_balance}. Pay to be connected again. {paybill_instructions}"
    ),
    ("disconnected", "sw"): (
        "Ndugu {customer_name}, huduma ya mita {meter_number} imekatwa tarehe {event_date}. Deni {meter_balance}. "
        "Lipa ili iunganishwe tena. {paybill_instructions}"
    ),
    ("reconnected", "en"): (
        "Dear {customer_name}, the supply of meter {meter_number} is connected again since {event_date}. "
        "Balance {meter_balance}. Thank you."
    ),
    ("reconnected", "sw"): (
        "Ndugu {customer_name}, huduma ya mita {meter_number} imeunganishwa tena tarehe {event_date}. "
        "Deni {meter_balance}. Asante."
    ),
}
"""The program's own words; a utility may set others."""

_PAYBILL: Final = {
    "en": "Paybill {paybill}, account {account}.",
    "sw": "Paybill {paybill}, akaunti {account}.",
}
_SPACES: Final = re.compile(r" {2,}")
_PLAIN: Final = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-",
     "\u2026": "...", "\u00a0": " ", "\u202f": " "}
)  # fmt: skip
"""Signs outside the GSM alphabet: a name such as Ng’ang’a alone would make every message three times as dear."""


class BadTemplate(UserError):
    """A template names a field its kind does not have, or cannot be read."""


class UnknownKind(UserError):
    """There is no such kind of message."""


def check(text: str, *, fields: Collection[str]) -> None:
    """See that ``text`` names nothing but ``fields``, plainly. Raises: BadTemplate."""
    if not text.strip():
        raise BadTemplate("The message is empty. Write what it shall say.", field="text")
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise BadTemplate(f"The message cannot be read ({error}). A field is written {{customer_name}}.") from error
    for _, name, form, conversion in parts:
        if name is not None and (name not in fields or form or conversion):
            known = ", ".join(sorted(fields))
            raise BadTemplate(f"There is no field {{{name[:40]}}} in this message. There are: {known}.", field="text")
    if measure(text).parts > PARTS_MAX:
        raise BadTemplate(f"The message is longer than {PARTS_MAX} parts. Make it shorter.", field="text")


def render(text: str, values: Mapping[str, str]) -> str:
    """Fill a checked template in; empty fields leave no gaps, and signs that only look different cost no part more."""
    return _SPACES.sub(" ", text.format_map(values).translate(_PLAIN)).strip()


def paybill_words(language: str, *, paybill: str, account: str) -> str:
    """Return how to pay by paybill, empty where the utility has none."""
    return _PAYBILL[language].format(paybill=paybill, account=account) if paybill else ""


def in_force(conn: Connection) -> dict[tuple[str, str], str]:
    """Return the words of every kind and language: the utility's where it set some."""
    found = {(row.kind, row.language): row.text for row in conn.execute(select(sms_templates))}
    return {**WORDS, **found}


def set_template(conn: Connection, *, kind: str, language: str, text: str) -> None:
    """Let messages of a kind say this from now on; those queued stay as they are. Raises: UnknownKind, BadTemplate."""
    _known(kind, language)
    check(text, fields=FIELDS[kind])
    reset_template(conn, kind=kind, language=language)
    bulk.insert_new(conn, sms_templates, [{"kind": kind, "language": language, "text": text.strip()}])


def reset_template(conn: Connection, *, kind: str, language: str) -> None:
    """Let messages of a kind say the program's own words again. Raises: UnknownKind."""
    _known(kind, language)
    conn.execute(delete(sms_templates).where(sms_templates.c.kind == kind, sms_templates.c.language == language))


def _known(kind: str, language: str) -> None:
    if (kind, language) not in WORDS:
        kinds = ", ".join(dict.fromkeys(kind for kind, _ in WORDS))
        raise UnknownKind(f"There are no words for '{kind}' in '{language}'. There are: {kinds}; in en and sw.")
