"""Figures of several rounds, and tables of them in Markdown."""

import statistics


class Figures:
    """One quantity, measured in several rounds."""

    def __init__(self, values):
        self.values = sorted(values)
        self.median = statistics.median(self.values)
        # Half of the range that the middle half of the rounds lies in.
        if len(self.values) > 1:
            lower, _, upper = statistics.quantiles(self.values, n=4, method="inclusive")
        else:
            lower = upper = self.values[0]
        self.spread = (upper - lower) / 2

    def show(self, digits=0):
        return f"{self.median:,.{digits}f} ± {self.spread:,.{digits}f}"


def verdict(one, other, ratio=None):
    """What has to be said of a difference, if anything. `ratio` is that of the two, round by round."""
    if len(one.values) < 2:
        return "one round: its spread is not known"
    is_hidden = abs(one.median - other.median) <= one.spread + other.spread
    if is_hidden or ratio and abs(ratio.median - 1) <= ratio.spread:
        return "the spread hides the difference"
    return ""


def table(head, rows, words=1):
    """Prints rows of text under their head. The first columns are words; figures stand on the right."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows)]

    def line(cells):
        padded = (cell.ljust(width) if at < words else cell.rjust(width) for at, (cell, width) in enumerate(zip(cells, widths)))
        print("| " + " | ".join(padded) + " |")

    print()
    line(head)
    rules = (":" + "-" * (width + 1) if at < words else "-" * (width + 1) + ":" for at, width in enumerate(widths))
    print("|" + "|".join(rules) + "|")
    for row in rows:
        line(row)
    print(flush=True)
