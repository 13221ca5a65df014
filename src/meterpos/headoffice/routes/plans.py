"""Instalment plans over HTTP: made once, never changed, cancelled where they were a mistake; and how one stands."""

from datetime import date, datetime
from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from meterpos.headoffice import plans
from meterpos.headoffice.access import Token
from meterpos.headoffice.feed import Outgoing
from meterpos.headoffice.office import Office
from meterpos.headoffice.routes.asking import Amount, Asked, Day, Number, NumberInPath, Reason, json_body, read_model
from meterpos.headoffice.routes.office import REFUSALS, allowed
from meterpos.headoffice.routes.once import REFUSALS_ONCE, IdempotencyKey, once
from meterpos.ledger.queries.plans import PlanView, find_plan

router: Final = APIRouter()


class PlanAsked(Asked):
    """A plan: capacity in kilowatts as a decimal, and the total, which never change."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"plan": "PL-0042", "customer": "AC-10482", "capacity_kw": "5", "total_minor": 24000000},
            ]
        }
    )
    plan: Number
    customer: Number
    capacity_kw: Number
    total_minor: Amount
    on: Day | None = None


class Plan(BaseModel):
    """A plan that was made, or cancelled by an adjustment."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"plan": "PL-0042", "account": "PL-0042", "adjustment": None}]}
    )
    plan: str
    account: str
    adjustment: str | None = None


class Paid(BaseModel):
    """One payment on a plan, and who took it when."""

    receipt_no: str
    paid_on: date
    at: datetime | None
    clerk: str | None
    clerk_name: str
    method: str | None
    reference: str
    amount_minor: int
    notes: str
    counts: bool
    reversed: bool


class PlanStanding(BaseModel):
    """A plan as it stands; amounts in minor units."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plan": "PL-0042",
                    "account": "PL-0042",
                    "customer": "AC-10482",
                    "customer_name": "Grace Akinyi Otieno",
                    "capacity_kw": "5",
                    "total_minor": 24000000,
                    "paid_minor": 8500000,
                    "pending_minor": 15500000,
                    "waiting_minor": 0,
                    "credit_minor": 0,
                    "status": "partial",
                    "phase": "amount",
                    "payments": [],
                }
            ]
        }
    )
    plan: str
    account: str
    customer: str | None
    customer_name: str | None
    capacity_kw: str
    total_minor: int
    paid_minor: int
    pending_minor: int
    waiting_minor: int
    credit_minor: int
    status: str
    phase: str
    payments: list[Paid]


@router.get("/v1/office/plans/{plan_no}", summary="A plan with every payment on it", responses=REFUSALS)
async def show_plan(request: Request, plan_no: NumberInPath) -> PlanStanding:
    """Show a plan as `plan show` does."""

    def work(office: Office, _token: Token) -> PlanStanding:
        with office.store.read() as conn:
            return _standing(find_plan(conn, plan_no))

    return await allowed(request, "lists", work)


def _standing(found: PlanView) -> PlanStanding:
    state = found.state
    return PlanStanding(
        plan=found.number,
        account=found.account.account_no,
        customer=found.account.customer_no,
        customer_name=found.account.customer_name,
        capacity_kw=found.capacity_kw,
        total_minor=state.total_minor,
        paid_minor=state.paid_minor,
        pending_minor=state.pending_minor,
        waiting_minor=found.waiting_minor,
        credit_minor=state.excess_minor,
        status=state.status,
        phase=state.phase,
        payments=[
            Paid(
                receipt_no=one.number,
                paid_on=one.paid_on or one.fact_date,
                at=one.at,
                clerk=one.clerk,
                clerk_name=one.clerk_name,
                method=one.method,
                reference=one.reference,
                amount_minor=one.amount_minor,
                notes=one.notes,
                counts=one.counts,
                reversed=one.reversed,
            )
            for one in found.payments
        ],
    )


@router.post(
    "/v1/office/plans", summary="Make an instalment plan", responses=REFUSALS_ONCE, openapi_extra=json_body(PlanAsked)
)
async def add_plan(request: Request, key: IdempotencyKey) -> Plan:
    """Make a plan as `plan add` does; tills of the customer's zone take payments on it after their next exchange."""
    asked = await read_model(request, PlanAsked)

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Plan:
        plans.add_plan(
            conn,
            outgoing,
            plan_no=asked.plan,
            customer_no=asked.customer,
            capacity_kw=asked.capacity_kw,
            total_minor=asked.total_minor,
            on=asked.on or office.moment().today,
        )
        return Plan(plan=asked.plan, account=plans.account_of(conn, asked.plan))

    return await once(request, "books", key, asked, Plan, work)


@router.post(
    "/v1/office/plans/{plan_no}/cancel",
    summary="Cancel a plan",
    responses=REFUSALS_ONCE,
    openapi_extra=json_body(Reason),
)
async def cancel_plan(request: Request, plan_no: NumberInPath, key: IdempotencyKey) -> Plan:
    """Cancel a plan as `plan cancel` does; what was paid on it is held as credit until it is moved."""
    asked = await read_model(request, Reason)

    def work(conn: Connection, outgoing: Outgoing, office: Office, _token: Token) -> Plan:
        account_no = plans.account_of(conn, plan_no)
        day = asked.on or office.moment().today
        number = plans.cancel_plan(conn, outgoing, plan_no=plan_no, reason=asked.reason, on=day)
        return Plan(plan=plan_no, account=account_no, adjustment=number)

    return await once(request, "books", key, asked, Plan, work)
