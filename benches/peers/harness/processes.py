"""Processes of a run: started on one core, accounted through /proc, and ended by pid whatever happens."""

import atexit
import os
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
_running = []


def cores():
    """(core of the proxy, cores of clients and origin); None where the machine has only one."""
    have = sorted(os.sched_getaffinity(0))
    if len(have) < 2:
        return None, None
    return {have[0]}, set(have[1:])


PROXY_CORE, CLIENT_CORES = cores()


def pin(core):
    return (lambda: os.sched_setaffinity(0, core)) if core else None


class Process:
    """One child with its descendants; stdout and stderr go to `log` unless `stdout` is given."""

    def __init__(self, argv, log, core=None, env=None, stdout=None):
        self.argv = argv
        self.log = log
        with open(log, "ab") as out:
            self.child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=stdout or out,
                stderr=out,
                env=env,
                preexec_fn=pin(core),
                start_new_session=True,  # a Ctrl-C reaches only the orchestrator, which ends them in order
            )
        self.pid = self.child.pid
        _running.append(self)

    def alive(self):
        return self.child.poll() is None

    def tree(self):
        found, queue = [], [self.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            try:
                with open(f"/proc/{pid}/task/{pid}/children") as f:
                    queue += [int(p) for p in f.read().split()]
            except OSError:
                pass
        return found

    def cpu_seconds(self):
        """User and system time of the whole tree, all threads, ended children included."""
        total = 0
        for pid in self.tree():
            try:
                with open(f"/proc/{pid}/stat") as f:
                    fields = f.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            total += sum(int(x) for x in fields[11:15])  # utime stime cutime cstime
        return total / TICKS

    def resident_kib(self):
        total = 0
        for pid in self.tree():
            try:
                with open(f"/proc/{pid}/status") as f:
                    total += sum(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))
            except OSError:
                continue
        return total

    def stop(self, sig=signal.SIGTERM, patience=15):
        """Asks with `sig`, then insists. Returns whether the process ended by itself."""
        gentle = True
        if self.alive():
            pids = self.tree()
            self.child.send_signal(sig)
            try:
                self.child.wait(patience)
            except subprocess.TimeoutExpired:
                gentle = False
                for pid in pids:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                self.child.wait()
        if self in _running:
            _running.remove(self)
        return gentle

    def log_tail(self, lines=15):
        with open(self.log, errors="replace") as f:
            return "".join(f.readlines()[-lines:])


class NotReady(Exception):
    """A server did not come up; the message carries the end of its log."""


def wait_for_port(process, port, patience):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if not process.alive():
            break
        with socket.socket() as s:
            s.settimeout(1)
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise NotReady(f"{process.argv[0]} did not listen on {port}:\n{process.log_tail()}")


_given_ports = set()


def free_port():
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        if port not in _given_ports:
            _given_ports.add(port)
            return port


def end_all():
    for process in list(_running):
        process.stop(patience=3)


def end_all_on_signals():
    """TERM and INT leave through SystemExit, so that atexit and temporary directories do their work."""
    atexit.register(end_all)
    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sig, lambda number, _frame: exit(128 + number))
