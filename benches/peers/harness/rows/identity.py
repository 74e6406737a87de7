"""A1 and A3 to A6: the auth gateway beside bare hashes, a constant answer and its own database."""

import base64
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from .. import load
from ..processes import PROXY_CORE, NotReady, Process, free_port
from ..table import Row

IDS = {"A1", "A3", "A4", "A5", "A6"}
DATABASES = ("SQLite", "PostgreSQL")
PASSWORD = "correct horse battery staple"
EMAIL = "bench@example.org"
LOGIN_CONNECTIONS = 16
INTROSPECTIONS = 100_000
# As systemd/auth-gateway.service starts it.
ENVIRONMENT = ["env", "_RJEM_MALLOC_CONF=thp:always"]
PATIENCE = 30
SLOW_FLUSH = Path(__file__).parents[2] / "slow_flush.c"
FLUSH_US = 500


def run(bench):
    if not bench.tools:
        return
    if bench.wants("A1") or bench.wants("A3") or bench.wants("A6"):
        for database in DATABASES:
            yield from served(bench, database)
    if bench.wants("A4"):
        yield from appends(bench)
    if bench.wants("A5"):
        for database in DATABASES:
            yield rebuilds(bench, database)


class Answers:
    """A process that prints `ready URL`; its CPU time is the figure."""

    def __init__(self, name, argv, directory, core=None):
        self.name = name
        self.log = directory / f"{name}.log"
        self.out = directory / f"{name}.out"
        with open(self.out, "wb") as out:
            self.process = Process([str(part) for part in argv], self.log, core, stdout=out)
        deadline = time.monotonic() + PATIENCE
        while not (ready := re.search(r"ready (\S+)", self.out.read_text())):
            if not self.process.alive() or time.monotonic() > deadline:
                raise NotReady(f"{name} did not start:\n{self.process.log_tail()}")
            time.sleep(0.05)
        self.url = ready[1]

    def stop(self):
        self.process.stop()


