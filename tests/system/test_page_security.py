"""The page's gateway under people and programs that mean harm: no sign-in, the wrong role, forged
requests, guessing, floods, slowness, and bytes that are no HTTP and no JSON.

Every test ends alike: gateway and daemon go on, and the record holds the commands that were really
given and no other one.
"""
import errno
import json
import os
import random
import re
import resource
import select
import socket
import struct
import subprocess
import threading
import time

import vigil_system as vs

ROLES = {"anna": "nurse", "ben": "nurse", "carl": "clinician", "vera": "viewer", "ward": "viewer"}
PINS = {"anna": "2468", "ben": "1357", "carl": "9753", "vera": "8642", "ward": "7531"}
NURSE_OPS = """notes ack audio_pause alarm_pause alarm_on test_alarm quiet_on quiet_off nibp_start
nibp_abort session_open session_close dose dose_amend dose_void limit_set limits_profile
limits_formula score sedation fact weight reading baseline schedule defer symptom intervention
marker note handover care_void""".split()
CLINICIAN_OPS = ["alarm_off", "override"]
VIEWER_OPS = ["snapshot", "range", "history", "limits", "plan"]
PIN_OPS = """dose dose_amend dose_void limit_set limits_profile limits_formula alarm_off
override""".split()
SCRIPT = "<script>alert(1)</script>\"'&\\</textarea>"
SECURITY = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
            "x-frame-options": "DENY", "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin"}
# What the HTTP library says by itself, with a text of its own, before the gateway sees a request.
LIBRARY = (400, 411, 413, 414, 431, 501, 505)
PROMPT_S = 2.0
PATIENCE_S = 1.0
SLOW_S = 15.0


def password(person):
    return f"correct horse {person}"


# --- HTTP -------------------------------------------------------------------------------------


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def is_ok(self):
        return self.status == 200 and self.json().get("ok") is True

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


def check_headers(a):
    """Every answer of the gateway has them; what the library answers has no text of the asker."""
    if a.status in LIBRARY and "content-security-policy" not in a.headers:
        vs.check(b"alert" not in a.body and len(a.body) < 600, a)
        return
    for name, value in SECURITY.items():
        vs.equal(a.headers.get(name), value, f"{name} of {a}")
    policy = a.headers.get("content-security-policy", "")
    vs.check("default-src 'none'" in policy and "frame-ancestors 'none'" in policy, policy)
    vs.check("unsafe" not in policy and "*" not in policy, policy)


class Line:
    """One connection; what goes over it is up to the test."""

    def __init__(self, port, ceiling=vs.CEILING):
        self.socket = socket.create_connection(("127.0.0.1", port), ceiling)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)
        return self

    def head(self):
        """Status and headers, or None when the connection was closed instead."""
        first = self.file.readline()
        if not first:
            return None
        vs.check(first.startswith(b"HTTP/1."), "not an answer:", first)
        headers = {}
        for raw in iter(self.file.readline, b"\r\n"):
            vs.check(raw.endswith(b"\r\n"), "half an answer:", first, headers, raw)
            name, _, value = raw.decode("latin-1").partition(":")
            vs.check(name.lower() not in headers, "twice:", name)
            headers[name.lower()] = value.strip()
        return int(first.split()[1]), headers

    def answer(self, method="GET"):
        got = self.head()
        while got is not None and got[0] == 100:
            got = self.head()
        if got is None:
            return None
        status, headers = got
        bodiless = method == "HEAD" or status in (204, 304)
        length = 0 if bodiless else int(headers.get("content-length", 0))
        body = self.file.read(length)
        vs.equal(len(body), length, "bytes of the body")
        a = Answer(status, headers, body)
        check_headers(a)
        return a

    def close(self):
        self.file.close()
        self.socket.close()


def message(port, method, path, body=None, headers=None):
    lines = {"Host": f"127.0.0.1:{port}", **(headers or {})}
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    if body is not None:
        lines.setdefault("Content-Type", "application/json")
        lines.setdefault("Content-Length", str(len(data)))
    head = f"{method} {path} HTTP/1.1\r\n"
    head += "".join(f"{k}: {v}\r\n" for k, v in lines.items() if v is not None)
    return (head + "\r\n").encode("latin-1") + data


# --- a clinic ---------------------------------------------------------------------------------


