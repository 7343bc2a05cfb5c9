"""
A home in another language: enrols, publishes a catalogue, reports and answers in rounds, believes results and tariffs.
Written from broker/protocol/README.md and protocol.cddl alone, to show that they are enough. It is a test, no product:
one tensor, entered by hand, and a clock that stands still.

Usage: home.py CONFIG.json   prints one JSON object a line for each thing that happens
"""
import base64
import hashlib
import json
import os
import secrets
import sys
from datetime import datetime, timezone
from fractions import Fraction

import cbor2
import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID

PRIMES = (2097143, 2097133, 2097131)
FIELD_BOUND = 4611578267083733244
ED25519 = bytes.fromhex("300506032b6570")
RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
TWO_WEEKS = 14 * 24 * 3600 * 1000
LOW_ORDER = {
    int.from_bytes(bytes.fromhex(text), "little")
    for text in (
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    )
} | {0, 1, 2**255 - 20}


class Refused(Exception):
    pass


def require(holds, why):
    if not holds:
        raise Refused(why)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- encoding and signatures ---------------------------------------------------------------------


def encode(fields):
    # cbor2 sorts keys by length, then by bytes: for text keys that is the order of their encodings.
    return cbor2.dumps(fields, canonical=True)


def decode(data, kind, keys):
    try:
        fields = cbor2.loads(data)
    except Exception as error:
        raise Refused(f"{kind}: not CBOR") from error
    require(isinstance(fields, dict) and encode(fields) == data, f"{kind}: not canonical")
    require(fields.get("v") == 1 and fields.get("type") == kind, f"{kind}: another version or type")
    require(set(fields) == {"v", "type", *keys}, f"{kind}: other fields")
    return fields


def sign(key, kind, fields):
    payload = encode({"v": 1, "type": kind, **fields})
    return encode([payload, key.sign(b"wattveil/1/" + kind.encode() + b"\0" + payload)])


def open_signed(data, kind, public_key, keys):
    envelope = cbor2.loads(data)
    require(isinstance(envelope, list) and len(envelope) == 2 and encode(envelope) == data, f"{kind}: no envelope")
    payload, signature = envelope
    verify(public_key, b"wattveil/1/" + kind.encode() + b"\0" + payload, signature, kind)
    return decode(payload, kind, keys), payload


def verify(public_key, message, signature, kind):
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature as error:
        raise Refused(f"{kind}: bad signature") from error


def number_text(value):
    """How RFC 8785 writes a number: as ECMAScript does."""
    if isinstance(value, int):
        return str(value)
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text
    power = int(exponent)
    if -7 < power < 0:
        digits = mantissa.replace(".", "").lstrip("-")
        return ("-" if value < 0 else "") + "0." + "0" * (-power - 1) + digits
    return f"{mantissa}e{'+' if power > 0 else '-'}{abs(power)}"


def canonical_json(value):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(canonical_json(key) + ":" + canonical_json(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical_json, value)) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number_text(value)
    return json.dumps(value, ensure_ascii=False)


def open_json(data, kind, public_key):
    text = data.decode("utf-8")
    value = json.loads(text)
    require(isinstance(value, dict) and canonical_json(value) == text, f"{kind}: not canonical")
    require(value.get("v") == 1 and value.get("type") == kind, f"{kind}: another version or type")
    signature = base64.urlsafe_b64decode(value["signature"] + "==")
    unsigned = {key: part for key, part in value.items() if key != "signature"}
    verify(public_key, b"wattveil/1/" + kind.encode() + b"\0" + canonical_json(unsigned).encode(), signature, kind)
    return value


# --- certificates and rosters --------------------------------------------------------------------


def der_parts(data):
    """The elements of a piece of DER: (tag, whole element, contents)."""
    parts = []
    while data:
        length, head = data[1], 2
        if length >= 0x80:
            head += length - 0x80
            length = int.from_bytes(data[2:head], "big")
            require(length >= 0x80 and data[2] != 0, "DER: a length that is not minimal")
        require(len(data) >= head + length, "DER: cut off")
        parts.append((data[0], data[: head + length], data[head : head + length]))
        data = data[head + length :]
    return parts


