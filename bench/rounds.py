"""Which cases the next round measures: everything a few times first, then what is cheap up to the full number of pairs.

A round measures each of its cases once on both sides. Without a limit of time every case takes part until it has all
its pairs. With one, the first rounds (LEAST) hold everything, whatever they take, and what is left of the time goes to
the cheap cases first: a pair of "prefill 16" takes a second, a pair of "8 streams" as long as twenty of them.
"""
LEAST = 3  # pairs that every case gets


def chosen(done, cost, pairs, left):
    """The cases of the next round, in the order of done; none when the measurement is over.

    done: case → pairs it has. cost: case → seconds that a pair of it takes, as far as known. pairs: the most that a
    case gets. left: seconds, or None without a limit.
    """
    wanted = [n for n in done if done[n] < pairs]
    must = [n for n in wanted if done[n] < LEAST]
    if must or left is None:
        return must or wanted
    out = set()
    for n in sorted(wanted, key=lambda n: cost[n]):
        fit = min(pairs - done[n], int(left / max(cost[n], 1e-3))) if left > 0 else 0
        if fit:
            out.add(n)
            left -= fit * cost[n]
    return [n for n in wanted if n in out]


def share(ends, now, runs):
    """Seconds for the next of so many runs, when all are to end at the same time; what one leaves, the others get."""
    return max(1.0, (ends - now) / runs)