class Clinic:
    """A daemon with an oximeter, the gateway, its accounts, and which commands were given."""

    accounts = None  # the file, made by the program once

    def __init__(self, b):
        self.bench = b
        self.done = set()
        b.oximeter("ox", "--quiet")
        self.daemon = b.daemon(b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox')}")]))
        self.view = b.client(view=True)
        self.port = vs.free_port()
        self.program = os.path.join(b.bin, "vigil-dashboard")
        if not os.path.exists(self.program):
            raise vs.Skip("built without the page")
        self.config = self.write_config()
        self.make_accounts()
        self.start_page()

    def start_page(self):
        self.page = self.bench.keep(vs.Process([self.program, "--config", self.config]))
        self.page.wait_line("http://")

    def write_config(self):
        os.mkdir(self.bench.path("page"), 0o700)
        path = self.bench.path("dashboard.yaml")
        with open(path, "w", encoding="ascii") as f:
            f.write(f"version: 1\ntitle: Test\nport: {self.port}\n"
                    f"state_dir: {self.bench.path('page')}\n"
                    f"tones: {vs.ROOT}/config/tones/iec-60601-1-8.yaml\n"
                    f"nodes:\n  - id: clinic-a\n    stream: {self.bench.stream_at}\n"
                    f"    view: {self.bench.view_at}\n    operate: {self.bench.operate_at}\n")
        return path

    def make_accounts(self):
        path = os.path.join(self.bench.path("page"), "people.json")
        if Clinic.accounts is None:
            for who, role in ROLES.items():
                self.user("add", who, "--role", role, text=f"{password(who)}\n{PINS[who]}\n")
            with open(path, "rb") as f:
                Clinic.accounts = f.read()
        with open(path, "wb", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
            f.write(Clinic.accounts)

    def user(self, *words, text=""):
        done = subprocess.run([self.program, "--config", self.config, "user", *words], input=text,
                              capture_output=True, text=True, timeout=60)
        vs.equal(done.returncode, 0, f"user {words}: {done.stderr}")

    def ask(self, method, path, body=None, headers=None):
        """One request on a connection of its own."""
        return self.raw(message(self.port, method, path, body, headers), method)

    def raw(self, data, method="GET"):
        line = Line(self.port)
        try:
            return line.send(data).answer(method)
        finally:
            line.close()

    def sign_in(self, who, secret=None, **members):
        body = {"person": who, "password": secret or password(who), **members}
        return self.ask("POST", "/api/sign-in", body)

    def person(self, who, shared=False):
        return Person(self, who, shared)

    def history(self):
        rows, at = [], 1
        while at is not None:
            reply = self.view.ask({"op": "history", "from_seq": at})
            vs.check(reply["ok"], reply)
            rows, at = rows + reply["rows"], reply["next"]
        return rows

    def check_unharmed(self, good=None):
        """Both go on, who is signed in still is, and nothing was done that nobody did."""
        vs.check(self.page.is_running() and self.daemon.is_running(), self.page.tail())
        me = (good or self.person("anna")).get("/api/me")
        vs.check(me.is_ok() and me.json()["person"] == "anna", me)
        self.bench.snapshot(self.view, "bed-1")
        given = {r["data"]["request_id"] for r in self.history()
                 if r.get("data", {}).get("request_id")}
        vs.equal(given, self.done, "commands in the record")
        vs.check(self.page.count("ERROR") == 0 and not self.page.find("runtime error"),
                 self.page.tail())


class Person:
    """Somebody signed in, with the cookie and the token of that session."""

    def __init__(self, clinic, who, shared=False):
        self.clinic = clinic
        self.who = who
        answer = clinic.sign_in(who, shared=shared)
        vs.check(answer.is_ok(), "sign in:", answer)
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        self.token = answer.json()["token"]

    def headers(self, **other):
        own = {"Cookie": self.cookie, "X-Vigil-Token": self.token}
        own.update({k.replace("_", "-"): v for k, v in other.items()})
        return own

    def get(self, path):
        return self.clinic.ask("GET", path, None, self.headers())

    def post(self, path, body, **headers):
        return self.clinic.ask("POST", path, body, self.headers(**headers))

    def node(self, body, **headers):
        return self.post("/api/node/clinic-a", body, **headers)

    def command(self, op, **members):
        """A command; when the daemon did it, its id is among those the record must have."""
        body = {"op": op, "bed": "bed-1", "request_id": vs.request_id(), **members}
        answer = self.node(body)
        if answer.is_ok():
            self.clinic.done.add(body["request_id"])
        return answer

    def pinned(self, op, **members):
        return self.command(op, pin=PINS[self.who], **members)

    def can_act(self):
        answer = self.command("test_alarm", priority="low")
        vs.check(answer.is_ok(), "a command that was right:", answer)


def dose(**members):
    return {"kind": "bolus", "drug": "esketamine", "amount": "12.5", "unit": "mg", "route": "iv",
            **members}


def refused(answer, status, error=None):
    vs.check(answer is not None, "no answer instead of", status)
    vs.equal(answer.status, status, f"status of {answer}")
    vs.check(answer.json()["ok"] is False, answer)
    if error is not None:
        vs.equal(answer.json()["error"], error, f"error of {answer}")


def open_session(anna):
    answer = anna.command("session_open", patient_ref="pat-1")
    vs.check(answer.is_ok(), answer)


# --- who may ----------------------------------------------------------------------------------


def test_signed_out(b):
    """Nothing is shown and nothing done for who is not signed in, whatever the cookie says."""
    c = Clinic(b)
    made_up = [None, "vigil=", "vigil=0", "vigil=" + "0" * 64, "vigil=" + "f" * 64,
               "vigil=" + "A" * 4000, "vigil=\"; vigil=1", "Vigil=" + "0" * 64]
    command = {"op": "test_alarm", "bed": "bed-1", "request_id": "x", "priority": "low"}
    for cookie in made_up:
        headers = {"Cookie": cookie, "X-Vigil-Token": "0" * 32}
        for path in ("/api/me", "/api/stream?screen=1"):
            refused(c.ask("GET", path, None, headers), 401, "signed_out")
        for path in ("/api/screen", "/api/sign-out", "/api/node/clinic-a"):
            refused(c.ask("POST", path, command, headers), 401, "signed_out")
    c.check_unharmed()


def known_ops():
    with open(os.path.join(vs.ROOT, "dashboard", "op.c"), encoding="ascii") as f:
        return re.findall(r'^ +(?:{ |[A-Z]+\()"(\w+)"', f.read(), re.M)


def test_roles(b):
    """Each operation is refused to who is too low, also with everything else right."""
    c = Clinic(b)
    anna, vera, carl = c.person("anna"), c.person("vera"), c.person("carl")
    vs.equal(sorted(known_ops()), sorted(NURSE_OPS + CLINICIAN_OPS + VIEWER_OPS), "operations")
    open_session(anna)
    for op in NURSE_OPS + CLINICIAN_OPS:
        refused(vera.pinned(op, **dose()), 403, "role")
        answer = vera.command(op, who="anna", pin=PINS["anna"])
        refused(answer, 403, "role" if answer.json()["error"] == "role" else "who")
    for op in CLINICIAN_OPS:
        refused(anna.pinned(op, vital="spo2", item="escort", reason="-"), 403, "role")
    for op in VIEWER_OPS:
        vs.check(vera.node({"op": op}).is_ok(), op)
    for op in ("sink_alive", "receipt", "", "DOSE", "dose ", "dose\n", "nonsense", None, 7,
               ["dose"], {"op": "dose"}):
        refused(carl.node({"op": op, "sink": "room-1", "bed": "bed-1", "instance": 1}), 400, "op")
    refused(carl.post("/api/node/elsewhere", {"op": "snapshot"}), 404, "node")
    anna.can_act()
    c.check_unharmed(anna)


def test_operator_is_not_told(b):
    """Who acts is who is signed in: no body can say otherwise, and the record has the right one."""
    c = Clinic(b)
    anna = c.person("anna")
    for operator in ("carl", "anna", "", None, 0, []):
        refused(anna.command("test_alarm", priority="low", operator=operator), 400, "operator")
    twice = b'{"op":"test_alarm","bed":"bed-1","request_id":"q","priority":"low","op":"snapshot"}'
    refused(anna.node(twice), 400, "format")
    hidden = b'{"op":"test_alarm","bed":"bed-1","request_id":"q","\\u006fperator":"carl"}'
    refused(anna.node(hidden), 400, "operator")
    anna.can_act()
    rows = [r for r in c.history() if r.get("data", {}).get("request_id") in c.done]
    vs.equal([r["operator"] for r in rows], ["anna"], "operators")
    c.check_unharmed(anna)


# --- forged requests --------------------------------------------------------------------------


def test_forged(b):
    """A page of somebody else that makes the browser send the cookie gets nothing done."""
    c = Clinic(b)
    anna, ben = c.person("anna"), c.person("ben")
    body = {"op": "test_alarm", "bed": "bed-1", "request_id": "forged", "priority": "low"}
    host = f"127.0.0.1:{c.port}"
    for token in (None, "", "0" * 32, anna.token[:-1], anna.token + "0", anna.token.upper() + "G",
                  ben.token):
        refused(anna.node(body, X_Vigil_Token=token), 403, "token")
        refused(anna.post("/api/sign-out", {}, X_Vigil_Token=token), 403, "token")
        refused(anna.post("/api/screen", {}, X_Vigil_Token=token), 403, "token")
    for origin in ("http://evil.example", "null", "", f"http://{host}.evil.example", host,
                   f"http://evil.example/://{host}", f"http://{host}@evil.example",
                   f"http://127.0.0.1:{c.port + 1}"):
        refused(anna.node(body, Origin=origin), 403, "token")
    for site in ("cross-site", "same-site", "none", "", "same-origin, cross-site"):
        refused(anna.node(body, Sec_Fetch_Site=site), 403, "token")
        refused(c.ask("POST", "/api/sign-in", {"person": "anna", "password": password("anna")},
                      {"Sec-Fetch-Site": site}), 403, "token")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None,
                 "text/plain; application/json", "Xapplication/json"):
        refused(anna.node(body, Content_Type=kind), 415, "type")
    for name in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "",
                 "localhost.evil.example", f"evil@127.0.0.1:{c.port}"):
        refused(anna.node(body, Host=name), 421, "host")
        refused(c.ask("GET", "/api/me", None, anna.headers(Host=name)), 421, "host")
        refused(c.ask("GET", "/", None, {"Host": name}), 421, "host")
    vs.check(anna.node({"op": "snapshot"}, Origin=f"http://{host}", Sec_Fetch_Site="same-origin",
                       Content_Type="application/json; charset=utf-8").is_ok(), "what is right")
    anna.can_act()
    c.check_unharmed(anna)


