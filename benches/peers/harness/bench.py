"""One run: what was asked for, the programs under test, and the rounds in which they alternate."""

import contextlib
import sys



class Bench:
    def __init__(self, options, directory, builds, tools=None):
        self.directory = directory
        # Programs of the auth gateway by name, all of one folder; none when its rows are not measured.
        self.tools = tools or {}
        self.tools_folder = next((tool.parent for tool in self.tools.values()), directory)
        self.builds = builds
        self.build_names = list(builds) or [""]
        self.quick = options.quick
        self.record = options.record
        self.only = options.only
        self.rounds = options.rounds or (3 if options.quick else 8)
        self.seconds = 1 if options.quick else 3
        self.memory_rounds = 1 if options.quick else 3
        self.held_connections = 500 if options.quick else 2000
        self.counted_requests = (200, 800) if options.quick else (500, 3500)
        self.remarks = []
        self.world = None

    def wants(self, row_id):
        return not self.only or row_id in self.only

    def say(self, text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def remark(self, text):
        if text not in self.remarks:
            self.remarks.append(text)
            self.say(text)

    @contextlib.contextmanager
    def started(self, wrapper=()):
        """Gives `up(server)`, which starts a server; all of them are stopped on the way out."""
        servers = []

        def up(server):
            servers.append(server)
            return server.start(wrapper)

        try:
            yield up
        finally:
            for server in servers:
                if server.process and not server.stop(patience=120 if wrapper else 20):
                    self.remark(f"{server.name} did not end when asked and was killed")

    def alternate(self, title, contestants, measure):
        """A B B A …: each round the other way round, so that a drifting machine favours nobody. One unmeasured round first."""
        samples = {name: [] for name in contestants}
        order = list(contestants)
        for name in order:
            measure(contestants[name])
        for number in range(self.rounds):
            self.say(f"{title}: round {number + 1} of {self.rounds}")
            for name in order:
                samples[name].append(measure(contestants[name]))
            order.reverse()
        return samples
