"""Load generators: wrk for timed rounds, h2load for a fixed number of requests, plain sockets for idle streams."""

import base64
import os
import re
import socket
import subprocess
from dataclasses import dataclass

from .processes import CLIENT_CORES, pin

CONNECTIONS = 64
WRK_PATIENCE = 120


class LoadFailed(Exception):
    """The load tool itself did not run to its end."""


@dataclass
class Load:
    requests: int
    failed: int
    bytes: float = 0


def run_tool(argv, patience):
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience, preexec_fn=pin(CLIENT_CORES)
    )
    if done.returncode != 0:
        raise LoadFailed(f"{argv[0]} ended with {done.returncode}: {done.stdout[-400:]}{done.stderr[-400:]}")
    return done.stdout


def wrk_argv(url, headers, seconds, connections):
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    for name, value in headers.items():
        argv += ["-H", f"{name}: {value}"]
    return argv + [url]


def wrk_result(text):
    requests = re.search(r"(\d+) requests in [^,]+, ([\d.]+)([KMGT]?)B read", text)
    if requests is None:
        raise LoadFailed(f"wrk printed no result: {text[-400:]}")
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    failed = sum(int(n) for n in errors.groups()) if errors else 0
    size = float(requests[2]) * 1024 ** " KMGT".index(requests[3] or " ")
    return Load(int(requests[1]), failed + (int(refused[1]) if refused else 0), size)


def wrk(url, headers, seconds, connections=CONNECTIONS):
    return wrk_result(run_tool(wrk_argv(url, headers, seconds, connections), seconds + WRK_PATIENCE))


def h2load(url, headers, requests, connections=8, extra=("--h1",), patience=900):
    argv = ["h2load", *extra, "-t1", f"-c{connections}", "-n", str(requests)]
    for name, value in headers.items():
        argv += ["-H", f"{name}: {value}"]
    text = run_tool(argv + [url], patience)
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", text)
    if counts is None:
        raise LoadFailed(f"h2load printed no result: {text[-400:]}")
    return Load(int(counts[1]) + int(counts[2]), int(counts[2]))  # the errored ones are among the failed


def exchange(port, target, headers, method="GET"):
    """One request on a connection of its own: (socket, status, head, the body bytes that came with it)."""
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
    head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    s.sendall(head.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += receive(s)
    head, rest = answer.split(b"\r\n\r\n", 1)
    head = head.decode("latin-1")
    length = re.search(r"(?im)^content-length:\s*(\d+)", head)
    while length and method != "HEAD" and len(rest) < int(length[1]):
        rest += receive(s)
    return s, int(head.split()[1]), head, rest


def receive(s):
    data = s.recv(65536)
    if not data:
        raise LoadFailed("the connection was closed in the middle of an answer")
    return data


def hold(kind, port, target, headers, count):
    """Opens `count` connections that stay: answered keep-alive requests, SSE streams with one event, or WebSockets."""
    held = []
    for _ in range(count):
        if kind == "sse":
            s, status, _, rest = exchange(port, target, {**headers, "Accept": "text/event-stream"})
            expected = 200
            while b"data:" not in rest:
                rest += receive(s)
        elif kind == "websocket":
            key = base64.b64encode(os.urandom(16)).decode()
            upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
            s, status, _, rest = exchange(port, target, {**headers, **upgrade})
            expected = 101
        else:
            s, status, _, rest = exchange(port, target, headers)
            expected = 200
        if status != expected:
            raise LoadFailed(f"{kind}: {target} answered {status}, not {expected}")
        held.append(s)
    return held