# --- sessions ---------------------------------------------------------------------------------


def gone(person):
    return person.get("/api/me").status == 401


def test_sessions(b):
    """A session begins with a new cookie only, and ends for good."""
    c = Clinic(b)
    anna, other = c.person("anna"), c.person("anna")
    vs.check(anna.cookie != other.cookie and anna.token != other.token, "two sessions are the same")
    planted = "vigil=" + "ab" * 32
    for cookie in (planted, anna.cookie):
        answer = c.ask("POST", "/api/sign-in", {"person": "anna", "password": password("anna")},
                       {"Cookie": cookie})
        flags = answer.headers["set-cookie"].split("; ")
        vs.check(answer.is_ok() and flags[0] not in (planted, anna.cookie), answer)
        vs.check({"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= set(flags), flags)
        vs.check(not any(f.startswith("Domain") for f in flags), flags)
        vs.check(flags[0].split("=")[1].encode() not in answer.body, "the cookie is in the body")
    refused(c.ask("GET", "/api/me", None, {"Cookie": planted}), 401)
    refused(c.ask("POST", "/api/sign-out", {}, other.headers(X_Vigil_Token=anna.token)), 403)
    answer = other.post("/api/sign-out", {})
    vs.check(answer.is_ok() and "Max-Age=0" in answer.headers["set-cookie"], answer)
    vs.check(gone(other) and not gone(anna), "the wrong session ended")
    refused(other.command("test_alarm", priority="low"), 401, "signed_out")
    c.check_unharmed(anna)


def test_account_changes(b):
    """Another password, or no account any more: sessions, streams and commands end with it."""
    c = Clinic(b)
    anna, ben, carl, vera = (c.person(p) for p in ("anna", "ben", "carl", "vera"))
    stream = open_stream(c, ben)
    c.user("passwd", "ben", text="another horse\n")
    vs.wait_for(lambda: gone(ben), "the session of before the new password")
    refused(ben.command("test_alarm", priority="low"), 401, "signed_out")
    vs.wait_for(lambda: stream.ended, "the end of a dead session's stream")
    refused(c.sign_in("ben"), 401)
    vs.check(c.sign_in("ben", "another horse").is_ok(), "the new password")
    c.user("remove", "carl")
    vs.wait_for(lambda: gone(carl), "the session of who was removed")
    refused(c.sign_in("carl"), 401)
    c.user("role", "vera", "--role", "nurse")
    vs.wait_for(lambda: vera.get("/api/me").json()["role"] == "nurse", "another role")
    vera.can_act()
    c.user("role", "vera", "--role", "viewer")
    vs.wait_for(lambda: vera.get("/api/me").json()["role"] == "viewer", "another role")
    refused(vera.command("test_alarm", priority="low"), 403, "role")
    c.check_unharmed(anna)


def test_body_that_outlives_its_session(b):
    """A command is begun, its session ended and the place taken by somebody else's session: what
    comes late is nobody's command, and not the newcomer's."""
    c = Clinic(b)
    vera = c.person("vera")
    body = json.dumps({"op": "test_alarm", "bed": "bed-1", "request_id": "late", "priority": "low"})
    data = message(c.port, "POST", "/api/node/clinic-a", body.encode(), vera.headers())
    leave = message(c.port, "POST", "/api/sign-out", b"{}", vera.headers())
    late, late_leave = Line(c.port).send(data[:-9]), Line(c.port).send(leave[:-1])
    time.sleep(0.2)  # the gateway has both heads: if not, the test proves less, never more
    vs.check(vera.post("/api/sign-out", {}).is_ok(), "sign out")
    anna = c.person("anna")
    refused(late.send(data[-9:]).answer(), 401, "signed_out")
    refused(late_leave.send(leave[-1:]).answer(), 401, "signed_out")
    late.close()
    late_leave.close()
    anna.can_act()
    c.check_unharmed(anna)


# --- guessing ---------------------------------------------------------------------------------


def test_passwords(b):
    """Five wrong ones are free; what is there and what is not look the same."""
    c = Clinic(b)
    anna = c.person("anna")
    told = {}
    for who in ("ben", "nobody"):
        answers = [c.sign_in(who, f"wrong horse {i}") for i in range(7)] + [c.sign_in(who)]
        told[who] = [(a.status, {k: v for k, v in a.json().items() if k != "retry_s"})
                     for a in answers]
        for a in answers[:5]:
            refused(a, 401, "sign_in")
        for a in answers[5:]:
            refused(a, 429, "locked")
            vs.check(0 < a.json()["retry_s"] <= 60, a)
    vs.equal(told["ben"], told["nobody"], "answers")
    for secret in ("x", "x" * 128, "x" * 129, "x" * 8000):
        vs.check(c.sign_in("carl", secret).status in (400, 401), len(secret))
    vs.check(c.sign_in("carl").is_ok(), "carl, whom nobody guessed at")
    c.check_unharmed(anna)


def at_once(c, messages):
    """All sent before any answer is read: the answers."""
    lines = [Line(c.port).send(m) for m in messages]
    answers = [line.answer() for line in lines]
    for line in lines:
        line.close()
    return answers


def test_guesses_at_once(b):
    """Who guesses many times at the same moment learns no more than who waits."""
    c = Clinic(b)
    anna = c.person("anna")
    guesses = [{"person": "ben", "password": f"wrong horse {i}"} for i in range(10)]
    guesses += [{"person": "ben", "password": password("ben")}] * 4
    answers = at_once(c, [message(c.port, "POST", "/api/sign-in", g) for g in guesses])
    vs.equal([a.status for a in answers], [401] * 5 + [429] * 9, "answers")
    pins = [f"{i}000" for i in range(1, 9)] + [PINS["anna"]] * 2
    answers = at_once(c, [message(c.port, "POST", "/api/node/clinic-a", {
        "op": "dose", "bed": "bed-1", "request_id": f"guess-{i}", "pin": pin, **dose()},
        anna.headers()) for i, pin in enumerate(pins)])
    vs.equal([a.status for a in answers], [403] * 5 + [429] * 5, "answers")
    c.check_unharmed(anna)


def test_pins(b):
    """A PIN each time for what is grave; five wrong ones lock, also in a session begun anew."""
    c = Clinic(b)
    anna, carl = c.person("anna"), c.person("carl")
    open_session(anna)
    for op in PIN_OPS:
        for pin in ({}, {"pin": None}, {"pin": 2468}, {"pin": ["2468"]}, {"pin": "2" * 129}):
            refused(carl.command(op, **pin), 403, "pin_needed")
    vs.check(anna.pinned("dose", **dose()).is_ok(), "a dose with the right PIN")
    for pin in ("", "0000", PINS["ben"], " 2468", "2468 "):
        refused(anna.command("dose", pin=pin, **dose()), 403, "pin")
    refused(anna.pinned("dose", **dose()), 429, "locked")
    anna.can_act()  # what needs no PIN is not kept from her
    again = c.person("anna")
    answer = again.pinned("dose", **dose())
    refused(answer, 429, "locked")
    vs.check(0 < answer.json()["retry_s"] <= 60, answer)
    refused(carl.command("override", pin="1111", item="escort", reason="-"), 403, "pin")
    c.check_unharmed(anna)


def test_shared_screen(b):
    """It acts for nobody: each command names a person, whose role counts, and that one's PIN."""
    c = Clinic(b)
    anna, wall = c.person("anna"), c.person("ward", shared=True)
    vs.check(wall.get("/api/me").json()["shared"] is True, "shared")
    for signer in ({}, {"who": "anna"}, {"pin": PINS["anna"]}, {"who": "nobody", "pin": "2468"},
                   {"who": 5, "pin": "2468"}, {"who": ["anna"], "pin": "2468"}, {"who": None},
                   {"who": "ANNA", "pin": "2468"}, {"who": "anna ", "pin": "2468"}):
        refused(wall.command("test_alarm", priority="low", **signer), 403, "pin_needed")
    refused(wall.command("test_alarm", priority="low", who="anna", pin=PINS["ben"]), 403, "pin")
    refused(wall.command("test_alarm", priority="low", who="vera", pin=PINS["vera"]), 403, "role")
    refused(wall.command("alarm_off", who="anna", pin=PINS["anna"], vital="spo2", reason="-"), 403,
            "role")
    vs.check(wall.command("session_open", patient_ref="pat-1", who="ben", pin=PINS["ben"]).is_ok(),
             "ben opens a session")
    vs.check(wall.command("alarm_off", who="carl", pin=PINS["carl"], vital="perfusion_index",
                          reason="-").status == 200, "carl may ask for it")
    rows = [r for r in c.history() if r.get("data", {}).get("request_id") in c.done]
    vs.check(rows[0]["operator"] == "ben" and {r["operator"] for r in rows} <= {"ben", "carl"},
             rows)
    c.check_unharmed(anna)


def test_second_person(b):
    """Who is named as the second person says so with a PIN; a name nobody has is only a text."""
    c = Clinic(b)
    anna = c.person("anna")
    open_session(anna)
    refused(anna.pinned("dose", **dose(checked_by="ben")), 403, "checker_pin_needed")
    for pin in (None, 1357, [], {}):
        refused(anna.pinned("dose", **dose(checked_by="ben", checker_pin=pin)), 403,
                "checker_pin_needed")
    refused(anna.pinned("dose", **dose(checked_by="ben", checker_pin=PINS["anna"])), 403,
            "checker_pin")
    refused(anna.command("dose", pin="1111", **dose(checked_by="ben", checker_pin=PINS["ben"])),
            403, "pin")
    vs.check(not anna.pinned("dose", **dose(checked_by="anna", checker_pin=PINS["anna"])).is_ok(),
             "checked by herself")
    for checker in (5, None, ["ben"], {"ben": 1}, ""):
        vs.check(not anna.pinned("dose", **dose(checked_by=checker)).is_ok(), checker)
    vs.check(anna.pinned("dose", **dose(checked_by="ben", checker_pin=PINS["ben"])).is_ok(),
             "with both PINs")
    for i in range(4):
        refused(anna.pinned("dose", **dose(checked_by="ben", checker_pin=f"100{i}")), 403)
    refused(anna.pinned("dose", **dose(checked_by="ben", checker_pin="1004")), 403)
    refused(anna.pinned("dose", **dose(checked_by="ben", checker_pin=PINS["ben"])), 429, "locked")
    c.check_unharmed(anna)


def fnv(text, h=2166136261):
    for byte in text.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return h


def colliding_name(head, tail, wanted):
    """A name between two texts with which all of it has the wanted FNV-1a hash."""
    back = pow(16777619, -1, 1 << 32)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    ends = [a + b + d + e for a in letters for b in letters for d in letters for e in letters[:4]]
    before = {}
    for end in ends:
        h = wanted
        for byte in reversed((end + tail).encode()):
            h = (h * back & 0xFFFFFFFF) ^ byte
        before[h] = end
    for start in ends:
        end = before.get(fnv(start, fnv(head)))
        if end is not None:
            return start + end
    return None


def test_lock_of_another(b):
    """Nobody can choose a name whose wrong passwords keep a person from a PIN."""
    c = Clinic(b)
    anna = c.person("anna")
    open_session(anna)
    for within in ("1", "2", "anna", "127.0.0.1"):
        name = colliding_name("password/", "/127.0.0.1/", fnv(f"pin/anna/{within}/"))
        if name is not None:
            for _ in range(5):
                refused(c.sign_in(name, "wrong horse 1"), 401)
    vs.check(anna.pinned("dose", **dose()).is_ok(), "a dose with the right PIN")
    c.check_unharmed(anna)


# --- too much, too slow, too many -------------------------------------------------------------


def closed_or(lines, *statuses):
    """Each refused in words, hung up on, or left to wait for the rest of what it began."""
    end = vs.now() + PATIENCE_S
    for line in lines:
        try:
            told = select.select([line.socket], [], [], max(0.0, end - vs.now()))[0]
            answer = line.answer() if told else None
        except (ConnectionResetError, BrokenPipeError):
            answer = None
        vs.check(answer is None or answer.status in statuses, answer)
        line.close()


def push(port, data):
    """Send what the other side may refuse to read."""
    line = Line(port)
    try:
        line.send(data)
    except (ConnectionResetError, BrokenPipeError):
        pass
    return line


def test_sizes(b):
    """What is too large is refused before it is kept."""
    c = Clinic(b)
    anna = c.person("anna")
    rss = c.page.rss_kib()
    big = json.dumps({"op": "snapshot", "bed": "x" * 1_000_000}).encode()
    head = message(c.port, "POST", "/api/node/clinic-a", None,
                   anna.headers(Content_Type="application/json", Transfer_Encoding="chunked"))
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(big[i:i + 5000]), big[i:i + 5000])
                      for i in range(0, len(big), 5000)) + b"0\r\n\r\n"
    sent = [head + chunks, head + b"ffffffffffffffff\r\n" + big,
            head + b"-5\r\nhello\r\n0\r\n\r\n",
            head + b"5;" + b"x" * 100_000 + b"\r\nhello\r\n0\r\n\r\n"]
    sent += [message(c.port, "POST", "/api/node/clinic-a", b"{}", anna.headers(Content_Length=n))
             for n in ("1000000", "9" * 23, "-1", "0x10", "8193", "1e3", "4,4")]
    many = {f"X-{i}": "a" * 20 for i in range(5000)}
    sent += [message(c.port, "GET", "/" + "a" * 100_000),
             message(c.port, "GET", "/?" + "a&" * 50_000),
             message(c.port, "GET", "/", None, {"X-Big": "a" * 100_000}), b"A" * 200_000,
             message(c.port, "GET", "/", None, many),
             message(c.port, "GET", "/", None, {"Cookie": "a=b;" * 20_000})]
    closed_or([push(c.port, data) for data in sent], 400, 413, 414, 431)
    refused(anna.node(b" " * 8190 + b"{}x"), 413, "too_large")
    refused(anna.node(b"{" + b" " * 8190 + b"}"), 400, "op")
    refused(anna.node({"op": "range", "bed": "x" * 4096}), 413, "too_large")
    short = message(c.port, "POST", "/api/sign-in", b'{"person":"anna","password":"x"}GET /api/me',
                    {"Content-Length": "33"})
    Line(c.port).send(short).close()
    c.bench.worst.add("rss_growth_kib", c.page.rss_kib() - rss)
    vs.check(c.page.rss_kib() - rss < 16384, "memory grew by", c.page.rss_kib() - rss)
    c.check_unharmed(anna)