def identity_of(certificate, authority, home, cohort, now):
    outer = der_parts(certificate)
    require(len(outer) == 1, "certificate: bytes after its end")
    tbs, algorithm, signature = der_parts(outer[0][2])
    require(algorithm[1] == ED25519 and signature[2][:1] == b"\0", "certificate: another algorithm")
    verify(authority, tbs[1], signature[2][1:], "certificate")
    inner = der_parts(tbs[2])
    require(inner[2][1] == ED25519, "certificate: another algorithm inside")
    read = x509.load_der_x509_certificate(certificate)
    names = [[one.value for one in read.subject.get_attributes_for_oid(oid)] for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)]
    require(names == [[home], [cohort]], "certificate: of another home or cohort")
    times = [at.replace(tzinfo=timezone.utc).timestamp() * 1000 for at in (read.not_valid_before, read.not_valid_after)]
    require(times[0] <= now <= times[1], "certificate: not valid now")
    spki = inner[6][1]
    require(spki[:12] == bytes.fromhex("302a") + ED25519 + bytes.fromhex("032100"), "certificate: another kind of key")
    return spki[12:]


def check_roster(data, pins, cohort, now, state):
    fields, payload = open_signed(data, "roster", pins["coordinator"], ("cohort", "epoch", "members", "homes"))
    digest = sha256(payload)
    epoch = fields["epoch"]
    require(fields["cohort"] == cohort, "roster: another cohort")
    for accepted, other in state["epochs"].items():
        require(int(accepted) < epoch or (int(accepted) == epoch and other == digest.hex()), "roster: its epoch")
    members, _ = open_signed(fields["members"], "member-list", pins["authority"], ("cohort", "epoch", "homes"))
    ids = members["homes"]
    require(members["cohort"] == cohort and members["epoch"] == epoch, "roster: the list of another")
    require(len(ids) == len(fields["homes"]) and ids == sorted(set(ids)), "roster: not the list")
    homes = []
    for home, entry in zip(ids, fields["homes"]):
        identity = identity_of(entry["certificate"], pins["authority"], home, cohort, now)
        key, _ = open_signed(entry["agreement"], "agreement-key", identity, ("home", "sequence", "key"))
        number = int.from_bytes(key["key"], "little")
        require(key["home"] == home and number < 2**255 - 19 and number not in LOW_ORDER, "roster: an agreement key")
        seen = state["seen"].get(home, [-1, ""])
        same = key["sequence"] == seen[0] and key["key"].hex() == seen[1]
        require(key["sequence"] > seen[0] or same, "roster: an agreement key that was replaced")
        homes.append({"id": home, "identity": identity, "key": key["key"], "sequence": key["sequence"]})
    require(len({home["identity"] for home in homes}) == len(homes), "roster: an identity twice")
    require(len({home["key"] for home in homes}) == len(homes), "roster: an agreement key twice")
    return {"hash": digest, "epoch": epoch, "homes": homes}


# --- sharing and sealing -------------------------------------------------------------------------


def share(vector, n, threshold, packing):
    """@returns each home's blocks, 8 bytes each"""
    padded = vector + [0] * (-len(vector) % packing)
    nodes = [-1 - at for at in range(packing)] + list(range(1, threshold + 1))
    shares = [b""] * n
    for at in range(0, len(padded), packing):
        values = []
        for prime in PRIMES:
            known = [value % prime for value in padded[at : at + packing]]
            known += [secrets.randbelow(prime) for _ in range(threshold)]
            values.append([interpolate(nodes, known, home, prime) for home in range(1, n + 1)])
        for home in range(n):
            r0, r1, r2 = (residues[home] for residues in values)
            shares[home] += (r0 + (r1 << 21) + (r2 << 42)).to_bytes(8, "little")
    return shares


def interpolate(nodes, values, at, prime):
    if at in nodes:
        return values[nodes.index(at)]
    total = 0
    for node, value in zip(nodes, values):
        above = below = 1
        for other in nodes:
            if other != node:
                above = above * (at - other) % prime
                below = below * (node - other) % prime
        total += value * above * pow(below, -1, prime)
    return total % prime


def residues_of(share):
    words = [int.from_bytes(share[at : at + 8], "little") for at in range(0, len(share), 8)]
    read = [[(word >> 21 * k) & 0x1FFFFF for k in range(3)] for word in words]
    require(all(word >> 63 == 0 for word in words), "share: bit 63")
    require(all(r < p for block in read for r, p in zip(block, PRIMES)), "share: a residue that is none")
    return read


