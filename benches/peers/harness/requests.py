"""The measured requests, and the proof that every contestant does the same work on them."""

import re

from . import load

PASS_THROUGH = "/api/v1/services/billing/invoices?limit=20"
MEMORY_ITEM = "/api/v1/memories/0b8f6f2e-3c1d-4a5b-9e7f-112233445566"
DOWNLOAD = "/api/v1/services/billing/ten-mebibytes"
STREAMS = {"sse": "/sse", "websocket": "/ws", "idle": PASS_THROUGH}


def headers(world):
    """With the request line and Host about 300 bytes."""
    return {
        "User-Agent": "onasis-cli/2.1 (node 22.4; linux x64)",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate, br",
        "Authorization": "Bearer bench-0123456789abcdef0123456789abcdef",
        "Origin": world.cors_origins[0],
    }


SAME_WORK_ANSWER = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "x-xss-protection": "1; mode=block",
    "referrer-policy": "strict-origin-when-cross-origin",
    "access-control-allow-credentials": "true",
}


def differences(server, world):
    """What `server` does not do of the common work: a list of sentences, empty when the comparison is fair."""
    asked = {**headers(world), "X-Bench-Seen": "1", "X-User-Id": "intruder"}
    sock, status, head, body = load.exchange(server.port, PASS_THROUGH, asked)
    sock.close()
    got = {}
    for line in head.split("\r\n")[1:]:
        name, value = line.split(":", 1)
        got.setdefault(name.lower(), []).append(value.strip())
    wrong = [] if status == 200 and len(body) == 1024 else [f"answers {status} with {len(body)} bytes"]
    expected = {**SAME_WORK_ANSWER, "access-control-allow-origin": world.cors_origins[0]}
    wrong += [f"{name} is {got.get(name)}, not [{value!r}]" for name, value in expected.items() if got.get(name) != [value]]
    if not any("origin" in value.lower() for value in got.get("vary", [])):
        wrong.append("no Vary: Origin")
    request_id = (got.get("x-request-id") or [""])[0]
    seen = dict(re.findall(r"([\w-]+)=([^;]*)", (got.get("x-seen") or [""])[0]))
    if not request_id or seen.get("request-id") != request_id:
        wrong.append(f"request id {request_id!r} in the answer, {seen.get('request-id')!r} upstream")
    if seen.get("user", "") != "":
        wrong.append("an identity header of the client reaches the upstream")
    if seen.get("forwarded-for") != "127.0.0.1":
        wrong.append(f"X-Forwarded-For is {seen.get('forwarded-for')!r}")
    if not re.fullmatch(r"00-[0-9a-fA-F]{32}-[0-9a-fA-F]{16}-[0-9a-f]{2}", seen.get("trace", "")):
        wrong.append(f"traceparent is {seen.get('trace')!r}")
    if seen.get("uri") != PASS_THROUGH:
        wrong.append(f"the upstream is asked for {seen.get('uri')!r}")
    return wrong