class Events:
    """A page's event stream: when anything came."""

    def __init__(self, line):
        self.line = line
        self.at = [vs.now()]
        self.seen = b""
        self.ended = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            while True:
                size = int(self.line.file.readline(), 16)
                data = self.line.file.read(size)
                self.line.file.readline()
                self.ended = size == 0
                if self.ended:
                    return
                self.at.append(vs.now())
                self.seen += data
        except (OSError, ValueError):
            pass

    def widest_gap(self):
        times = self.at + [vs.now()]
        return max(b - a for a, b in zip(times, times[1:]))

    def close(self):
        try:
            self.line.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the gateway was first
        self.thread.join(5)
        self.line.close()


def open_stream(c, person):
    line = Line(c.port).send(message(c.port, "GET", "/api/stream?screen=s1", None,
                                     person.headers()))
    status, headers = line.head()
    vs.equal(status, 200, "status of the stream")
    check_headers(Answer(status, headers, b""))
    events = c.bench.keep(Events(line))
    vs.wait_for(lambda: b"event: " in events.seen, "the first event")
    return events


def drip(port, data, first, results, name):
    """`first` bytes at once, then one each half second: how long the other side bore it."""
    began = vs.now()
    line = Line(port).send(data[:first])
    try:
        for i in range(first, len(data)):
            line.send(data[i:i + 1])
            if select.select([line.socket], [], [], 0.5)[0]:
                break
    except (ConnectionResetError, BrokenPipeError):
        pass
    results[name] = vs.now() - began
    line.close()