class Database:
    """The database's command-line arguments; a PostgreSQL server of its own lives as long as this."""

    def __init__(self, bench, kind):
        self.server = None
        self.arguments = []
        if kind == "PostgreSQL":
            self.server = subprocess.Popen([bench.tools["postgres"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.arguments = ["--database-url", self.server.stdout.readline().strip()]

    def stop(self):
        if self.server:
            self.server.stdin.close()
            self.server.wait(PATIENCE)


def served(bench, kind):
    """One server a database: its memory after the start, introspections, logins."""
    directory = bench.directory / f"auth-{kind}"
    directory.mkdir()
    database = Database(bench, kind)
    config = directory / "auth.yaml"
    port = free_port()
    config.write_text(CONFIG.format(port=port, cores=len(os.sched_getaffinity(0))))
    place = ["--config", config, "--data", directory / "data", *database.arguments]
    subprocess.run([bench.tools["auth-gateway"], "migrate", *map(str, place)], capture_output=True, check=True)
    server = Answers(f"auth-gateway {kind}", [*ENVIRONMENT, bench.tools["auth-gateway"], "serve", *place], directory, PROXY_CORE)
    try:
        memory_at_start = server.process.resident_kib() / 1024
        set_up(server)
        client, secret = service(bench, place)
        token = log_in(server)
        if bench.wants("A1") or bench.wants("A6"):
            yield from introspections(bench, kind, server, (client, secret), token, memory_at_start)
        if bench.wants("A3"):
            yield logins(bench, kind, server)
    finally:
        server.stop()
        database.stop()


def introspections(bench, kind, server, client, token, memory_at_start):
    script = bench.directory / "introspect.lua"
    basic = base64.b64encode(":".join(client).encode()).decode()
    body = json.dumps({"token": token, "audience": "https://upstream.example.org"})
    script.write_text(LUA.format(basic=basic, body=json.dumps(body)))
    directory = bench.directory / f"auth-{kind}"
    constant = Answers(f"constant {kind}", [bench.tools["constant"]], directory, PROXY_CORE)
    try:
        contestants = {"ours": server, "constant": constant}
        samples = bench.alternate(f"A1 {kind}", contestants, lambda s: per_cpu_second(bench, s, script))
    finally:
        constant.stop()
    if bench.wants("A1"):
        yield Row("A1", f"introspections per CPU second, {kind}", "plain", "constant", samples["ours"], samples["constant"], 0.4, 0.7, higher_is_better=True, decimals=0)
    if bench.wants("A6"):
        load.run_tool(["h2load", "--h1", "-c", "16", "-n", str(INTROSPECTIONS), "-d", body_file(bench, body), "-H", f"authorization: Basic {basic}", "-H", "content-type: application/json", f"{server.url}/v1/auth/introspect"], 300)
        after = server.process.resident_kib() / 1024
        yield Row("A6", f"MB after the start, {kind}", "plain", "", [memory_at_start], [], 60, 30, judged="ours", decimals=1)
        yield Row("A6", f"MB after 100,000 introspections, {kind}", "plain", "", [after], [], 120, 60, judged="ours", decimals=1)


def body_file(bench, body):
    path = bench.directory / "introspect.json"
    path.write_text(body)
    return str(path)


def per_cpu_second(bench, server, script):
    before = server.process.cpu_seconds()
    result = load.wrk_result(load.run_tool(["wrk", "-t1", "-c64", f"-d{bench.seconds}s", "-s", str(script), server.url], 60))
    spent = server.process.cpu_seconds() - before
    if result.failed:
        bench.remark(f"{server.name}: {result.failed} of {result.requests} requests failed")
    return result.requests / spent


def logins(bench, kind, server):
    """On all cores, in turns: bare hashes, then logins. The client costs next to nothing beside a hash."""
    every = set(os.sched_getaffinity(0))
    for pid in server.process.tree():
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), every)
    script = bench.directory / "login.lua"
    script.write_text(LOGIN_LUA.format(body=json.dumps(json.dumps({"email": EMAIL, "password": PASSWORD, "platform": "cli"}))))
    seconds = str(max(bench.seconds, 2))

    def hashes(_):
        return float(subprocess.run([bench.tools["hashes"], seconds], capture_output=True, text=True, check=True).stdout)

    def login(_):
        began = time.monotonic()
        text = load.run_tool(["wrk", "-t1", f"-c{LOGIN_CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s", "-s", str(script), server.url], 120)
        result = load.wrk_result(text)
        if result.failed:
            bench.remark(f"logins, {kind}: {result.failed} of {result.requests} failed")
        return result.requests / (time.monotonic() - began)

    samples = {"ours": [], "hashes": []}
    for _ in range(bench.rounds):
        samples["hashes"].append(hashes(None))
        samples["ours"].append(login(None))
    return Row("A3", f"password logins/s, {kind}", "plain", "bare hashes", samples["ours"], samples["hashes"], 0.85, 0.95, higher_is_better=True)


def appends(bench):
    """64 writers against one commit after the other, on the same database: with the disk that is here, and with one whose
    flush takes as long as that of a disk without a power-safe cache."""
    for kind, events, commits in measured(bench, "A4", {}):
        yield Row("A4", f"events/s with 64 writers, {kind}", "plain", "single commits/s", events, commits, 10, 30, higher_is_better=True, decimals=0)
    with tempfile.TemporaryDirectory() as folder:
        # PostgreSQL runs as somebody else.
        os.chmod(folder, 0o755)
        library = f"{folder}/slow_flush.so"
        compiled = subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, SLOW_FLUSH, "-ldl"], capture_output=True, text=True)
        if compiled.returncode != 0:
            bench.remark(f"no A4d: {compiled.stderr[-200:]}")
            return
        slow = {"LD_PRELOAD": library, "SLOW_FLUSH_US": str(FLUSH_US)}
        for kind, events, commits in measured(bench, "A4d", slow):
            if max(commits) > 1_000_000 / FLUSH_US:
                bench.remark(f"no A4d on {kind}: its flushes took no longer")
                continue
            figure = f"events/s with 64 writers, flush +{FLUSH_US / 1000} ms, {kind}"
            yield Row("A4d", figure, "plain", "single commits/s", events, commits, 10, 30, higher_is_better=True, decimals=0)


