"""Signed receipts: who handed in what, and when, so that nobody has to believe anybody (Ed25519)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import json
import os
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.errors import CourseError
from nbjudge.files import write_atomically

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SCHEMA = "nbjudge.receipt/1"
BEGIN, END = "-----BEGIN NBJUDGE RECEIPT-----", "-----END NBJUDGE RECEIPT-----"
BLOCK = re.compile(rf"{BEGIN}(.{{1,4000}}?){END}", re.DOTALL)
FIELDS = (
    "course",
    "assignment",
    "student",
    "attempt",
    "received",
    "sha256",
    "key",
)  # in this order, all signed
PRIVATE, PUBLIC = "receipt_key.pem", "receipt_key.pub.pem"  # in the gradebook's folder


@dataclass(frozen=True, slots=True)
class SignedFacts:
    """What a receipt says."""

    course: str
    assignment: str
    student: str
    attempt: int  # from 1
    received: datetime  # aware, UTC
    sha256: str  # of the file's bytes


def sign(folder: Path, facts: SignedFacts) -> str:
    """The receipt as text, signed with the key in `folder`, which is made at first use; the same facts give the same text."""
    key = _private_key(folder)
    values = {
        "course": facts.course,
        "assignment": facts.assignment,
        "student": facts.student,
        "attempt": str(facts.attempt),
        "received": facts.received.astimezone(UTC).isoformat(timespec="microseconds"),
        "sha256": facts.sha256,
        "key": fingerprint(key.public_key()),
    }
    signature = base64.b64encode(key.sign(_signed_bytes(values))).decode()
    lines = [f"{name}: {value}" for name, value in {**values, "signature": signature}.items()]
    return "\n".join([BEGIN, *lines, END])


def verify(text: str, key: Ed25519PublicKey) -> SignedFacts:
    """What the receipt in `text` (the receipt itself, a mail, a feedback page) says; CourseError if it is not genuine."""
    from cryptography.exceptions import InvalidSignature

    values = _parse(text)
    if values["key"] != fingerprint(key):
        raise CourseError(
            f"the receipt was signed with another key ({values['key']}) than {fingerprint(key)}"
        )
    try:
        key.verify(base64.b64decode(values["signature"], validate=True), _signed_bytes(values))
        return SignedFacts(
            values["course"],
            values["assignment"],
            values["student"],
            int(values["attempt"]),
            datetime.fromisoformat(values["received"]),
            values["sha256"],
        )
    except (InvalidSignature, binascii.Error, ValueError):
        raise CourseError("the signature does not fit: the receipt was changed, or made up") from None


def public_key_file(folder: Path) -> Path:
    """The file with the course's public key; both keys are made at first use."""
    _private_key(folder)
    return folder / PUBLIC


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The key in a file that `public_key_file` named; CourseError if there is none in it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CourseError(f"{path}: no public key can be read from it: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise CourseError(f"{path}: not a key for receipts; the course's is called {PUBLIC}")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """Which key it is: 16 hexadecimal digits."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _signed_bytes(values: dict[str, str]) -> bytes:
    # Not the lines themselves: a mail program may wrap them in other white space or compose accents anew.
    fields = [unicodedata.normalize("NFC", values[name]) for name in FIELDS]
    return json.dumps([SCHEMA, *fields], ensure_ascii=False).encode()


def _parse(text: str) -> dict[str, str]:
    found = BLOCK.search(html.unescape(text))
    if found is None:
        raise CourseError(f"no receipt in it: it begins with {BEGIN}")
    values = {}
    for line in found[1].splitlines():
        name, _, value = line.strip().lstrip("> ").partition(":")
        values[name.strip()] = value.strip()
    missing = [name for name in (*FIELDS, "signature") if not values.get(name)]
    if missing:
        raise CourseError(f"the receipt is not whole: no {', '.join(missing)}")
    return values


def _private_key(folder: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = folder / PRIVATE
    if not path.exists():
        _make_key(path)
    try:
        key = form.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise CourseError(
            f"{path}: the key that signs receipts can't be read: {error}. Put back your copy, or move the"
            " file away: a new key is made, and receipts from before need the old public key"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise CourseError(f"{path}: not a key for receipts (Ed25519)")
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    if not (folder / PUBLIC).is_file() or (folder / PUBLIC).read_bytes() != public:
        write_atomically(folder / PUBLIC, public, mode=0o644)
    return key


def _make_key(path: Path) -> None:
    """A new key in `path`, readable by its owner alone; of two who make it at once, one wins."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        new.unlink(missing_ok=True)