def test_slow(b):
    """Who sends a byte now and then is hung up on; who knows what they want is served meanwhile."""
    c = Clinic(b)
    anna = c.person("anna")
    stream = open_stream(c, anna)
    head = message(c.port, "POST", "/api/node/clinic-a", None, anna.headers(
        Content_Type="application/json", Content_Length="500"))
    results = {}
    plans = {"head": head, "sign-in head": message(c.port, "POST", "/api/sign-in", b"{}"),
             "body": head + b" " * 500, "newlines": b"\r\n" * 400}
    threads = [threading.Thread(target=drip, daemon=True, args=(
        c.port, data, len(head) if name == "body" else 0, results, name))
        for name, data in plans.items()]
    for t in threads:
        t.start()
    hold_bodies(c, anna)
    for t in threads:
        t.join(vs.CEILING)
    vs.equal(sorted(results), sorted(plans), "drips that ended")
    for name, took in results.items():
        b.worst.add("drip_s", took)
        vs.within(took, SLOW_S, name)
    b.worst.add("stream_gap_s", stream.widest_gap())
    vs.within(stream.widest_gap(), PROMPT_S + 1, "the pause of the stream")
    c.check_unharmed(anna)


def hold_bodies(c, anna):
    """A hundred sign-ins whose bodies never come leave room for commands."""
    data = message(c.port, "POST", "/api/sign-in", b"{}")[:-1]
    lines = [Line(c.port).send(data) for _ in range(100)]
    time.sleep(0.2)
    for _ in range(3):
        began = vs.now()
        anna.can_act()
        c.bench.worst.add("command_s", vs.now() - began)
        vs.within(vs.now() - began, PROMPT_S, "a command beside bodies that never come")
    for line in lines:
        line.close()


def test_hang_up(b):
    """Browsers that vanish while their answer is made."""
    c = Clinic(b)
    anna = c.person("anna")
    for _ in range(3):
        vanish(c, anna, 15)
        anna.can_act()
    refused_streams(c, anna)
    c.check_unharmed(anna)


def test_stop_in_a_crowd(b):
    """The gateway is told to stop while requests keep coming: it stops, and says so in order."""
    c = Clinic(b)
    for _ in range(5):
        anna = c.person("anna")
        ask = {"op": "history"}
        requests = [message(c.port, "POST", "/api/node/clinic-a", ask, anna.headers()),
                    message(c.port, "GET", "/api/stream?screen=s1", None, anna.headers()),
                    message(c.port, "POST", "/api/sign-in", {"person": "x", "password": "y"})]
        stop, lines = threading.Event(), []
        crowd = threading.Thread(target=keep_coming, args=(c.port, requests, stop, lines))
        crowd.start()
        vs.wait_for(lambda: len(lines) > 20, "a crowd")
        code = c.page.terminate()
        stop.set()
        crowd.join()
        for line in lines:
            line.close()
        vs.equal(code, 0, f"exit code; {c.page.tail()}")
        c.start_page()
    c.check_unharmed()


