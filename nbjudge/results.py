"""Result <-> JSON: the file gradebook/results/<student>/<assignment>.json, documented in docs/results.md."""

from __future__ import annotations

import json
from typing import Any, cast

from nbjudge.errors import CourseError
from nbjudge.files import dump_json
from nbjudge.model import Result

SCHEMA = "nbjudge.result/2"


def dump_result(result: Result) -> bytes:
    """UTF-8 JSON of `result`; ValueError if a number in it is NaN or infinite."""
    import msgspec

    document = msgspec.to_builtins(result)
    return dump_json({"schema": SCHEMA, **document, "timestamp": result.timestamp.isoformat()})


def load_result(data: bytes) -> Result:
    """The Result in `data`; CourseError if it is not of this schema."""
    import msgspec

    try:
        document = json.loads(data, parse_constant=_refuse)
        schema = document.pop("schema", None) if isinstance(document, dict) else None
        if schema != SCHEMA:
            raise CourseError(
                f"the result file has schema {schema!r}, not {SCHEMA!r}: grade again with --force"
            )
        return msgspec.convert(document, Result)
    except (ValueError, RecursionError) as error:
        raise CourseError(f"the result file is damaged ({error}): grade again with --force") from error


def result_schema() -> dict[str, Any]:
    """The JSON Schema of a result file, as docs/results.md prints it."""
    import msgspec

    schema = msgspec.json.schema(Result)
    definition = schema["$defs"]["Result"]
    definition["properties"] = {"schema": {"const": SCHEMA}, **definition["properties"]}
    definition["required"] = ["schema", *definition["required"]]
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return cast("dict[str, Any]", json.loads(json.dumps(document)))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")
