#!/usr/bin/env python3
"""Checks that an event is in an Everfold log as it was sealed. Needs the proof and the exported seals, nothing else.

    python3 check_proof.py PROOF.json SEALS.ndjson [--public-key HEX]

Prints the event's fields and exits 0; or says on standard error what does not hold, and exits 1. With a public key the
seals must be signed by it, which needs the package `cryptography`.
"""

import argparse
import hashlib
import json
import struct
import sys
import uuid
from datetime import UTC, datetime, timedelta

FIELDS = (
    "position", "customer_id", "stream_id", "stream_type", "version", "event_id", "type", "schema_version", "data",
    "personal_digest", "actor", "command_id", "correlation_id", "causation_id", "metadata", "part_id", "occurred_at",
    "recorded_at",
)  # fmt: skip
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Wrong(Exception):
    """Something does not hold."""


def sha256(data):
    return hashlib.sha256(data).digest()


def moment(data):
    """Microseconds since 2000-01-01 UTC."""
    microseconds = struct.unpack(">q", data)[0]
    try:
        return (EPOCH + timedelta(microseconds=microseconds)).isoformat()
    except OverflowError:
        return f"{microseconds} microseconds from 2000-01-01"


DECODERS = {  # by the numbers that PostgreSQL has for its types
    17: lambda data: data.hex(),
    20: lambda data: struct.unpack(">q", data)[0],
    21: lambda data: struct.unpack(">h", data)[0],
    23: lambda data: struct.unpack(">i", data)[0],
    25: lambda data: data.decode(),
    1184: moment,
    2950: lambda data: str(uuid.UUID(bytes=data)),
    3802: lambda data: json.loads(data[1:]),  # behind a byte for the format's version
}


def event_of(preimage):
    """The fields of an event in the wire format of a record: how many, then for each its type, length and bytes."""
    count = struct.unpack_from(">i", preimage)[0]
    if count != len(FIELDS):
        raise Wrong(f"the event has {count} fields and not {len(FIELDS)}")
    fields, at = {}, 4
    for name in FIELDS:
        kind, length = struct.unpack_from(">Ii", preimage, at)
        at += 8
        if kind not in DECODERS:
            raise Wrong(f"the field {name} is of an unknown type, {kind}")
        if length >= 0:
            if at + length > len(preimage):
                raise Wrong("the event is cut off")
            fields[name] = DECODERS[kind](preimage[at : at + length])
            at += length
        else:
            fields[name] = None
    if at != len(preimage):
        raise Wrong("something follows the event's last field")
    return fields


def root_of(digest, index, count, path):
    """The root of the tree of RFC 6962 above the leaf `index` of `count`, with the hashes beside its way up."""
    if not 0 <= index < count:
        raise Wrong("the index is not that of one of the events")
    node, beside = sha256(b"\x00" + digest), list(path)
    while count > 1:
        if index % 2 or index + 1 < count:
            if not beside:
                raise Wrong("the path is too short")
            other = beside.pop(0)
            node = sha256(b"\x01" + other + node) if index % 2 else sha256(b"\x01" + node + other)
        index, count = index // 2, (count + 1) // 2
    if beside:
        raise Wrong("the path is too long")
    return node


def seal_of(line):
    """What a seal's fields amount to."""
    numbers = struct.pack(">qqqq", *(line[n] for n in ("number", "first_position", "last_position", "event_count")))
    root, previous = bytes.fromhex(line["root"]), bytes.fromhex(line["previous"])
    if len(root) != 32 or len(previous) != 32:
        raise Wrong("a hash is not 32 bytes long")
    return sha256(numbers + root + previous).hex()


def exported(file):
    """The exported seals: each by its number, after checking that each continues the one before."""
    seals, previous, last = {}, bytes(32).hex(), 0
    with open(file, encoding="utf-8") as lines:
        for text in lines:
            if not text.endswith("\n"):  # its writer was interrupted
                break
            line = json.loads(text)
            number = line["number"]
            if (number, line["first_position"], line["previous"]) != (len(seals) + 1, last + 1, previous):
                raise Wrong(f"exported seal {number} does not continue the one before")
            if line["seal"] != seal_of(line):
                raise Wrong(f"exported seal {number} is not what its fields amount to")
            seals[number], previous, last = line, line["seal"], line["last_position"]
    return seals


def check_signature(line, public_key):
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise Wrong("signatures cannot be checked without the package cryptography") from None
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(line.get("signature", "")), bytes.fromhex(line["seal"]))
    except InvalidSignature:
        raise Wrong(f"exported seal {line['number']} is not signed by this key") from None


def check(proof, seals, public_key):
    """The event's fields, when everything holds."""
    preimage, seal = bytes.fromhex(proof["preimage"]), proof["seal"]
    event = event_of(preimage)
    if event["position"] != proof["position"]:
        raise Wrong(f"the event is that of position {event['position']} and not of {proof['position']}")
    if not seal["first_position"] <= event["position"] <= seal["last_position"]:
        raise Wrong("the position is not within the seal's range")
    if proof["count"] != seal["event_count"]:
        raise Wrong("the proof counts other events than the seal")
    path = [bytes.fromhex(beside) for beside in proof["path"]]
    if root_of(sha256(preimage), proof["index"], proof["count"], path).hex() != seal["root"]:
        raise Wrong("the event does not lead to the seal's root: it is not as it was sealed")
    if seal_of(seal) != seal["seal"]:
        raise Wrong("the seal is not what its fields amount to")
    if seal["number"] not in seals or seals[seal["number"]]["seal"] != seal["seal"]:
        raise Wrong("the seal is not among the exported ones")
    if public_key:
        check_signature(seals[max(seals)], public_key)  # the last one vouches for all before
    return event


def main():
    parser = argparse.ArgumentParser(description="Check that an event is in the log as it was sealed.")
    parser.add_argument("proof", help="the output of: crm verify --log --proof POSITION")
    parser.add_argument("seals", help="the exported seals, as kept elsewhere")
    parser.add_argument("--public-key", help="the key that signed them, in hex")
    arguments = parser.parse_args()
    try:
        with open(arguments.proof, encoding="utf-8") as file:
            proof = json.load(file)
        event = check(proof, exported(arguments.seals), arguments.public_key)
    except Wrong as wrong:
        sys.exit(f"NOT PROVEN: {wrong}.")
    except OSError as error:
        sys.exit(f"NOT PROVEN: {error}.")
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        sys.exit(f"NOT PROVEN: the proof or the seals cannot be read ({type(error).__name__}: {error}).")
    print(json.dumps(event, indent=2), flush=True)
    seal = f"exported seal {proof['seal']['number']}"
    print(f"The event at position {event['position']} is in the log as {seal} found it.", file=sys.stderr)


if __name__ == "__main__":
    main()
