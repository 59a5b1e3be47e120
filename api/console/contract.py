"""Reads the app's own OpenAPI document as people do: per route what to send, an example, and what comes back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]  # Any: JSON Schema

_FORM = "multipart/form-data"
_METHODS = ("get", "post", "put", "patch", "delete")
_STRINGS = {"uuid": "UUID", "date-time": "moment, RFC 3339", "date": "day, YYYY-MM-DD"}
_SAMPLES: Mapping[str, object] = {
    "amount": "1200.00",
    "currency": "EUR",
    "customer_name": "Ada Lovelace",
    "direction": "outbound",
    "document": "Offer 2026-17",
    "due_at": "2027-03-05T09:00:00Z",
    "expected_close": "2027-03-31",
    "from_currency": "USD",
    "outcome": "Wants ten seats",
    "probability": "0.5",
    "product_id": "seat",
    "quantity": "10",
    "reason": "price",
    "score": 80,
    "source": "web",
    "summary": "Asked for an offer",
    "title": "Ten seats for the workshop",
    "to_currency": "EUR",
    "to_stage": "qualified",
    "value": {"amount": "1200.00", "currency": "EUR"},
    "what": "Send the offer",
}
"""What examples say in fields of these names; other fields are only in an example when they must be."""
_FORMATS: Mapping[str, str] = {
    "uuid": "6f0d1c9e-6a53-8f0e-9a49-0d0e5a3f2b11",
    "date": "2026-03-31",
    "date-time": "2026-03-31T09:00:00Z",
}


@dataclass(frozen=True, slots=True)
class Field:
    """Something to send or to get, with its kind in words."""

    name: str
    kind: str
    required: bool
    default: str | None
    about: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with its meaning, and the shapes that its content may have, where they have names."""

    status: str
    about: str
    shapes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Operation:
    """A route with one method."""

    anchor: str
    method: str
    path: str
    about: str
    scopes: Sequence[str]
    parameters: Sequence[Field]
    headers: Sequence[Field]
    body: Sequence[Field]
    body_about: str
    example: str | None
    curl: str
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Shape:
    """A named object that routes answer with."""

    name: str
    about: str
    fields: Sequence[Field]


