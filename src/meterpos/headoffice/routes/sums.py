"""Every customer's sums worked out anew, over HTTP."""

from dataclasses import asdict
from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from meterpos.headoffice.access import Token
from meterpos.headoffice.office import Office
from meterpos.headoffice.recalculation import recalculate_customer_balances
from meterpos.headoffice.routes.asking import Asked, json_body, read_model
from meterpos.headoffice.routes.office import REFUSALS, allowed
from meterpos.ledger.queries.settings import utility_settings

router: Final = APIRouter()


class Recalculating(Asked):
    """Whether to say only what would change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"dry_run": True}]})
    dry_run: bool = False


class Change(BaseModel):
    """A customer's balance or overpayment that changed by more than the setting `change_listed_minor`."""

    customer_no: str
    name: str
    type: str
    before_minor: int
    after_minor: int


class Failure(BaseModel):
    """A customer who could not be recalculated; the others were."""

    customer_no: str
    reason: str


class Sums(BaseModel):
    """What came of it; sums of money are over every customer with meters."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "processed": 20000,
                    "with_balance": 8100,
                    "with_overpayment": 2300,
                    "clear": 9600,
                    "balances_changed": 0,
                    "overpayments_changed": 0,
                    "balance_before_minor": 1840000000,
                    "balance_after_minor": 1840000000,
                    "overpayment_before_minor": 51000000,
                    "overpayment_after_minor": 51000000,
                    "significant": [],
                    "failed": [],
                }
            ]
        }
    )
    processed: int
    with_balance: int
    with_overpayment: int
    clear: int
    balances_changed: int
    overpayments_changed: int
    balance_before_minor: int
    balance_after_minor: int
    overpayment_before_minor: int
    overpayment_after_minor: int
    significant: list[Change]
    failed: list[Failure]


@router.post(
    "/v1/office/recalculations",
    summary="Recalculate every customer's balance and overpayment",
    responses=REFUSALS,
    openapi_extra=json_body(Recalculating),
)
async def recalculate(request: Request) -> Sums:
    """Recalculate as `recalculate-customer-balances` does, to its end: some seconds for 100,000 customers.

    The same again finds nothing to change.
    """

    asked = await read_model(request, Recalculating)

    def work(office: Office, _token: Token) -> Sums:
        with office.store.read() as conn:
            above_minor = utility_settings(conn).change_listed_minor
        made = recalculate_customer_balances(office.store, dry_run=asked.dry_run, significant_minor=above_minor)
        done = asdict(made)
        failed = [Failure(customer_no=number, reason=reason) for number, reason in done.pop("failed")]
        return Sums(**done, failed=failed)

    return await allowed(request, "books", work)