def keep_coming(port, requests, stop, lines):
    while not stop.is_set():
        try:
            lines += [Line(port).send(data) for data in requests]
        except OSError:
            pass  # nobody listens any more


def vanish(c, anna, count):
    """Questions, sign-ins and wrong PINs whose askers reset the connection."""
    for i in range(count):
        for data in (message(c.port, "POST", "/api/node/clinic-a", {"op": "history"},
                             anna.headers()),
                     message(c.port, "POST", "/api/sign-in", {"person": f"n{i}", "password": "x"}),
                     message(c.port, "POST", "/api/node/clinic-a", {
                         "op": "dose", "bed": "bed-1", "pin": "1111"}, anna.headers()),
                     message(c.port, "GET", "/api/stream?screen=s2", None, anna.headers())):
            line = Line(c.port).send(data)
            line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.close()


def refused_streams(c, person):
    """A session has a dozen streams at most, and those of browsers that are gone do not count."""
    screen = iter(range(1_000_000))

    def one_more():
        path = f"/api/stream?screen=many-{next(screen)}"
        line = Line(c.port).send(message(c.port, "GET", path, None, person.headers()))
        return line if line.head()[0] == 200 else line.close()
    lines = [vs.wait_for(one_more, "a place for a stream") for _ in range(12)]
    vs.check(one_more() is None, "a thirteenth stream of one session")
    for line in lines:
        line.close()


def connect_many(port, count):
    out = []
    for _ in range(count):
        s = socket.socket()
        s.setblocking(False)
        if s.connect_ex(("127.0.0.1", port)) not in (0, errno.EINPROGRESS, errno.EAGAIN):
            s.close()
            continue
        out.append(s)
    return out