def operations(document: Schema, base: str) -> dict[str, list[Operation]]:
    """All routes by tag, as the document lists them; `base` is where the server is."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                tag = next(iter(methods[method].get("tags", ())), "other")
                found.setdefault(tag, []).append(_operation(document, base, path, method, methods[method]))
    return found


def shapes(document: Schema, named: set[str]) -> list[Shape]:
    """The shapes of these names."""
    return [
        Shape(_title(name, schema), schema.get("description", ""), list(_fields(document, schema)))
        for name, schema in document["components"]["schemas"].items()
        if _title(name, schema) in named
    ]


def _operation(document: Schema, base: str, path: str, method: str, told: Schema) -> Operation:
    parameters = told.get("parameters", ())
    content: Schema = told.get("requestBody", {}).get("content", {})
    body = next((kind["schema"] for kind in content.values()), None)
    sample = example(document, body) if body else None
    scopes = [scope for scheme in told.get("security", ()) for scopes in scheme.values() for scope in scopes]
    return Operation(
        anchor=f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        method=method.upper(),
        path=path,
        about=told.get("description") or told.get("summary", "").strip(),
        scopes=scopes,
        parameters=[_parameter(document, one) for one in parameters if one["in"] != "header"],
        headers=[_parameter(document, one) for one in parameters if one["in"] == "header"],
        body=list(_fields(document, body)) if body else [],
        body_about=_resolved(document, body).get("description", "") if body else "",
        example=json.dumps(sample, indent=2, ensure_ascii=False) if body and _FORM not in content else None,
        curl=_curl(base, path, method, signed=bool(told.get("security")), body=sample, form=_FORM in content),
        answers=[_answer(document, status, answer) for status, answer in told["responses"].items()],
    )


def _parameter(document: Schema, told: Schema) -> Field:
    name = told["name"].title() if told["in"] == "header" else told["name"]
    schema = told["schema"]
    return Field(name, _kind(document, schema), told["required"], _default(schema), told.get("description", ""))


def _fields(document: Schema, schema: Schema, prefix: str = "") -> Iterator[Field]:
    """The fields of an object; those of an object inside it follow it as `value.amount`."""
    resolved = _resolved(document, schema)
    for name, field in resolved.get("properties", {}).items():
        required = name in resolved.get("required", ())
        about = field.get("description", "")
        yield Field(f"{prefix}{name}", _kind(document, field), required, _default(field), about)
        inner = _inner(document, field)
        if inner and not prefix:
            yield from _fields(document, inner, f"{name}.")


def _inner(document: Schema, schema: Schema) -> Schema | None:
    """The object that a field holds, or each item of its list."""
    for choice in (*schema.get("anyOf", ()), schema.get("items", {}), schema):
        if "$ref" in choice and _resolved(document, choice).get("type") == "object":
            return _resolved(document, choice)
    return None


def _kind(document: Schema, schema: Schema) -> str:
    if "anyOf" in schema:
        kinds = [_kind(document, choice) for choice in schema["anyOf"] if choice.get("type") != "null"]
        return "decimal" if {"number", "text"} <= set(kinds) else " or ".join(dict.fromkeys(kinds))
    if "$ref" in schema:
        resolved = _resolved(document, schema)
        return _title(schema["$ref"], resolved) if resolved.get("type") == "object" else _kind(document, resolved)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    match schema.get("type"):
        case "string":
            limit = f", up to {schema['maxLength']:,} characters" if "maxLength" in schema else ""
            return _STRINGS.get(schema.get("format", ""), f"text{limit}")
        case "array":
            return f"list of {_kind(document, schema.get('items', {}))}"
        case "object":
            inner = schema.get("additionalProperties")
            return f"object of {_kind(document, inner)} by name" if isinstance(inner, Mapping) else "object"
        case "integer":
            ends = [f"{schema[end]:,}" for end in ("minimum", "maximum") if end in schema]
            return f"integer, {' to '.join(ends)}" if len(ends) == 2 and len(ends[1]) < 12 else "integer"
        case "boolean":
            return "true or false"
        case None:
            return "anything"
        case other:
            return str(other)


def _default(schema: Schema) -> str | None:
    default = schema.get("default")
    return None if default is None else json.dumps(default).strip('"')


def example(document: Schema, schema: Schema, name: str = "") -> object:
    """A value that is accepted: the schema's own example, else what its name suggests, else what is required."""
    resolved = _resolved(document, schema)
    if "example" in resolved or "examples" in resolved:
        return resolved["example"] if "example" in resolved else resolved["examples"][0]
    # money has the name of an amount, too, and a figure's value is a number
    inside = _resolved(document, next(_choices(resolved), resolved))
    if name in _SAMPLES and ("properties" in inside) == isinstance(_SAMPLES[name], dict):
        return _SAMPLES[name]
    if "properties" in resolved:
        fields, required = resolved["properties"], resolved.get("required", ())
        chosen = [field for field in fields if field in required or field in _SAMPLES]
        chosen = chosen or [field for field in fields if field != "occurred_at"][:2]
        return {field: example(document, fields[field], field) for field in chosen}
    if "anyOf" in resolved:
        return example(document, next(_choices(resolved)), name)
    if "enum" in resolved:
        return resolved["enum"][0]
    if resolved.get("format") in _FORMATS:
        return _FORMATS[resolved["format"]]
    return {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}.get(resolved.get("type", ""), name)


def _choices(schema: Schema) -> Iterator[Schema]:
    return (one for one in schema.get("anyOf", ()) if one.get("type") != "null")


def _curl(base: str, path: str, method: str, *, signed: bool, body: object, form: bool) -> str:
    address = path
    for name in (part[1:-1] for part in path.split("/") if part.startswith("{")):
        address = address.replace(f"{{{name}}}", f"${name.upper()}")
    parts = [f'curl {"" if method == "get" else f"-X {method.upper()} "}"{base}{address}"']
    if signed:
        parts.append('-H "Authorization: Bearer $KEY"')
    if method != "get" and not path.endswith("/search"):
        parts.append('-H "Idempotency-Key: $RANDOM-$RANDOM"')
    if form and isinstance(body, dict):
        parts += [f"-F {name}={value}" for name, value in body.items()]
    elif body is not None:
        text = json.dumps(body, ensure_ascii=False).replace("'", "'\\''")
        parts += ['-H "Content-Type: application/json"', f"-d '{text}'"]
    return " \\\n  ".join(parts)


def _answer(document: Schema, status: str, told: Schema) -> Answer:
    schema: Schema = next((content.get("schema", {}) for content in told.get("content", {}).values()), {})
    about = "Done" if told["description"] == "Successful Response" else told["description"]
    named = [_title(one["$ref"], _resolved(document, one)) for one in schema.get("anyOf", [schema]) if "$ref" in one]
    if not named and "anyOf" not in schema and "title" in schema:
        named = [schema["title"]]
    return Answer(status, about, named)


def _title(name: str, schema: Schema) -> str:
    return str(schema.get("title") or name.rpartition("/")[2])


def _resolved(document: Schema, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found
