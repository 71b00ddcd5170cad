#!/usr/bin/env python3
"""A second implementation of docs/wire-format.md, written from that page, and the check of its vectors.

    python3 tests/wire_format.py           checks every vector of the page
    python3 tests/wire_format.py --print   prints the page with the `value`, `content` and keys of each vector made
                                           anew
    python3 tests/wire_format.py --open    reads lines of JSON {secret, app_name, protection, base, kind,
                                           cookie_name, value}, and prints for each a line of JSON: the
                                           parts, or null if refused
    python3 tests/wire_format.py --seal    reads lines of JSON as in the page's vectors, and prints the value
                                           of each as text; `body` (hex) may stand for the parts of the body,
                                           `mode` for another mode than the kind's, and a missing `salt` is a
                                           random one
    python3 tests/wire_format.py --serve   reads lines of JSON, each a list of questions, and prints for each a line
                                           of JSON, the list of their answers: see `served`

It needs Python 3 and nothing else. It is for tests: Python's arithmetic does not hide keys from a stopwatch.
"""

import base64
import hashlib
import hmac
import itertools
import json
import os
import re
import struct
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "wire-format.md"


class Refused(Exception):
    """A value that is not one of ours: the reader's step that says so, and why."""

    def __init__(self, step, why):
        super().__init__(f"{step}: {why}")
        self.step = step


class Failed(Exception):
    """A check that did not hold."""


# ------------------------------------ primitives: RFC 2104, 5869, 8439, 4648


def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def hkdf_extract(salt, ikm):
    return hmac_sha256(salt, ikm)


def hkdf_expand(prk, info, length):
    okm, block, counter = b"", b"", 1
    while len(okm) < length:
        block = hmac_sha256(prk, block + info + bytes([counter]))
        okm += block
        counter += 1
    return okm[:length]


QUARTERS = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
            (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]


def chacha20_block(key, counter, nonce):
    start = struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce)
    x = list(start)

    def add_xor_rotate(a, b, d, bits):
        x[a] = (x[a] + x[b]) & 0xFFFFFFFF
        mixed = x[d] ^ x[a]
        x[d] = (mixed << bits | mixed >> (32 - bits)) & 0xFFFFFFFF

    for _ in range(10):
        for a, b, c, d in QUARTERS:
            add_xor_rotate(a, b, d, 16)
            add_xor_rotate(c, d, b, 12)
            add_xor_rotate(a, b, d, 8)
            add_xor_rotate(c, d, b, 7)
    return struct.pack("<16I", *((old + new) & 0xFFFFFFFF for old, new in zip(start, x)))


