"""Rows, their verdicts, and how they are printed and stored."""

import json
import statistics
from dataclasses import dataclass, field


@dataclass
class Row:
    """`judged` says which number the budget is about: the ratio, or our own figure."""

    id: str
    figure: str
    build: str
    peer_name: str = ""
    ours: list = field(default_factory=list)
    peer: list = field(default_factory=list)
    accepted: float | None = None
    goal: float | None = None
    judged: str = "ratio"
    higher_is_better: bool = False
    decimals: int = 2
    note: str = ""

    def best(self, values):
        return max(values) if self.higher_is_better else min(values)

    def ratio(self):
        """Of the best rounds: noise only ever makes a round worse."""
        if not self.ours or not self.peer or not self.best(self.peer):
            return None
        return self.best(self.ours) / self.best(self.peer)

    def median_ratio(self):
        if self.ratio() is None or not statistics.median(self.peer):
            return None
        return statistics.median(self.ours) / statistics.median(self.peer)

    def verdict(self):
        value = self.ratio() if self.judged == "ratio" else (self.best(self.ours) if self.ours else None)
        if value is None or self.accepted is None:
            return ""
        if self.meets(value, self.goal):
            return "goal"
        return "accepted" if self.meets(value, self.accepted) else "OVER"

    def meets(self, value, bound):
        if bound is None:
            return False
        return value >= bound if self.higher_is_better else value <= bound

    def cells(self):
        sign = "≥" if self.higher_is_better else "≤"
        ours = self.number(self.ours) if self.ours else "failed" if self.build else "not built"
        peer = f"{self.number(self.peer)} {self.peer_name}" if self.peer else "–"
        ratio = f"{self.ratio():.3f} ({self.median_ratio():.3f})" if self.ratio() is not None else "–"
        bounds = [f"{sign} {b:,g}" if b is not None else "report" for b in (self.accepted, self.goal)]
        return [self.id, self.figure, self.build or "–", ours, peer, ratio, *bounds, self.verdict() or "–"]

    def number(self, values):
        best = f"{self.best(values):,.{self.decimals}f}"
        if len(values) == 1:
            return best
        return f"{best} ({statistics.median(values):,.{self.decimals}f})"

    def as_json(self):
        def sample(values):
            return {"best": self.best(values), "median": statistics.median(values), "rounds": values} if values else None

        return {
            "id": self.id,
            "figure": self.figure,
            "build": self.build or None,
            "ours": sample(self.ours),
            "peer": {"name": self.peer_name, **sample(self.peer)} if self.peer else None,
            "ratio": self.ratio(),
            "median_ratio": self.median_ratio(),
            "accepted": self.accepted,
            "goal": self.goal,
            "judged": self.judged,
            "higher_is_better": self.higher_is_better,
            "verdict": self.verdict() or None,
            "note": self.note or None,
        }


HEAD = ["", "figure", "build", "ours", "peer", "ratio", "accepted", "goal", "met"]


def render(rows):
    """A Markdown table with aligned columns: best round, median in brackets."""
    cells = [HEAD] + [row.cells() for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEAD))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    notes = [f"{row.id} {row.build}: {row.note}" for row in rows if row.note]
    return "\n".join(lines + ([""] + notes if notes else []))


def write_json(path, machine, rows):
    with open(path, "w") as f:
        json.dump({"machine": machine, "rows": [row.as_json() for row in rows]}, f, indent=1)
        f.write("\n")