def test_many_connections(b):
    """A thousand idle connections at once, twice: streams and commands go on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    c = Clinic(b)
    anna = c.person("anna")
    stream = open_stream(c, anna)
    crowd = []
    for _ in range(2):
        crowd += connect_many(c.port, 1000)
        for _ in range(3):
            began = vs.now()
            anna.can_act()
            b.worst.add("command_s", vs.now() - began)
            vs.within(vs.now() - began, PROMPT_S, "a command beside a thousand connections")
    time.sleep(1.5)  # the stream has had time to show a pause
    b.worst.add("stream_gap_s", stream.widest_gap())
    vs.within(stream.widest_gap(), PROMPT_S + 1, "the pause of the stream")
    for s in crowd:
        s.close()
    c.check_unharmed(anna)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- what is no HTTP --------------------------------------------------------------------------


def test_pipelined(b):
    """Requests one behind the other are answered in order, each by its own rights."""
    c = Clinic(b)
    anna, vera = c.person("anna"), c.person("vera")
    me = message(c.port, "GET", "/api/me", None, anna.headers())
    nothing = message(c.port, "GET", "/api/me")
    ask = message(c.port, "POST", "/api/node/clinic-a", {"op": "snapshot"}, vera.headers())
    wrong = message(c.port, "POST", "/api/node/clinic-a", {
        "op": "test_alarm", "bed": "bed-1", "request_id": "piped", "priority": "low"},
        vera.headers())
    line = Line(c.port).send((me + nothing + ask + wrong) * 5)
    for _ in range(5):
        vs.equal([line.answer().status for _ in range(4)], [200, 401, 200, 403], "answers")
    line.close()
    smuggled = message(c.port, "POST", "/api/node/clinic-a", b"0\r\n\r\n" + wrong, vera.headers(
        Transfer_Encoding="chunked"))
    line = push(c.port, smuggled)
    answer = line.answer()
    vs.check(answer is None or answer.status == 400, answer)
    line.close()
    c.check_unharmed(anna)


NONSENSE = [
    b"GET /api/me\r\n\r\n", b"GET\r\n\r\n", b"\r\n\r\n\r\n", b"GET /api/me HTTP/0.9\r\n\r\n",
    b"GET /api/me HTTP/1.0\r\n\r\n", b"GET /api/me HTTP/1.1\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET  /api/me  HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /api/me HTTP/1.1\nHost: localhost\n\n", b"GET /api/me HTTP/1.1\r\nHost localhost\r\n\r\n",
    b"GET /api/me HTTP/1.1\r\n Host: localhost\r\n\r\n",
    b"GET /api/me HTTP/1.1\r\nHost : localhost\r\n\r\n",
    b"GET http://evil.example/api/me HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100 + b"\r\n\r\n",
    b"GET /api/me\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /api/me HTTP/1.1\r\nHost: localhost\x00\r\nCookie: vigil=\x00\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x00" * 1000 + b"\r\n\r\n",
    b"GET /api/me HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    b"get /api/me HTTP/1.1\r\nHost: localhost\r\n\r\n",
]
PATHS = ["/../api/me", "//api/me", "/api//me", "/./api/me", "/api/me/", "/api/../api/me",
         "/%2e%2e/api/me", "/..%2fapi%2fme", "/../../../../etc/passwd",
         "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/app.js/../../people.json", "/people.json",
         "/api/node/", "/api/node/x/y", "/api/node/..%2fx", "/api/me;x=1", "/API/ME", "/api/me%20",
         "/%0d%0aX-Evil:%20alert", "/api/node/%0d%0aSet-Cookie:%20vigil=alert", "/<script>alert(1)",
         "/" + "a/" * 2000, "/%", "/%zz", "/%c0%ae%c0%ae/", "/app%00.js"]


def test_not_http(b):
    """Old, broken and clever HTTP: refused, and nothing of it comes back."""
    c = Clinic(b)
    anna = c.person("anna")
    closed_or([push(c.port, data) for data in NONSENSE], 400, 401, 404, 405, 421, 505)
    for path in ("/%00", "/%00/..", "/?%00"):
        vs.equal(c.ask("GET", path).status, 200, f"{path}, the page as everybody may see it")
    refused(c.ask("GET", "/api/me%00.css"), 401, "signed_out")
    for path in PATHS:
        answer = c.ask("GET", path, None, anna.headers())
        vs.check(answer.status in (400, 404, 405), path, answer)
        vs.check(b"alert" not in answer.body and b"root:" not in answer.body, path, answer)
        vs.check(not {"x-evil", "set-cookie"} & set(answer.headers), path, answer.headers)
    for path in ("/", "/api/me", "/api/sign-in", "/api/node/clinic-a", "/api/stream?screen=1"):
        for method in ("PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "PATCH", "BREW", "get"):
            answer = c.ask(method, path, None, anna.headers())
            vs.check(answer.status == 405, method, path, answer)
            vs.check(anna.cookie.encode() not in answer.body, method, "echoes the cookie")
    refused(c.ask("GET", "/api/sign-in", None, anna.headers()), 405)
    refused(c.ask("POST", "/api/me", {}, anna.headers()), 405)
    for screen in ("", "?screen=" + "x" * 40, "?screen"):
        refused(anna.get("/api/stream" + screen), 400, "screen")
    c.check_unharmed(anna)


# --- what is no JSON --------------------------------------------------------------------------

NOT_OBJECTS = [
    b"", b"null", b"[]", b"5", b'"text"', b"{", b"}", b"{}{}", b"{} x", b"{'a':1}",
    b"\xef\xbb\xbf{}",
    b'{"op":"snapshot",}', b'{"op":"snapshot" "a":1}', b'{"op":"snap\x00shot"}',
    b'{"op":"snapshot\\u0000"}', b'{"op\\u0000":"snapshot"}', b'{"op":"\xff\xfe"}',
    b'{"op":"\xc0\xae"}', b'{"op":"\xed\xa0\x80"}', b'{"op":"\\ud800"}',
    b'{"op":"snapshot","n":NaN}',
    b'{"op":"snapshot","n":1e999}', b'{"op":"snapshot","n":' + b"9" * 400 + b"}",
    b'{"op":"snapshot","n":0x10}', b'{"op":"snapshot","n":01}', b"[" * 8000, b'{"a":' * 1600,
    b'{"op":' + b"[" * 4000 + b"]" * 4000 + b"}", b'{"op":"snapshot","op":"snapshot"}',
    b'{"op":"snapshot","\\u006fp":"dose"}', b'{"op":"a\nb"}',
]
WRONG = [None, True, False, 0, -1, 1.5, 1e300, 2**63 - 1, -2**63, [], {}, ["x"], {"x": 1},
         [[[[[[]]]]]], "", "x" * 3000, "\x01\x1f", "\u202e", "-1", "1e9"]


def sign_in_bodies():
    right = {"person": "carl", "password": password("carl")}
    for member in right:
        for value in WRONG:
            yield {**right, member: value}


def screen_bodies():
    heard = {"node": "clinic-a", "bed": "bed-1", "instance": 1, "telling": 1}
    right = {"screen": "s1", "role": "remote", "can_sound": True,
             "wave": {"node": "clinic-a", "bed": "bed-1"}, "heard": [heard]}
    for value in WRONG:
        for member in right:
            yield {**right, member: value}
        for member in heard:
            yield {**right, "heard": [{**heard, member: value}, value]}
            yield {**right, "wave": {**heard, member: value}}
    yield {**right, "heard": [heard] * 65}


def test_not_json(b):
    """Broken JSON and members of the wrong type are refused in words; nothing else happens."""
    c = Clinic(b)
    anna, vera = c.person("anna"), c.person("vera")
    paths = ("/api/node/clinic-a", "/api/screen", "/api/sign-in", "/api/sign-out")
    for body in NOT_OBJECTS:
        for path in paths:
            refused(vera.post(path, body), 400)
    deep = message(c.port, "POST", paths[0], b"[" * 100_000, vera.headers())
    closed_or([push(c.port, deep)], 413)
    for body in sign_in_bodies():
        vs.check(c.ask("POST", "/api/sign-in", body).status in (400, 401, 429), body)
    for body in screen_bodies():
        vs.check(vera.post("/api/screen", body).status in (200, 400), body)
    c.check_unharmed(anna)


def test_wrong_types_in_commands(b):
    """Each member of a dose, of a question and of a command in each wrong type: not recorded."""
    c = Clinic(b)
    anna = c.person("anna")
    open_session(anna)
    right = {"op": "dose", "bed": "bed-1", "request_id": "typed", "pin": PINS["anna"],
             **dose(lot="L1", site="left", note="n", weight="70 kg", concentration="5 mg/mL",
                    given_at="2026-01-01T00:00:00Z", confirm="x")}
    for member in right:
        for value in WRONG if member != "pin" else WRONG[:4]:
            answer = anna.node({**right, member: value})
            vs.check(answer.status in (200, 400, 403, 413) and answer.json()["ok"] is False, member,
                     value, answer)
    for op, members in (("ack", {"instance": 1}), ("alarm_pause", {"vital": "spo2", "reason": "r"}),
                        ("nibp_start", {"device": "ox-1"}),
                        ("schedule", {"vital": "x", "every_s": 9}),
                        ("score", {"scale": "none", "score": 3}), ("handover", {"to": "ben"})):
        body = {"op": op, "bed": "bed-1", "request_id": "typed", **members}
        for member in list(body)[1:]:
            for value in WRONG[:15]:
                answer = anna.node({**body, member: value})
                vs.check(not answer.is_ok() and answer.status < 500, member, value, answer)
    for member in ("bed", "from_seq", "limit", "session"):
        for value in WRONG:
            vs.check(anna.node({"op": "range", member: value}).status in (200, 400, 413), value)
    c.check_unharmed(anna)


# --- text that is more than text --------------------------------------------------------------


def test_script_is_text(b):
    """Script in every text is kept as it is and comes back as the same text, in JSON only."""
    c = Clinic(b)
    c.user("add", "eve", "--role", "viewer", "--name", SCRIPT, text="correct horse\n1234\n")
    vs.wait_for(lambda: any(p["name"] == SCRIPT for p in c.person("anna").get("/api/me")
                            .json()["people"]), "the name of an account")
    anna = c.person("anna")
    stream = open_stream(c, anna)
    for op, members in (
            ("session_open", {"patient_ref": SCRIPT[:23], "course": "<img src=x onerror=a>"}),
            ("dose", dose(note=SCRIPT, lot=SCRIPT[:31], site="'\"><svg onload=alert(1)>",
                          checked_by="<b>eve</b>", drug="<i>ketamine</i>")),
            ("symptom", {"symptom": SCRIPT, "severity": 1, "note": SCRIPT}),
            ("intervention", {"what": SCRIPT}), ("note", {"note": SCRIPT}),
            ("marker", {"tag": SCRIPT, "theme": SCRIPT, "quote": SCRIPT, "note": SCRIPT}),
            ("handover", {"to": SCRIPT[:23]})):
        answer = anna.command(op, pin=PINS["anna"], **members)
        if answer.json().get("error") == "confirm":
            answer = anna.command(op, pin=PINS["anna"], confirm=answer.json()["confirm"], **members)
        vs.check(answer.is_ok(), op, answer)
    for op in ("history", "notes", "snapshot", "plan", "range"):
        answer = anna.node({"op": op})
        vs.equal(answer.headers["content-type"], "application/json", f"type of {op}")
        vs.check(answer.is_ok(), answer)
    kept = json.dumps(anna.node({"op": "notes", "limit": 500}).json())
    vs.equal(kept.count(json.dumps(SCRIPT)[1:-1]), 9, "texts that came back as they were")
    vs.wait_for(lambda: b"<svg onload=alert(1)>" in stream.seen, "the dose in the stream")
    vs.check(all(line[:6] in (b"event:", b"data: ", b"") for line in stream.seen.split(b"\n")),
             "a text became a line of the stream")
    refused(anna.post("/api/node/clinic-a", {"op": SCRIPT}), 400, "op")
    vs.check(b"alert" not in c.ask("POST", "/api/sign-in", {"person": SCRIPT[:20],
                                                            "password": SCRIPT}).body, "echo")
    for path in ("/", "/app.js", "/app.css", "/icon.svg", "/api/tones"):
        vs.equal(c.ask("GET", path).status, 200, path)
    c.check_unharmed(anna)


# --- fuzz -------------------------------------------------------------------------------------

FUZZ_S = 10.0
TOKENS = [b"\r\n", b"\n", b"\x00", b"%00", b"%", b"\"", b"{", b"}", b"[", b":", b",", b"/", b"..",
          b"\xff", b"\xe2\x80\xae", b"chunked", b"Transfer-Encoding: chunked\r\n",
          b"Content-Length: 5\r\n", b"Expect: 100-continue\r\n", b"Connection: close\r\n",
          b"Upgrade: h2c\r\n", b"HTTP/1.0", b"-1", b"9" * 30, b"a" * 500, b" ", b"\t", b"null",
          b"\\u0000", b"Host: evil\r\n", b"Range: bytes=0-1\r\n", b"If-None-Match: *\r\n", b"POST "]


def templates(c, anna, vera):
    """Whole requests; those of a nurse are about a bed that is not there."""
    def out(method, path, body=None, headers=None):
        return message(c.port, method, path, body, headers)
    ask = {"op": "history", "from_seq": 1, "limit": 3, "bed": "bed-1"}
    nowhere = {"op": "symptom", "bed": "nowhere", "request_id": "fuzz", "symptom": "s",
               "severity": 1}
    report = {"screen": "s1", "role": "remote", "can_sound": True, "wave": None, "heard": [
        {"node": "clinic-a", "bed": "bed-1", "instance": 3, "telling": 0}]}
    return ([out("GET", p, None, vera.headers()) for p in ("/", "/app.js", "/api/me", "/api/tones")]
            + [out("POST", "/api/node/clinic-a", ask, vera.headers()),
               out("POST", "/api/node/clinic-a", nowhere, anna.headers()),
               out("POST", "/api/node/clinic-a", {**nowhere, **dose(), "op": "dose", "pin": "0"},
                   vera.headers()),
               out("POST", "/api/node/clinic-a", {**nowhere, "bed": "bed-1"},
                   anna.headers(X_Vigil_Token="0" * 32)),
               out("POST", "/api/screen", report, vera.headers()),
               out("POST", "/api/sign-in", {"person": "nobody", "password": "wrong horse 1"})])


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((1, 1, 2, 4, 20)))
        kind = rng.randrange(6)
        if kind == 0:
            data[at:end] = bytes(rng.randrange(256) for _ in range(end - at))
        elif kind == 1:
            del data[at:end]
        elif kind == 2:
            data[at:at] = rng.choice(TOKENS)
        elif kind == 3:
            data[at:end] = rng.choice(TOKENS)
        elif kind == 4:
            data[at:at] = data[at:end] * rng.choice((1, 2, 50))
        elif kind == 5 and rng.random() < 0.3:
            del data[at:]
    return bytes(data)


class Fuzzer:
    """One thread's share: requests over connections that live as long as they may."""

    def __init__(self, port, seeds, rng):
        self.port = port
        self.seeds = seeds
        self.rng = rng
        self.line = None
        self.sent = 0
        self.statuses = {}
        self.trouble = None

    def hang_up(self):
        if self.line is not None:
            self.line.close()
        self.line = None

    def one(self, data):
        if self.line is None:
            self.line = Line(self.port)
            self.line.socket.settimeout(0.1)
        try:
            answer = self.line.send(data).answer("HEAD" if data[:5] == b"HEAD " else "GET")
        except (OSError, ValueError):
            answer = None  # it waits for more, or hung up
        # After its own refusals the library closes, and may send their head twice.
        if (answer is None or answer.headers.get("connection") == "close" or
                self.rng.random() < 0.1):
            self.hang_up()
        if answer is not None:
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            vs.check(answer.status < 500 or answer.status in (503, 505), data, answer)

    def run(self, until):
        try:
            while vs.now() < until:
                self.one(mutate(self.rng, self.rng.choice(self.seeds)))
                self.sent += 1
            self.hang_up()
        except Exception as why:  # told by the test's own thread
            self.trouble = why