def chacha20(key, counter, nonce, text):
    out = bytearray()
    for at in range(0, len(text), 64):
        stream = chacha20_block(key, counter + at // 64, nonce)
        out += bytes(a ^ b for a, b in zip(text[at:at + 64], stream))
    return bytes(out)


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at:at + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def aead_tag(key, nonce, aad, ciphertext):
    def padded(text):
        return text + bytes(-len(text) % 16)

    lengths = struct.pack("<QQ", len(aad), len(ciphertext))
    return poly1305(chacha20_block(key, 0, nonce)[:32], padded(aad) + padded(ciphertext) + lengths)


def aead_seal(key, nonce, aad, plaintext):
    ciphertext = chacha20(key, 1, nonce, plaintext)
    return ciphertext + aead_tag(key, nonce, aad, ciphertext)


def aead_open(key, nonce, aad, sealed):
    """The plaintext, or None."""
    ciphertext, tag = sealed[:-16], sealed[-16:]
    if not hmac.compare_digest(tag, aead_tag(key, nonce, aad, ciphertext)):
        return None
    return chacha20(key, 1, nonce, ciphertext)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# ------------------------------------ names and keys

LABEL = "muffin-session/1"
SUFFIX = {"identity": "id", "data": "data", "guest": "guest", "seen": "seen", "flash": "flash", "out": "out",
          "pending": "pending", "handle": "id", "guest handle": "guest"}
# The kinds of cookies where sessions are in a store. All others are of the mode "cookie".
OF_STORE = ("handle", "guest handle")
WITH_SLOTS = ("data", "seen", "flash")
VERSION = {"signed": 1, "encrypted": 2}
METHODS = {"interactive": 1, "remembered": 2, "confirmed": 3}
AUDIENCES = {"nobody": 0, "session": 1}
NONCE = bytes(12)


def fields(*parts):
    joined = b""
    for part in parts:
        part = part if isinstance(part, bytes) else part.encode()
        joined += struct.pack(">H", len(part)) + part
    return joined


def slot(sid):
    return base64url(hashlib.sha256(sid).digest()[:6])


def mode_of(kind):
    return "store" if kind in OF_STORE else "cookie"


def derive(secret, app_name, protection, base, kind, mode=None):
    """What follows from a secret for one kind of cookie: PRK, info, key and hint."""
    prk = hkdf_extract(LABEL.encode(), secret.encode().rstrip(b"\r\n"))
    info = fields(LABEL, app_name, mode or mode_of(kind), protection, kind, f"{base}.{SUFFIX[kind]}")
    hint = hkdf_expand(prk, fields(LABEL, "key hint"), 1)
    return prk, info, hkdf_expand(prk, info, 32), hint


def fingerprint(secret, app_name, user_id, stamp):
    """What an identity keeps of a user's stamp."""
    prk = hkdf_extract(LABEL.encode(), secret.encode().rstrip(b"\r\n"))
    key = hkdf_expand(prk, fields(LABEL, app_name, "stamp"), 32)
    return hmac_sha256(key, fields(user_id) + stamp.encode())[:16]


# ------------------------------------ reader, step 1: find the cookies of one name


MOST_BYTES = 262_144


def cookies_of(cookie_fields):
    """The names and values in the `Cookie` fields of a request (bytes)."""
    lengths = itertools.accumulate(map(len, cookie_fields))
    looked_at = [field for field, length in zip(cookie_fields, lengths) if length <= MOST_BYTES]
    for pair in b";".join(looked_at).split(b";"):
        name, equals, value = pair.strip(b" \t").partition(b"=")
        if equals:
            yield name, value


def values_of(name, cookie_fields):
    """The different values of a name that is no flash's: at most four."""
    values = [value for found, value in cookies_of(cookie_fields) if found == name.encode()]
    return list(dict.fromkeys(values))[:4]


def flashes_of(base, cookie_fields):
    """The different names and values of flashes: at most eight, whichever their names."""
    is_flash = re.compile(re.escape(f"{base}.flash.").encode() + b"[A-Za-z0-9_-]{8}")
    flashes = [(name, value) for name, value in cookies_of(cookie_fields) if is_flash.fullmatch(name)]
    return list(dict.fromkeys(flashes))[:8]


def check_name(name, base, kind):
    suffix = "[.][A-Za-z0-9_-]{8}" if kind in WITH_SLOTS else ""
    if not re.fullmatch(re.escape(f"{base}.{SUFFIX[kind]}") + suffix, name):
        raise Refused("name", f"{name!r} is no name of the kind {kind}")


# ------------------------------------ reader, step 2: lengths


def characters(length):
    """Characters that base64url takes for so many bytes."""
    return (4 * length + 2) // 3


def bounds(protection, kind, name):
    overhead = {"signed": 10 + 32, "encrypted": 10 + 24 + 16}[protection]
    smallest_body = {"identity": 45, "data": 18, "guest": 18, "seen": 16, "flash": 19, "out": 16, "pending": 2,
                     "handle": 24, "guest handle": 24}[kind]
    fewest = characters(overhead + smallest_body)
    return fewest, {"identity": 1024, "data": 4096 - len(name.encode()), "guest": 4096 - len(name.encode()),
                    "seen": fewest, "flash": 2048, "out": fewest, "pending": 512,
                    "handle": fewest, "guest handle": fewest}[kind]


def check_length(text, protection, kind, name):
    fewest, most = bounds(protection, kind, name)
    if not fewest <= len(text) <= most:
        raise Refused("length", f"{len(text)} characters, not {fewest} to {most}")


# ------------------------------------ reader, step 3: base64url in its one spelling


def decode(text):
    if not re.fullmatch("[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        raise Refused("base64url", "another alphabet, or a length that does not occur")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(data) != text:
        raise Refused("base64url", "bits left over that are not zero")
    return data


# ------------------------------------ reader, steps 4 and 5: version, hint, tag


def check_version(data, protection):
    if data[0] != VERSION[protection]:
        raise Refused("version", f"version byte {data[0]}")


def place(kind, name):
    """What tells a cookie from others of its kind: its SLOT or FID."""
    return name[-8:].encode() if kind in WITH_SLOTS else b""


def verify(data, kind, name, protection, key, hint):
    """The body of a value with a good tag."""
    if data[1:2] != hint:
        raise Refused("tag", "no key with this hint")
    if protection == "signed":
        covered, tag = data[:-32], data[-32:]
        if not hmac.compare_digest(tag, hmac_sha256(key, place(kind, name) + covered)):
            raise Refused("tag", "wrong tag")
        return covered[10:]
    covered, salt, sealed = data[:34], data[10:34], data[34:]
    body = aead_open(hmac_sha256(key, salt), NONCE, place(kind, name) + covered, sealed)
    if body is None:
        raise Refused("tag", "wrong tag")
    return body


# ------------------------------------ reader, step 6: the body


class Body:
    def __init__(self, data):
        self.data = data

    def take(self, length):
        if length > len(self.data):
            raise Refused("body", "ends too early")
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def rest(self):
        return self.take(len(self.data))

    def number(self, length):
        return int.from_bytes(self.take(length), "big")

    def hex(self, length=16):
        return self.take(length).hex()

    def word(self, words):
        number = self.number(1)
        for word, its_number in words.items():
            if number == its_number:
                return word
        raise Refused("body", f"{number} is none of {words}")


def text_of(data):
    try:
        return data.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise Refused("body", "not UTF-8") from error


class Pairs(list):
    """A JSON object's entries as they stand."""


def json_of(data):
    """UTF-8 text that is one JSON value (RFC 8259) of at most 127 levels: the text, and what it says."""
    text = text_of(data)

    def no_json(constant):
        raise ValueError(f"{constant} is not JSON")

    level = 0
    for bracket in re.findall(r"[][{}]", re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL)):
        level += 1 if bracket in "[{" else -1
        if level > 127:
            raise Refused("body", "JSON of more than 127 levels")
    try:
        said = json.loads(
            text, object_pairs_hook=Pairs, parse_int=str, parse_float=str, parse_constant=no_json)
    except ValueError as error:
        raise Refused("body", f"not JSON: {error}") from error
    return text, said


def object_of(data):
    """The text of a JSON object whose own keys are unique and ascend."""
    text, pairs = json_of(data)
    if not isinstance(pairs, Pairs):
        raise Refused("body", "JSON, but no object")
    try:
        keys = [key.encode("utf-8", "strict") for key, _ in pairs]
    except UnicodeEncodeError as error:
        raise Refused("body", "half a surrogate pair in a key") from error
    if any(earlier >= later for earlier, later in zip(keys, keys[1:])):
        raise Refused("body", "keys do not ascend")
    return text


def parse_marks(body):
    """The out mark and the stamp that the flags announce."""
    flags = body.number(1)
    if flags > 3:
        raise Refused("body", "reserved flags")
    return {"out": body.hex() if flags & 1 else None, "stamp": body.hex() if flags & 2 else None}


def parse_user_id(data):
    text, said = json_of(data)
    if said is None:
        raise Refused("body", "the user id is null")
    return text


def parse_identity(body, _name):
    parts = {"sid": body.hex()}
    for time in ("started_at", "authenticated_at", "expires_at"):
        parts[time] = body.number(8)
    parts["method"] = body.word(METHODS)
    parts.update(parse_marks(body))
    parts["user_id"] = parse_user_id(body.take(body.number(2)))
    claims = body.rest()
    parts["claims"] = object_of(claims) if claims else None
    return parts


def parse_sid(body, name):
    sid = body.take(16)
    if slot(sid) != name[-8:]:
        raise Refused("body", "the name is that of another session")
    return sid.hex()


def parse_data(body, name):
    return {"sid": parse_sid(body, name), "data": object_of(body.rest())}


def parse_guest(body, _name):
    return {"guest_id": body.hex(), "data": object_of(body.rest())}


def parse_seen(body, name):
    return {"sid": parse_sid(body, name)}


def parse_flash(body, _name):
    parts = {"audience": body.word(AUDIENCES), "audience_id": body.hex(), "index": body.number(1)}
    if parts["audience"] == "nobody" and parts["audience_id"] != bytes(16).hex():
        raise Refused("body", "a nobody with an id")
    parts["category"] = text_of(body.take(body.number(1)))
    parts["message"] = text_of(body.rest())
    return parts


def parse_out(body, _name):
    return {"mark": body.hex()}


def parse_pending(body, _name):
    return {**parse_marks(body), "user_id": parse_user_id(body.rest())}


def parse_handle(body, _name):
    return {"group": body.hex(8), "id": body.hex()}


PARSE = {"identity": parse_identity, "data": parse_data, "guest": parse_guest,
         "seen": parse_seen, "flash": parse_flash, "out": parse_out, "pending": parse_pending,
         "handle": parse_handle, "guest handle": parse_handle}


def open_value(v):
    """The parts of a value, by steps 2 to 6, or Refused. Times are not compared with a clock."""
    kind, name, protection, text = v["kind"], v["cookie_name"], v["protection"], v["value"]
    _, _, key, hint = derive(v["secret"], v["app_name"], protection, v["base"], kind)
    check_name(name, v["base"], kind)
    check_length(text, protection, kind, name)
    data = decode(text)
    check_version(data, protection)
    body = Body(verify(data, kind, name, protection, key, hint))
    parts = {"issued_at": int.from_bytes(data[2:10], "big"), **PARSE[kind](body, name)}
    if body.data:
        raise Refused("body", "bytes left over")
    return parts


SKEW = 60_000


def open_with(v):
    """The parts of a value for a reader with several secrets, some of them retired, at a time; or Refused."""

    def counts(until):
        return until is None or issued_at <= until + SKEW and v["now"] < until + v["longest"]

    byte = decode(v["value"])[:1]
    protections = [p for p in VERSION if p == v["protection"] or v["signed_until"] is not None]
    protection = next((p for p in protections if byte == bytes([VERSION[p]])), v["protection"])
    refused = Refused("tag", "no secret")
    for secret in v["secrets"]:
        try:
            parts = open_value({**v, "secret": secret["secret"], "protection": protection})
        except Refused as error:
            refused = error
            continue
        issued_at = parts["issued_at"]
        moved = v["signed_until"] if protection != v["protection"] else None
        if not (counts(secret["retired_at"]) and counts(moved)):
            raise Refused("times", "made too late, or too long ago")
        return parts
    raise refused


# ------------------------------------ writer


def marks_of(v):
    """Flags, out mark and stamp."""
    out, stamp = bytes.fromhex(v["out"] or ""), bytes.fromhex(v["stamp"] or "")
    return bytes([(1 if out else 0) | (2 if stamp else 0)]) + out + stamp


def identity_of(v):
    times = struct.pack(">QQQ", v["started_at"], v["authenticated_at"], v["expires_at"])
    start = bytes.fromhex(v["sid"]) + times + bytes([METHODS[v["method"]]]) + marks_of(v)
    return start + fields(v["user_id"]) + (v["claims"] or "").encode()


def body_of(v):
    """The bytes of a body from its parts, unchecked: tests need wrong ones as well."""
    kind = v["kind"]
    if "body" in v:
        return bytes.fromhex(v["body"])
    if kind == "identity":
        return identity_of(v)
    if kind == "flash":
        category = v["category"].encode()
        start = bytes([AUDIENCES[v["audience"]]]) + bytes.fromhex(v["audience_id"]) + bytes([v["index"]])
        return start + bytes([len(category)]) + category + v["message"].encode()
    if kind == "pending":
        return marks_of(v) + v["user_id"].encode()
    if kind in OF_STORE:
        return bytes.fromhex(v["group"] + v["id"])
    leading = {"data": "sid", "guest": "guest_id", "seen": "sid", "out": "mark"}[kind]
    return bytes.fromhex(v[leading]) + v.get("data", "").encode()


def seal_value(v):
    _, _, key, hint = derive(v["secret"], v["app_name"], v["protection"], v["base"], v["kind"], v.get("mode"))
    body = body_of(v)
    header = bytes([VERSION[v["protection"]]]) + hint + struct.pack(">Q", v["issued_at"])
    bound = place(v["kind"], v["cookie_name"]) + header
    if v["protection"] == "signed":
        return base64url(header + body + hmac_sha256(key, bound + body))
    salt = bytes.fromhex(v["salt"]) if "salt" in v else os.urandom(24)
    return base64url(header + salt + aead_seal(hmac_sha256(key, salt), NONCE, bound + salt, body))


# ------------------------------------ names of records


def digest(what, of):
    return hashlib.sha256(fields(LABEL, what) + of).digest()


def in_group(group, of_digest):
    """A key: the group of another one, and what is left of a digest."""
    return group[:8] + of_digest[8:]


def user_key(app_name, cookie_name, user_id):
    return hashlib.sha256(fields(LABEL, "user", app_name, cookie_name, user_id)).digest()


def denials_keys(user):
    """Where a user's denials are, and whose that record is."""
    return in_group(user, digest("denials", user)), in_group(user, digest("denials of all", b""))


def moved_handle(sid, user):
    """The handle of a session that was in cookies."""
    return user[:8] + digest("moved", sid)[:16]


def record_key(handle):
    return in_group(handle, digest("record", handle))


def mark_keys(moved):
    """Where the mark of a moved record is, and whose that record is."""
    return in_group(moved, digest("moved mark", moved)), in_group(moved, digest("marks", b""))


# ------------------------------------ content of records

RECORD_VERSION = 1
RECORDS = {"session": 1, "renewed": 2, "moved": 3, "denials": 4}
LOGIN = {"login": "id", "current": "id", "previous": "id", "readable_until": "time", "at": "time", "until": "time"}
NO_SESSION = bytes(8).hex()


def parse_session(body):
    parts = {"begun_at": body.number(8), "last_seen": body.number(8)}
    parts["label"] = text_of(body.take(body.number(2))) or None
    identity = Body(body.take(body.number(2)))
    parts["identity"] = parse_identity(identity, None) if identity.data else None
    parts["data"] = object_of(body.rest())
    return parts


def parse_renewed(body):
    return {"successor": body.hex(32), "readable_until": body.number(8)}


def parse_moved(_body):
    return {}


def parse_denials(body):
    parts = {"not_before": body.number(8)}
    is_spared, spared = body.number(1) == 1, body.hex(8)
    parts["spared"] = spared if is_spared else None
    parts["logins"] = []
    while body.data:
        parts["logins"].append({part: body.hex(8) if sort == "id" else body.number(8)
                                for part, sort in LOGIN.items()})
    return parts


PARSE_RECORD = {"session": parse_session, "renewed": parse_renewed, "moved": parse_moved, "denials": parse_denials}


def open_record(content):
    """The parts of a record's content, or Refused."""
    body = Body(content)
    version = body.number(1)
    if version != RECORD_VERSION:
        raise Refused("body", f"version {version} of records")
    kind = body.word(RECORDS)
    parts = {"kind": kind, **PARSE_RECORD[kind](body)}
    if body.data:
        raise Refused("body", "bytes left over")
    return parts


def content_of(v):
    """The content of a record from its parts."""
    start = bytes([RECORD_VERSION, RECORDS[v["kind"]]])
    if v["kind"] == "session":
        identity = identity_of(v["identity"]) if v["identity"] else b""
        times = struct.pack(">QQ", v["begun_at"], v["last_seen"])
        return start + times + fields(v["label"] or "", identity) + v["data"].encode()
    if v["kind"] == "renewed":
        return start + bytes.fromhex(v["successor"]) + struct.pack(">Q", v["readable_until"])
    if v["kind"] == "moved":
        return start
    spared = bytes([v["spared"] is not None]) + bytes.fromhex(v["spared"] or NO_SESSION)
    start += struct.pack(">Q", v["not_before"]) + spared
    for login in v["logins"]:
        for part, sort in LOGIN.items():
            start += bytes.fromhex(login[part]) if sort == "id" else struct.pack(">Q", login[part])
    return start


def plus(time, span):
    return min(time + span, 2**64 - 1)


def row_of(v):
    """What stands beside a record's content: whose it is, and when it is over."""
    if v["kind"] == "denials":
        ends = [login["until"] for login in v["logins"]]
        if v["not_before"] > 0:
            ends.append(plus(v["not_before"], max(v["lifetime"], v["remember_limit"])))
        return {"expires_at": max(ends, default=0)}
    if v["kind"] != "session":
        return {}
    identity = v["identity"]
    if not identity:
        return {"user": None, "expires_at": plus(v["last_seen"], v["guest_lifetime"])}
    is_remembered = identity["method"] != "interactive"
    ends = [identity["expires_at"],
            plus(identity["started_at"], v["remember_limit" if is_remembered else "lifetime"])]
    if v["idle_timeout"] is not None:
        ends.append(plus(v["last_seen"], v["idle_timeout"]))
    user = user_key(v["app_name"], v["cookie_name"], identity["user_id"])
    return {"user": user.hex(), "expires_at": min(ends)}


def verdict_of(denials, sid, issued_at):
    """When a session has ended, and until when it may be read all the same: None if it has not."""
    login, session = sid[:16], sid[16:]
    if issued_at <= denials["not_before"] and login != denials["spared"]:
        return {"ended_at": denials["not_before"], "readable_until": 0}
    known = next((known for known in denials["logins"] if known["login"] == login), None)
    if known is None or known["current"] == session:
        return None
    is_over = known["current"] == NO_SESSION
    is_readable = not is_over and known["previous"] == session
    return {"ended_at": known["at"], "readable_until": known["readable_until"] if is_readable else 0}


# ------------------------------------ checks of this file itself


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what}: got {got!r}, not {wanted!r}")


