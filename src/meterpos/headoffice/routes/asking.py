"""What requests of people and programs share: bodies as they must be, texts and days that every database takes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final, TypeVar

from fastapi import Path as InPath
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from meterpos.headoffice.importing.reader import YEARS
from meterpos.headoffice.problems import Problem
from meterpos.headoffice.routes.body import read_body
from meterpos.ledger.money import AMOUNT_MAX

BODY_BYTES_MAX: Final = 8_000
FILE_BYTES_MAX: Final = 8_000_000
"""A file of a hundred thousand rows, or a little more."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a line of text has no control characters")
    return text


def _of_our_times(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError(f"a day is between {YEARS[0]} and {YEARS[-1]}")
    return day


class Asked(BaseModel):
    """What is asked for; a field nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


Line = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_printable)]
Number = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
"""The number of an account, a meter, a customer, a receipt."""

NumberInPath = Annotated[str, InPath(min_length=1, max_length=64), AfterValidator(_printable)]
Amount = Annotated[int, Field(gt=0, le=AMOUNT_MAX, strict=True)]
Day = Annotated[date, AfterValidator(_of_our_times)]
Model = TypeVar("Model", bound=BaseModel)


class Reason(Asked):
    """Why, and on which day where that is not today."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Agreed by telephone, JOB-7"}]})
    reason: Line
    on: Day | None = None


async def read_model(request: Request, kind: type[Model]) -> Model:
    """Read a JSON object of this kind. Raises: Problem, which shows one that is right."""
    body = await read_body(request, bytes_max=BODY_BYTES_MAX)
    try:
        return kind.model_validate(json.loads(body))
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, one["loc"])) or "the body" for one in error.errors()}))
        raise Problem(400, "unreadable", f"This cannot be: {wrong}. {_shown(kind)}") from error
    except (ValueError, RecursionError) as error:
        raise Problem(400, "unreadable", _shown(kind)) from error


def _shown(kind: type[BaseModel]) -> str:
    return f"Send a JSON object: {json.dumps(_example(kind))}."


def _example(kind: type[BaseModel]) -> Any:
    return kind.model_json_schema()["examples"][0]


def json_body(kind: type[BaseModel]) -> dict[str, Any]:
    """Return how OpenAPI describes a body of this kind, with its example."""
    content = {"schema": kind.model_json_schema(), "example": _example(kind)}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def csv_body(example: str) -> dict[str, Any]:
    """Return how OpenAPI describes a file like this one."""
    return {"requestBody": {"required": True, "content": {"text/csv": {"example": example}}}}


@contextmanager
def as_file(body: bytes, name: str) -> Iterator[Path]:
    """Keep a body as a file of this name for a while: what is wrong in it is told by that name."""
    with TemporaryDirectory(prefix="meterpos-") as folder:
        path = Path(folder) / name
        path.write_bytes(body)
        yield path