def test_fuzz(b):
    """Thousands of requests that are almost right."""
    c = Clinic(b)
    good, anna, vera = c.person("anna"), c.person("anna"), c.person("vera")
    stream = open_stream(c, good)
    seeds = templates(c, anna, vera)
    fuzzers = [Fuzzer(c.port, seeds, random.Random(random.random())) for _ in range(8)]
    until = vs.now() + FUZZ_S
    threads = [threading.Thread(target=f.run, args=(until,), daemon=True) for f in fuzzers]
    for t in threads:
        t.start()
    for t in threads:
        t.join(FUZZ_S + vs.CEILING)
    for f in fuzzers:
        vs.check(f.trouble is None, f.trouble)
    sent = sum(f.sent for f in fuzzers)
    b.worst.add("requests", sent)
    b.worst.add("stream_gap_s", stream.widest_gap())
    vs.check(sent > 1000, sent, "requests only")
    vs.check(all(f.statuses.get(200, 0) > 0 for f in fuzzers), [f.statuses for f in fuzzers])
    vs.within(stream.widest_gap(), PROMPT_S + 1, "the pause of the stream")
    good.can_act()
    c.check_unharmed(good)
    b.check_chain()


vs.main(test_signed_out, test_roles, test_operator_is_not_told, test_forged, test_sessions,
        test_account_changes, test_body_that_outlives_its_session, test_passwords,
        test_guesses_at_once, test_pins, test_shared_screen, test_second_person,
        test_lock_of_another, test_sizes, test_slow, test_hang_up, test_stop_in_a_crowd,
        test_many_connections, test_pipelined, test_not_http, test_not_json,
        test_wrong_types_in_commands, test_script_is_text, test_fuzz)