def unhex(text):
    return bytes.fromhex("".join(text.split()))


def check_primitives():
    """The RFCs' own vectors."""
    prk = hkdf_extract(bytes(range(13)), b"\x0b" * 22)
    expect("RFC 5869, A.1, PRK", prk, unhex(
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"))
    expect("RFC 5869, A.1, OKM", hkdf_expand(prk, bytes(range(0xF0, 0xFA)), 42), unhex(
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"))

    block = chacha20_block(bytes(range(32)), 1, unhex("000000090000004a00000000"))
    expect("RFC 8439, 2.3.2", block, unhex("""
        10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e
        d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"""))
    expect("RFC 8439, 2.5.2", poly1305(
        unhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b"),
        b"Cryptographic Forum Research Group"), unhex("a8061dc1305136c6c22b8baf0c0127a9"))

    # RFC 8439, 2.8.2
    key, nonce = bytes(range(0x80, 0xA0)), unhex("070000004041424344454647")
    aad = unhex("50515253c0c1c2c3c4c5c6c7")
    plain = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
             b"sunscreen would be it.")
    sealed = unhex("""
        d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b
        1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
        3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691""")
    expect("RFC 8439, 2.8.2, sealed", aead_seal(key, nonce, aad, plain), sealed)
    expect("RFC 8439, 2.8.2, opened", aead_open(key, nonce, aad, sealed), plain)
    expect("RFC 8439, 2.8.2, changed", aead_open(key, nonce, aad, sealed[:-1] + b"\x90"), None)


def check_finding():
    """Step 1 on headers that other parsers read otherwise."""
    for header, found in [
        (b"a=1;\t__Host-session.id=x \t;b", [b"x"]),
        (b"__Host-session.id=x; __Host-session.id=y; __Host-session.id=x", [b"x", b"y"]),
        (b"a=\xff; __Host-session.id==x=", [b"=x="]),
        (b'__Host-session.id="x"', [b'"x"']),
        (b"a=\"; __Host-session.id=x; b=\"", [b"x"]),
        (b"; ".join(b"__Host-session.id=%d" % number for number in range(9)), [b"0", b"1", b"2", b"3"]),
        (b"%5F%5FHost-session.id=x", []),
        (b"__host-session.id=x", []),
        (b"__Host-session.id =x", []),
        (b"\xc2\xa0__Host-session.id=x", []),
        (b"\x0b__Host-session.id=x", []),
        (b"=__Host-session.id=x", []),
        (b"__Host-session.id", []),
    ]:
        expect(header, values_of("__Host-session.id", [header]), found)
    expect("two fields", values_of("a", [b"b=1", b"a=2"]), [b"2"])
    flashes = [(b"a.flash.AAAAAAAA", b"%d" % number) for number in range(6)]
    flashes += [(b"a.flash.BBBBBBB%d" % number, b"x") for number in range(6)]
    header = b"; ".join(b"%s=%s" % flash for flash in flashes[:1] + flashes)
    expect("flashes", flashes_of("a", [header + b"; a.flash.x=y"]), flashes[:8])
    for length, found in [(MOST_BYTES - 3, [b"1"]), (MOST_BYTES - 2, [])]:
        expect(f"behind {length} bytes", values_of("a", [b"b" * length, b"a=1", b"a=2"]), found)


def is_opened(v):
    try:
        open_value(v)
    except Refused:
        return False
    return True


def check_bodies():
    """Lengths and JSON texts at the limits of what the page allows, each behind a good tag."""
    common = {"secret": "wire-format test secret, never use in production 01", "app_name": "",
              "base": "__Host-session", "issued_at": 1}
    sid = bytes(16)
    identity = {"kind": "identity", "cookie_name": "__Host-session.id"}
    data = {"kind": "data", "cookie_name": f"__Host-session.data.{slot(sid)}"}
    flash = {"kind": "flash", "cookie_name": "__Host-session.flash.AAAAAAAA"}
    pending = {"kind": "pending", "cookie_name": "__Host-session.pending"}
    handle = {"kind": "handle", "cookie_name": "__Host-session.id"}
    guest_handle = {"kind": "guest handle", "cookie_name": "__Host-session.guest"}

    def opened(protection, of_kind, body):
        v = {**common, **of_kind, "protection": protection, "body": body.hex()}
        return is_opened({**v, "value": seal_value(v)})

    def as_user_id(text):
        return opened("signed", identity, sid + bytes(24) + b"\1\0" + fields(text))

    def as_pending_user_id(text):
        return opened("signed", pending, b"\0" + text.encode())

    def as_claims(text):
        return opened("signed", identity, sid + bytes(24) + b"\1\0" + fields("1") + text.encode())

    def as_data(text):
        return opened("signed", data, sid + text.encode())

    for protection, overhead in [("signed", 42), ("encrypted", 50)]:
        for of_kind, start, end, most in [
            (identity, sid + bytes(24) + b"\1\0", None, 768),
            (data, sid + b'{"":"', b'"}', 3051),
            (flash, bytes(19), b"", 1536),
            (pending, b'\0"', b'"', 384),
        ]:
            for more, wanted in [(0, True), (1, False)]:
                room = most - overhead + more - len(start)
                if end is None:
                    body = start + fields(b'"' + b"x" * (room - 4) + b'"')
                else:
                    body = start + b"x" * (room - len(end)) + end
                what = f"{protection} {of_kind['kind']}, {most + more} bytes"
                expect(what, opened(protection, of_kind, body), wanted)

        for of_kind in (handle, guest_handle):
            for length in (0, 8, 16, 23, 24, 25, 32, 48):
                expect(f"{protection} {of_kind['kind']}, {length} bytes",
                       opened(protection, of_kind, bytes(length)), length == 24)

    def nested(levels):
        return "[" * levels + "]" * levels

    for text in ["0", '""', "false", "[]", "{}", "-0", "1e400", " 7\n", '"\\ud800"', nested(127),
                 '{"b":1,"a":2,"a":3}']:
        for kind, accepts in [("identity", as_user_id), ("pending", as_pending_user_id)]:
            expect(f"{kind}, user id {text[:40]}", accepts(text), True)
    for text in ["null", " null ", "", "01", "1.", "1 2", "NaN", "-Infinity", "'a'", '"\t"', '"\\x"',
                 "\ufeff1", "\u00a01", "\uff11", nested(128)]:
        for kind, accepts in [("identity", as_user_id), ("pending", as_pending_user_id)]:
            expect(f"{kind}, user id {text[:40]!r}", accepts(text), False)
    for text in ["{}", ' { "a" : 1 } ', '{"":0,"A":0,"a":0,"aa":0,"\u00e9":0,"\uff5e":0,"\U0001f600":0}',
                 '{"\\uff5e":0,"\\ud83d\\ude00":0}', '{"a":{"b":1,"a":2,"a":3}}',
                 '{"a":' + nested(126) + "}"]:
        for kind, accepts in [("data", as_data), ("claims", as_claims)]:
            expect(f"{kind} {text[:40]}", accepts(text), True)
    for text in ["[]", "1", "null", "{", "{}x", '{"a":1,}', '{"a":1,"a":1}', '{"b":1,"a":1}',
                 '{"a":1,"\\u0061":2}', '{"a":NaN}',
                 '{"\\ud800":1}', '{"\U0001f600":0,"\uff5e":0}', '{"a":' + nested(127) + "}"]:
        for kind, accepts in [("data", as_data), ("claims", as_claims)]:
            expect(f"{kind} {text[:40]!r}", accepts(text), False)
    expect("data without an object", as_data(""), False)

    for flags in range(256):
        marks = bytes(16 * (flags & 1) + 8 * (flags & 2))
        for kind, of_kind, start, end in [
            ("identity", identity, sid + bytes(24) + b"\1", fields("1")),
            ("pending", pending, b"", b"1"),
        ]:
            whole = start + bytes([flags]) + marks
            expect(f"{kind}, flags {flags}", opened("signed", of_kind, whole + end), flags <= 3)
            expect(f"{kind}, flags {flags}, no user id", opened("signed", of_kind, whole), False)
            if marks:
                expect(f"{kind}, flags {flags}, a byte less", opened("signed", of_kind, whole[:-1] + end), False)


def check_modes():
    """No value of one mode is one of the other, though all else is the same."""
    bodies = {"identity": bytes(40) + b"\1\0" + fields("1"), "data": bytes(16) + b"{}", "guest": bytes(16) + b"{}",
              "seen": bytes(16), "flash": bytes(19), "out": bytes(16), "pending": b"\0" + b"1",
              "handle": bytes(24), "guest handle": bytes(24)}
    for protection in VERSION:
        for kind, body in bodies.items():
            name = f"__Host-session.{SUFFIX[kind]}"
            name += {"data": f".{slot(bytes(16))}", "seen": f".{slot(bytes(16))}", "flash": ".AAAAAAAA"}.get(kind, "")
            v = {"secret": "wire-format test secret, never use in production 01", "app_name": "",
                 "protection": protection, "base": "__Host-session", "kind": kind, "cookie_name": name,
                 "issued_at": 1, "body": body.hex()}
            for mode in ("cookie", "store"):
                expect(f"{protection} {kind} of the mode {mode}",
                       is_opened({**v, "value": seal_value({**v, "mode": mode})}), mode == mode_of(kind))


# ------------------------------------ checks of the page

BLOCK = re.compile(r"^```json (vector|refused|keyring|derivation|fingerprint|user keys|handle keys|record|unreadable)\n"
                   r"(.*?)^```$", re.MULTILINE | re.DOTALL)
PARTS = {"identity": ["sid", "started_at", "authenticated_at", "expires_at", "method", "out", "stamp",
                      "user_id", "claims"],
         "data": ["sid", "data"], "guest": ["guest_id", "data"], "seen": ["sid"],
         "flash": ["audience", "audience_id", "index", "category", "message"], "out": ["mark"],
         "pending": ["out", "stamp", "user_id"], "handle": ["group", "id"], "guest handle": ["group", "id"]}
COMMON = ["title", "secret", "app_name", "protection", "base", "kind", "cookie_name", "value"]
RECORD_PARTS = {"session": ["begun_at", "last_seen", "label", "identity", "data"],
                "renewed": ["successor", "readable_until"], "moved": [], "denials": ["not_before", "spared", "logins"]}
CONFIGURED = {"session": ["app_name", "cookie_name", "lifetime", "remember_limit", "idle_timeout", "guest_lifetime"],
              "denials": ["lifetime", "remember_limit", "verdicts"]}


def blocks(page, sort):
    return [json.loads(text) for its_sort, text in BLOCK.findall(page) if its_sort == sort]


def check_fields(v, wanted):
    expect("its fields", sorted(v), sorted(wanted))


def check_derivation(v):
    prk, info, key, hint = derive(v["secret"], v["app_name"], v["protection"], v["base"], v["kind"])
    for what, got in [("prk", prk), ("info", info), ("key", key), ("hint", hint)]:
        expect(what, got.hex(), v[what])


def check_fingerprint(v):
    made = fingerprint(v["secret"], v["app_name"], v["user_id"], v["stamp"])
    expect("fingerprint", made.hex(), v["fingerprint"])


def check_vector(v):
    salt = ["salt"] if v["protection"] == "encrypted" else []
    check_fields(v, COMMON + ["issued_at"] + PARTS[v["kind"]] + salt)
    expect("the value made", seal_value(v), v["value"])
    header = f"a=b; {v['cookie_name']}={v['value']}\t;c".encode()
    expect("the value found", values_of(v["cookie_name"], [header]), [v["value"].encode()])
    expect("the parts read", open_value(v), {part: v[part] for part in ["issued_at"] + PARTS[v["kind"]]})


def changes(v):
    """Every value that a change of one bit, a cut, or one more character makes of a good one."""
    text = v["value"]
    data = decode(text)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit} changed", base64url(bytes(changed))
    for length in range(len(text)):
        yield f"cut to {length} characters", text[:length]
    for length in range(len(data)):
        yield f"cut to {length} bytes", base64url(data[:length])
    for code in range(256):
        yield f"character {code} added", text + chr(code)


def check_changes(v):
    count = 0
    for what, value in changes(v):
        if is_opened({**v, "value": value}):
            raise Failed(f"{what}: accepted")
        count += 1
    return count


def check_refused(v):
    check_fields(v, COMMON + ["step", "why"])
    try:
        open_value(v)
    except Refused as refused:
        expect("the step that refuses", refused.step, v["step"])
        return
    raise Failed("accepted")


def user_keys_of(v):
    user = user_key(v["app_name"], v["cookie_name"], v["user_id"])
    denials, denials_user = denials_keys(user)
    made = {"user_key": user, "denials_key": denials, "denials_user": denials_user,
            "moved_handle": moved_handle(bytes.fromhex(v["sid"]), user)}
    return {what: key.hex() for what, key in made.items()}


def handle_keys_of(v):
    handle = bytes.fromhex(v["handle"])
    mark, mark_user = mark_keys(record_key(handle))
    made = {"record_key": record_key(handle), "mark_key": mark, "mark_user": mark_user}
    return {what: key.hex() for what, key in made.items()}


def check_user_keys(v):
    made = user_keys_of(v)
    check_fields(v, ["title", "app_name", "cookie_name", "user_id", "sid", *made])
    for what, key in made.items():
        expect(what, key, v[what])


def check_handle_keys(v):
    made = handle_keys_of(v)
    check_fields(v, ["title", "handle", *made])
    for what, key in made.items():
        expect(what, key, v[what])
    expect("keys of one group", {key[:16] for key in made.values()}, {v["handle"][:16]})


def check_keyring(v):
    check_fields(v, ["title", "secrets", "app_name", "protection", "signed_until", "longest", "now", "base", "kind",
                     "cookie_name", "value", "opens"])
    try:
        open_with(v)
    except Refused:
        opens = False
    else:
        opens = True
    expect("whether it opens", opens, v["opens"])


def check_record(v):
    kind, row = v["kind"], row_of(v)
    check_fields(v, ["title", "kind", "content"] + RECORD_PARTS[kind] + CONFIGURED.get(kind, []) + list(row))
    expect("the content made", content_of(v).hex(), v["content"])
    expect("the parts read", open_record(bytes.fromhex(v["content"])),
           {part: v[part] for part in ["kind"] + RECORD_PARTS[kind]})
    for what, value in row.items():
        expect(what, value, v[what])
    for wanted in v.get("verdicts", []):
        verdict = verdict_of(v, wanted["sid"], wanted["issued_at"])
        expect(f"{wanted['sid']} of {wanted['issued_at']}", verdict, wanted["verdict"])


def is_read(content):
    try:
        open_record(content)
    except Refused:
        return False
    return True


def check_cuts(v):
    """Every cut of a record is refused, but those of denials between two logins: nothing says how many there are."""
    content = bytes.fromhex(v["content"])
    count = 0
    for length in range(len(content)):
        is_between = v["kind"] == "denials" and length >= 19 and (length - 19) % 48 == 0
        expect(f"cut to {length} bytes", is_read(content[:length]), is_between)
        count += not is_between
    for what, changed in [("another version", bytes([2]) + content[1:]), ("another kind", content[:1] + b"\x05" + content[2:]),
                          ("a byte more", content + b"\0")]:
        expect(what, is_read(changed), False)
        count += 1
    return count


def check_unreadable(v):
    check_fields(v, ["title", "content", "why"])
    expect("whether it is read", is_read(bytes.fromhex(v["content"])), False)


def check_page(page):
    vectors, refused = blocks(page, "vector"), blocks(page, "refused")
    fences = re.findall("^```json", page, re.MULTILINE)
    expect("blocks that are complete", len(BLOCK.findall(page)), len(fences))
    expect("vectors of every kind and protection", {(v["protection"], v["kind"]) for v in vectors},
           {(protection, kind) for protection in VERSION for kind in SUFFIX})
    expect("steps that refuse", {v["step"] for v in refused},
           {"name", "length", "base64url", "version", "tag", "body"})
    records, unreadable = blocks(page, "record"), blocks(page, "unreadable")
    expect("records of every kind", {v["kind"] for v in records}, set(RECORDS))
    keys = [(check_user_keys, blocks(page, "user keys")), (check_handle_keys, blocks(page, "handle keys"))]
    counts = {check_changes: 0, check_cuts: 0}
    for check, list_of in [(check_derivation, blocks(page, "derivation")),
                           (check_fingerprint, blocks(page, "fingerprint")), (check_vector, vectors),
                           (check_changes, vectors), (check_refused, refused),
                           (check_keyring, blocks(page, "keyring")), *keys, (check_record, records),
                           (check_cuts, records), (check_unreadable, unreadable)]:
        expect(f"vectors for {check.__name__}", bool(list_of), True)
        for v in list_of:
            try:
                counted = check(v)
                if counted is not None:
                    counts[check] += counted
            except (Failed, Refused, KeyError, ValueError) as error:
                raise Failed(f"{PAGE.name}, {v.get('title')!r}: {type(error).__name__}: {error}") from error
    return (f"{len(vectors)} vectors made and read, {len(refused)} refused ones refused, "
            f"{counts[check_changes]} changed values refused; "
            f"{sum(len(list_of) for _, list_of in keys)} sets of keys made, {len(records)} records made and read, "
            f"{len(unreadable)} unreadable ones and {counts[check_cuts]} changed ones refused")


def printed(page):
    """The page with the value, content and keys of each vector made anew."""
    made = {
        "vector": lambda v: {"value": seal_value(v)},
        "user keys": user_keys_of,
        "handle keys": handle_keys_of,
        "record": lambda v: {**row_of(v), "content": content_of(v).hex()},
    }

    def block(match):
        sort, text = match.groups()
        if sort not in made:
            return match[0]
        v = json.loads(text)
        v.update(made[sort](v))
        return f"```json {sort}\n{json.dumps(v, indent=2, ensure_ascii=False)}\n```"

    return BLOCK.sub(block, page)


def opened_line(line):
    try:
        return json.dumps(open_value(json.loads(line)))
    except Refused:
        return "null"


def with_keys(parts):
    """Parts that have the keys of their data in place of its text."""
    if "data" not in parts:
        return parts
    return {**parts, "data": [key.encode().hex() for key, _ in json_of(parts["data"].encode())[1]]}


def object_in(parts):
    """What the data of these parts says, in short: the same for two spellings of one object."""
    said = json.dumps(json_of(parts["data"].encode())[1]) if "data" in parts else ""
    return hashlib.sha256(said.encode()).hexdigest()


def served(question):
    """The answer to a question of the sort `ask`: bytes are hexadecimal in `content`, else text of one character a byte.

    find    the values of the cookie `name` in the `fields` of a request; `find flashes`: names and values of flashes
    open    what a value says, and the body that a writer makes of that; the other parts are those of --open
    record  the same of a record's `content`
    """
    if question["ask"].startswith("find"):
        fields_asked = [field.encode("latin-1") for field in question["fields"]]
        if question["ask"] == "find":
            return [value.decode("latin-1") for value in values_of(question["name"], fields_asked)]
        flashes = flashes_of(question["base"], fields_asked)
        return [[part.decode("latin-1") for part in flash] for flash in flashes]
    try:
        if question["ask"] == "open":
            parts = open_value(question)
            made = body_of({**parts, "kind": question["kind"]})
        else:
            parts = open_record(bytes.fromhex(question["content"]))
            made = content_of(parts)
    except Refused:
        return None
    # The bytes say all there is of denials.
    says = {"kind": "denials"} if parts.get("kind") == "denials" else with_keys(parts)
    return {"says": says, "bytes": made.hex(), "object": object_in(parts)}


def main(arguments):
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    answers = {
        "--open": opened_line,
        "--seal": lambda line: seal_value(json.loads(line)),
        "--serve": lambda line: json.dumps([served(question) for question in json.loads(line)]),
    }
    if len(arguments) == 1 and arguments[0] in answers:
        answer = answers[arguments[0]]
        sys.stdin.reconfigure(encoding="utf-8", newline="\n")
        for line in sys.stdin:
            print(answer(line), flush=True)
        return
    page = PAGE.read_text(encoding="utf-8")
    if arguments == ["--print"]:
        sys.stdout.write(printed(page))
    elif arguments:
        sys.exit(__doc__)
    else:
        check_primitives()
        check_finding()
        check_bodies()
        check_modes()
        print(f"wire format: {check_page(page)}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failed as failed:
        sys.exit(f"wire format: FAILED: {failed}")