def add(shares):
    columns = zip(*map(residues_of, shares))
    sums = [[sum(block[k] for block in column) % PRIMES[k] for k in range(3)] for column in columns]
    return b"".join((r0 + (r1 << 21) + (r2 << 42)).to_bytes(8, "little") for r0, r1, r2 in sums)


class Seals:
    def __init__(self, own, roster, round_hash):
        self.pairs = [own.exchange(X25519PublicKey.from_public_bytes(home["key"])) for home in roster["homes"]]
        self.roster, self.round = roster["hash"], round_hash

    def _cipher(self, pair, salt, sender, receiver):
        info = b"wattveil/1/share\0" + self.roster + self.round + sender.to_bytes(4, "big") + receiver.to_bytes(4, "big")
        made = HKDF(hashes.SHA256(), 44, salt, info).derive(self.pairs[pair - 1])
        return ChaCha20Poly1305(made[:32]), made[32:]

    def seal(self, own, receiver, salt, plain):
        cipher, nonce = self._cipher(receiver, salt, own, receiver)
        return cipher.encrypt(nonce, plain, self.round)

    def open(self, sender, own, salt, sealed):
        cipher, nonce = self._cipher(sender, salt, sender, own)
        plain = cipher.decrypt(nonce, sealed, self.round)
        residues_of(plain)
        return plain


# --- rounds --------------------------------------------------------------------------------------

ANNOUNCE = ("id", "cohort", "roster", "query", "grid", "resolution", "limit", "statistics", "dropouts", "packing", "minimum", "deadline", "expiry")