def measured(bench, row, environment):
    """Events and single commits a second in each round, on each database: the tool runs both."""
    found = {kind: ([], []) for kind in DATABASES}
    for number in range(min(bench.rounds, 5)):
        bench.say(f"{row}: round {number + 1}")
        text = tool(bench, "appends", str(bench.seconds), environment=environment)
        for kind, commits, events in re.findall(r"^(\w+): (\d+) commits/s, .*, (\d+) events/s with 64", text, re.MULTILINE):
            found[kind][0].append(float(events))
            found[kind][1].append(float(commits))
    return [(kind, events, commits) for kind, (events, commits) in found.items()]


def rebuilds(bench, kind):
    """What login and introspection read, folded anew from the whole log, against reading the log."""
    bench.say(f"A5: {kind}")
    database = Database(bench, kind)
    try:
        url = database.arguments[1] if database.arguments else f"sqlite:{bench.directory}/rebuilds.db"
        text = tool(bench, "rebuilds", url, "20000" if bench.quick else "100000")
    finally:
        database.stop()
    found = re.findall(r"raw read (\d+) events/s; .* states ([\d.]+),", text)
    raw = [float(rate) for rate, _ in found]
    ours = [float(rate) * float(share) for rate, share in found]
    return Row("A5", f"rebuild, events/s, {kind}", "plain", "raw read", ours, raw, 0.2, 0.5, higher_is_better=True, decimals=0)


def tool(bench, name, *arguments, environment=None):
    command = [bench.tools[name], *arguments]
    environment = os.environ | (environment or {})
    done = subprocess.run(command, capture_output=True, text=True, cwd=bench.tools_folder, timeout=600, env=environment)
    if done.returncode != 0:
        raise load.LoadFailed(f"{name} ended with {done.returncode}: {done.stderr[-400:]}")
    return done.stdout


def set_up(server):
    token = re.search(r'"token":"([^"]+)"', server.log.read_text())[1]
    post(server, "/v1/auth/setup", {"token": token, "email": EMAIL, "password": PASSWORD})


def log_in(server):
    return post(server, "/v1/auth/login", {"email": EMAIL, "password": PASSWORD, "platform": "cli"})["access_token"]


def service(bench, place):
    made = subprocess.run([bench.tools["auth-gateway"], "clients", "create", "bench-edge", "-o", "json", *map(str, place)], capture_output=True, text=True, check=True)
    return "bench-edge", json.loads(made.stdout)["secret"]


def post(server, path, body):
    request = urllib.request.Request(server.url + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


# Nothing that the figures are about is limited: only the guards against guessing are out of the way.
CONFIG = """version: 1
issuer: http://127.0.0.1:{port}
listen: 127.0.0.1:{port}
admin: off
limits:
  connections_per_address: 4096
rate_limits:
  default: {{ requests: 1000000, window: 1s }}
  login: {{ requests: 1000000, window: 1s }}
# What it is without the key, had the server not been started on one core.
passwords: {{ concurrency: {cores} }}
lockout:
  per_pair: {{ free_attempts: 1000 }}
  per_address: {{ free_attempts: 1000 }}
  per_account: {{ free_attempts: 1000 }}
"""

LUA = """wrk.method = "POST"
wrk.path = "/v1/auth/introspect"
wrk.headers["authorization"] = "Basic {basic}"
wrk.headers["content-type"] = "application/json"
wrk.body = {body}
"""

LOGIN_LUA = """wrk.method = "POST"
wrk.path = "/v1/auth/login"
wrk.headers["content-type"] = "application/json"
wrk.body = {body}
"""