def check_announce(fields, payload, n, cohort, now):
    """What every member checks. @returns the round's numbers"""
    d, packing, grid, statistics = fields["dropouts"], fields["packing"], fields["grid"], fields["statistics"]
    answers, threshold, collusion = n - d, n - d - packing, n - 3 * d - 3 * packing + 2
    length = grid["slots"] * (1 + ("variance" in statistics) + statistics.get("histogram", {}).get("buckets", 0))
    end = grid["from"] + grid["step"] * grid["slots"]
    require(fields["cohort"] == cohort, "announce: another cohort")
    require(threshold >= 1 and answers <= 2047 and collusion >= -(-n // 3), "announce: its sharing")
    require(length <= 4096 and n * fields["limit"] ** 2 <= FIELD_BOUND, "announce: its numbers")
    floor = 100 if "histogram" in statistics else 30 if "variance" in statistics else 1
    require(floor <= fields["minimum"] <= n, "announce: its minimum")
    require("histogram" not in statistics or 16 * statistics["histogram"]["width"] >= fields["limit"], "announce: its buckets")
    require(fields["deadline"] <= fields["expiry"] <= end + TWO_WEEKS and now < fields["expiry"], "announce: its times")
    return {
        **fields,
        "hash": sha256(b"wattveil/1/round\0", payload),
        "threshold": threshold,
        "end": end,
        "n": n,
        "blocks": -(-length // packing),
    }


def vector_of(announce, values):
    mantissa, exponent = announce["resolution"]
    resolution = Fraction(mantissa) * Fraction(10) ** exponent
    steps = []
    for value in values:
        exact = Fraction(repr(value)) / resolution
        size = int(abs(exact) + Fraction(1, 2))
        steps.append(size if exact >= 0 else -size)
    squares = [step * step for step in steps] if "variance" in announce["statistics"] else []
    return steps + squares


class Home:
    def __init__(self, config):
        self.config, self.id, self.prefix = config, config["home"], config.get("prefix", "wattveil/v1")
        self.now = config["now"]
        self.state = self.load()
        self.identity = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.state["identity"]))
        self.agreement = X25519PrivateKey.from_private_bytes(bytes.fromhex(self.state["agreement"]))
        self.rosters, self.waiting, self.rounds, self.opens = {}, {}, {}, {}
        self.client = self.connect()

    # What has to outlive the process, and the two private keys.
    def load(self):
        if os.path.exists(self.config["state"]):
            with open(self.config["state"], encoding="utf-8") as file:
                return json.load(file)
        fresh = {"identity": secrets.token_hex(32), "agreement": secrets.token_hex(32), "enrolment": None}
        return {**fresh, "epochs": {}, "seen": {}, "bound": {}, "reports": {}, "answers": {}, "spent": [], "tariff": -1}

    def store(self):
        path = self.config["state"]
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".new", path)

    def say(self, event, **more):
        print(json.dumps({"event": event, **more}), flush=True)

    def topic(self, path):
        return f"{self.prefix}/{path}"

    def publish(self, path, payload, retain=False):
        self.client.publish(self.topic(path), payload, qos=1, retain=retain)

    def status(self, online):
        return json.dumps({"v": 1, "online": online, "since": self.now, "version": "python"})

    def connect(self):
        # From version 2 on paho wants to be told which callbacks are meant.
        version = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []
        client = mqtt.Client(*version, client_id=self.id, clean_session=True, protocol=mqtt.MQTTv311)
        client.will_set(self.topic(f"homes/{self.id}/status"), self.status(False), qos=1, retain=True)
        client.on_connect = lambda *_: self.connected()
        client.on_message = lambda _client, _data, message: self.received(message)
        client.connect(self.config["host"], self.config["port"], keepalive=self.config.get("keepalive", 30))
        return client

    def connected(self):
        self.client.subscribe(self.topic(f"enrolment/{self.id}/reply"), qos=1)
        self.publish(f"homes/{self.id}/status", self.status(True), retain=True)
        if self.config.get("wide"):
            self.show()
        if self.state["enrolment"] is None:
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.id)])
            request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self.identity, None)
            der = request.public_bytes(serialization.Encoding.DER)
            fields = {"v": 1, "type": "enrolment-request", "home": self.id, "claim": "written in Python"}
            self.publish(f"enrolment/{self.id}/request", json.dumps({**fields, "request": base64.b64encode(der).decode()}))
        else:
            self.take_part()

    def received(self, message):
        path = message.topic[len(self.prefix) + 1 :].split("/")
        try:
            if path[0] == "enrolment":
                self.enrolled(json.loads(message.payload))
            elif path[0] == "homes" and path[-1] != "open":
                pass
            elif path[0] == "homes":
                self.asked(path[3], message.payload)
            elif path[2] == "rounds":
                self.announced(path[3], message.payload)
            elif path[2] == "rosters":
                self.roster_came(path[3], message.payload)
            elif path[2] == "results":
                self.resulted(path[3], message.payload)
            elif path[2] == "tariff":
                self.priced(message.payload)
        except Refused as refused:
            self.say("refused", why=str(refused), topic=message.topic)

    def enrolled(self, reply):
        require(reply["v"] == 1 and reply["type"] == "enrolment-reply" and reply["home"] == self.id, "reply: of another")
        if reply["state"] == "refused":
            return self.say("refused", why=reply["says"])
        enrolment = {key: reply[key] for key in ("cohort", "certificate", "authority", "coordinator")}
        certificate = base64.b64decode(reply["certificate"])
        identity = identity_of(certificate, bytes.fromhex(reply["authority"]), self.id, reply["cohort"], self.now)
        require(identity == self.identity.public_key().public_bytes(*RAW), "reply: the certificate of another key")
        pinned = self.state["enrolment"]
        require(pinned is None or all(pinned[key] == enrolment[key] for key in ("authority", "coordinator", "cohort")), "reply: other pins")
        self.state["enrolment"] = enrolment
        self.store()
        self.say("enrolled", cohort=reply["cohort"])
        self.take_part()

    @property
    def cohort(self):
        return self.state["enrolment"]["cohort"]

    @property
    def pins(self):
        return {party: bytes.fromhex(self.state["enrolment"][party]) for party in ("authority", "coordinator")}

    def show(self):
        key = {"home": self.id, "sequence": 1, "key": self.agreement.public_key().public_bytes(*RAW)}
        self.publish(f"homes/{self.id}/agreement-key", sign(self.identity, "agreement-key", key), retain=True)
        tensor, slots = self.config["tensor"], len(self.config["tensor"]["values"])
        entry = {key: tensor[key] for key in ("id", "tags", "quantity", "unit", "from", "capacity")}
        entry |= {"description": "", "dtype": "float64", "shape": [slots], "until": tensor["from"] + slots * tensor["step"]}
        catalogue = {"home": self.id, "sequence": 1, "tensors": [entry]}
        self.publish(f"homes/{self.id}/catalogue", sign(self.identity, "catalogue", catalogue), retain=True)

    def take_part(self):
        # Either way is a home's right: what it subscribes to, at which quality, and when it shows what it is.
        if self.config.get("wide"):
            self.client.subscribe([(self.topic(f"cohorts/{self.cohort}/#"), 0), (self.topic(f"homes/{self.id}/#"), 0)])
        else:
            self.show()
            for path in ("rounds/+", "results/+", "tariff"):
                self.client.subscribe(self.topic(f"cohorts/{self.cohort}/{path}"), qos=1)
            self.client.subscribe(self.topic(f"homes/{self.id}/rounds/+/open"), qos=1)
        self.say("ready")

    def announced(self, topic_round, data):
        if not data:
            return self.rounds.pop(topic_round, None)
        fields, payload = open_signed(data, "announce", self.pins["coordinator"], ANNOUNCE)
        require(fields["id"].hex() == topic_round, "announce: of another topic")
        wanted = fields["roster"].hex()
        if wanted not in self.rosters:
            self.waiting.setdefault(wanted, []).append((topic_round, data))
            return self.client.subscribe(self.topic(f"cohorts/{self.cohort}/rosters/{wanted}"), qos=1)
        roster = self.rosters[wanted]
        announce = check_announce(fields, payload, len(roster["homes"]), self.cohort, self.now)
        bound = self.state["bound"].setdefault(topic_round, announce["hash"].hex())
        require(bound == announce["hash"].hex(), "announce: its id is bound to another")
        self.store()
        own = [home["id"] for home in roster["homes"]].index(self.id) + 1
        self.rounds[topic_round] = (announce, roster, own, Seals(self.agreement, roster, announce["hash"]))
        self.contribute(topic_round)
        if topic_round in self.opens:
            self.asked(topic_round, self.opens.pop(topic_round))

    def roster_came(self, topic_hash, data):
        if not data or topic_hash not in self.waiting:
            return
        roster = check_roster(data, self.pins, self.cohort, self.now, self.state)
        require(roster["hash"].hex() == topic_hash, "roster: of another topic")
        own = [home for home in roster["homes"] if home["id"] == self.id]
        require(len(own) == 1 and own[0]["key"] == self.agreement.public_key().public_bytes(*RAW), "roster: without this home")
        self.state["epochs"][str(roster["epoch"])] = topic_hash
        self.state["seen"] |= {home["id"]: [home["sequence"], home["key"].hex()] for home in roster["homes"]}
        self.store()
        self.rosters[topic_hash] = roster
        self.client.unsubscribe(self.topic(f"cohorts/{self.cohort}/rosters/{topic_hash}"))
        for topic_round, announcement in self.waiting.pop(topic_hash):
            self.announced(topic_round, announcement)

    def contribute(self, round_id):
        announce, _, own, seals = self.rounds[round_id]
        if round_id not in self.state["reports"]:
            reason, values = self.own_values(announce)
            if reason is not None:
                if reason != "nothing":
                    self.publish(f"homes/{self.id}/rounds/{round_id}/decline", encode({"v": 1, "type": "decline", "round": announce["hash"], "reason": reason}))
                return self.say("declined", round=round_id, reason=reason)
            salt = secrets.token_bytes(16)
            shares = share(vector_of(announce, values), announce["n"], announce["threshold"], announce["packing"])
            sealed = b"".join(seals.seal(own, at + 1, salt, plain) for at, plain in enumerate(shares))
            report = encode({"v": 1, "type": "report", "round": announce["hash"], "salt": salt, "shares": sealed})
            self.state["reports"][round_id] = report.hex()
            self.state["spent"].append([announce["grid"]["from"], announce["end"]])
            self.store()
        self.publish(f"homes/{self.id}/rounds/{round_id}/report", bytes.fromhex(self.state["reports"][round_id]))
        self.say("reported", round=round_id)

    def own_values(self, announce):
        """@returns why nothing is contributed, or the values"""
        tensor, grid, query = self.config["tensor"], announce["grid"], announce["query"]
        matches = set(query["tags"]) <= set(tensor["tags"]) and all(query[key] == tensor[key] for key in ("quantity", "unit"))
        if not matches:
            return "nothing", None
        capacity = Fraction(tensor["capacity"][0]) * Fraction(10) ** tensor["capacity"][1] * grid["step"] / 3600000
        resolution = Fraction(announce["resolution"][0]) * Fraction(10) ** announce["resolution"][1]
        if announce["minimum"] < self.config["minimum"] or grid["step"] < 900000 or "histogram" in announce["statistics"]:
            return "policy", None
        if announce["limit"] * resolution < capacity:
            return "policy", None
        if any(start < announce["end"] and grid["from"] < until for start, until in self.state["spent"]):
            return "spent", None
        first = (grid["from"] - tensor["from"]) // tensor["step"]
        values = tensor["values"][first : first + grid["slots"]] if first >= 0 else []
        covered = grid["step"] == tensor["step"] and (grid["from"] - tensor["from"]) % tensor["step"] == 0
        if not covered or len(values) < grid["slots"] or announce["end"] > self.now:
            return "no-data", None
        return None, [value if value <= capacity else float(capacity) for value in values]

    def asked(self, round_id, data):
        if not data:
            return None
        if round_id not in self.rounds:
            self.opens[round_id] = data
            return None
        announce, roster, own, seals = self.rounds[round_id]
        request = decode(data, "open", ("set", "shares"))
        fields, payload = open_signed(request["set"], "set", self.pins["coordinator"], ("round", "contributors", "salts"))
        digest = sha256(b"wattveil/1/set\0", payload)
        bitmap, n = fields["contributors"], announce["n"]
        contributors = [i for i in range(1, 8 * len(bitmap) + 1) if bitmap[(i - 1) // 8] >> ((i - 1) % 8) & 1]
        size = 8 * announce["blocks"] + 16
        require(fields["round"] == announce["hash"], "set: of another round")
        require(len(bitmap) == -(-n // 8) and all(i <= n for i in contributors), "set: its bitmap")
        require(len(contributors) >= announce["minimum"], "set: too few")
        require(len(fields["salts"]) == 16 * len(contributors), "set: its salts")
        require(len(request["shares"]) == size * len(contributors), "open: its shares")
        require(self.now < announce["expiry"], "open: expired")
        answered = self.state["answers"].get(round_id)
        require(answered is None or answered["set"] == digest.hex(), "set: another one was answered")
        if answered is None:
            opened = []
            for at, sender in enumerate(contributors):
                salt, sealed = fields["salts"][16 * at : 16 * at + 16], request["shares"][size * at : size * (at + 1)]
                try:
                    opened.append(seals.open(sender, own, salt, sealed))
                except (InvalidTag, Refused):
                    complaint = {"v": 1, "type": "complaint", "round": announce["hash"], "set": digest, "contributor": sender}
                    self.publish(f"homes/{self.id}/rounds/{round_id}/complaint", encode(complaint))
            if len(opened) < len(contributors):
                return self.say("complained", round=round_id)
            answer = encode({"v": 1, "type": "answer", "round": announce["hash"], "set": digest, "sums": add(opened)})
            self.state["answers"][round_id] = {"set": digest.hex(), "bytes": answer.hex()}
            self.store()
        self.publish(f"homes/{self.id}/rounds/{round_id}/answer", bytes.fromhex(self.state["answers"][round_id]["bytes"]))
        self.say("answered", round=round_id, contributors=len(contributors))

    def resulted(self, round_id, data):
        if not data or round_id not in self.state["bound"]:
            return
        result = open_json(data, "result", self.pins["coordinator"])
        require(result["round"] == round_id and result["hash"] == self.state["bound"][round_id], "result: of another round")
        self.say("result", result=result)

    def priced(self, data):
        if not data:
            return
        tariff = open_json(data, "tariff", self.pins["coordinator"])
        require(tariff["cohort"] == self.cohort and tariff["sequence"] > self.state["tariff"], "tariff: not a newer one")
        require(self.now < tariff["until"], "tariff: over")
        self.state["tariff"] = tariff["sequence"]
        self.store()
        prices = [interval["payloads"][0]["values"][0] for interval in tariff["event"]["intervals"]]
        self.say("tariff", sequence=tariff["sequence"], prices=prices)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as given:
        home = Home(json.load(given))
    home.client.loop_forever()
