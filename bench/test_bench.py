"""Tests of what the benchmark does without measuring: which rounds, which result is shown, which side is refused.

    make test-bench
"""
import copy
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import cases  # noqa: E402  (beside this script)
import paired  # noqa: E402
import peer_openvino  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import sides  # noqa: E402


def simulate(cost, pairs, budget):
    """Run the rounds with a clock that only the cases move; the pairs of each case, and the seconds that it took."""
    done, spent = dict.fromkeys(cost, 0), 0.0
    for _ in range(1000):
        names = rounds.chosen(done, cost, pairs, None if budget is None else budget - spent)
        if not names:
            return done, spent
        for n in names:
            done[n] += 1
            spent += cost[n]
    raise AssertionError(f"no end after 1000 rounds: {done}")


class Rounds(unittest.TestCase):
    cost = {"prefill 16": 1.0, "depth 2048": 17.0, "decode": 2.0, "8 streams": 12.0}

    def test_without_a_limit_all_get_all(self):
        self.assertEqual(simulate(self.cost, 9, None)[0], dict.fromkeys(self.cost, 9))

    def test_a_limit_is_kept_and_the_cheap_come_first(self):
        done, spent = simulate(self.cost, 9, 160)
        self.assertEqual((done["prefill 16"], done["decode"]), (9, 9))
        self.assertLessEqual(spent, 160)
        self.assertLess(done["depth 2048"], 9)
        self.assertGreater(done["8 streams"], 3)

    def test_a_limit_that_suffices_cuts_nothing(self):
        self.assertEqual(simulate(self.cost, 9, 9 * 32)[0], dict.fromkeys(self.cost, 9))

    def test_never_fewer_than_three(self):
        done, _ = simulate(self.cost, 9, 1)
        self.assertEqual(done, dict.fromkeys(self.cost, rounds.LEAST))

    def test_fewer_when_fewer_are_asked_for(self):
        self.assertEqual(simulate(self.cost, 2, 1)[0], dict.fromkeys(self.cost, 2))

    def test_what_one_run_leaves_the_next_gets(self):
        self.assertEqual(rounds.share(780, 0, 2), 390)
        self.assertEqual(rounds.share(780, 200, 1), 580)
        self.assertEqual(rounds.share(780, 900, 1), 1)


def result(kind="peer", pairs=9, date="2026-11-24T10:00:00+00:00", quick=False, disturbed=0, ratio=2.0, **run):
    row = {"a": [100.0 * ratio] * pairs, "b": [100.0] * pairs, "disturbed": disturbed,
           "ratio": {"median": ratio, "q1": ratio, "q3": ratio}, "unit": "tok/s"}
    b = {"peer": {"llama": "1", "package": "p@1", "variant": "v"}, "self": {"version": "malmoi 1"},
         "openvino": {"package": "openvino-genai@1", "versions": {"openvino": "1"}}}[kind]
    return {
        "date": date, "kind": kind, "isa": "avx512", "a": {"version": "malmoi 1"}, "b": b,
        "host": {"cpu": "a processor", "processors": 2, "flags": ["avx2"], "kernel": "6"},
        "model": {"file": "a.gguf", "bytes": 10, "sha256": "ff"},
        "settings": {"context": 4096, "isa_forced": None, "quick": quick},
        "runs": [{"threads": 2, "pairs": pairs, "metrics": {"prefill_512": copy.deepcopy(row)}, "errors": {},
                  "lookup": {"a": True, "b": True}, **run}],
    }


def row_of(text, label):
    """The cells of the table's row that begins with the label."""
    return [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith(f"| {label}")]


class Report(unittest.TestCase):
    def shown(self, *results):
        """The ratio and number of pairs in the only row."""
        rows = row_of(report.body(list(results)), "prefill, 512")
        self.assertEqual(len(rows), 1, "one row for one processor, file and number of threads")
        return rows[0][4].split()[0], rows[0][5]

    def test_more_pairs_win_over_newer(self):
        long, quick = result(ratio=2), result(pairs=2, quick=True, ratio=3, date="2026-11-25T10:00:00+00:00")
        self.assertEqual(self.shown(long, quick), ("2.00", "9"))
        self.assertEqual(self.shown(quick, long), ("2.00", "9"))

    def test_calm_pairs_win_over_disturbed_ones(self):
        self.assertEqual(self.shown(result(disturbed=8, ratio=3), result(pairs=5, ratio=2)), ("2.00", "5"))

    def test_of_like_ones_the_longer_answers_and_then_the_newer_win(self):
        newer = result(quick=True, ratio=3, date="2026-11-25T10:00:00+00:00")
        self.assertEqual(self.shown(result(ratio=2), newer), ("2.00", "9"))
        self.assertEqual(self.shown(result(ratio=2), result(ratio=4, date="2026-11-25T10:00:00+00:00")), ("4.00", "9"))

    def test_a_run_without_most_rows_loses(self):
        whole, part = result(ratio=2, pairs=5), result(ratio=3, date="2026-11-25T10:00:00+00:00")
        whole["runs"][0]["metrics"] |= {k: copy.deepcopy(whole["runs"][0]["metrics"]["prefill_512"]) for k in cases.METRICS}
        self.assertEqual(self.shown(whole, part), ("2.00", "5"))

    def test_a_self_run_fills_its_column(self):
        text = report.body([result(), result(kind="self", ratio=1.01)])
        self.assertEqual(row_of(text, "prefill, 512")[0][6], "1.01 (1.01–1.01)")
        other_file = result(kind="self", ratio=1.01)
        other_file["model"]["sha256"] = "00"
        self.assertEqual(row_of(report.body([result(), other_file]), "prefill, 512")[0][6], "–")

    def test_openvino_stands_under_the_same_heading_with_its_own_target(self):
        text = report.body([result(), result(kind="openvino", ratio=0.9)])
        self.assertEqual(text.count("### "), 1)
        self.assertEqual([r[7] for r in row_of(text, "prefill, 512")], ["≥ 4 ✗", "≥ 1 ✗"])
        self.assertIn("≥ 1 ✓", report.body([result(kind="openvino", ratio=1.0)]))

    def test_a_file_that_is_not_read_is_said_to_be(self):
        r = result(kind="openvino", pairs=0, unread="no such type")
        r["runs"][0]["metrics"] = {}
        self.assertIn("does not read this file (`a.gguf`): no such type", report.body([r]))
        self.assertEqual(self.shown(r, result(kind="openvino")), ("2.00", "9"))

    def test_a_rerun_replaces_only_what_is_between_the_marks(self):
        with tempfile.TemporaryDirectory() as d:
            docs, results = pathlib.Path(d) / "b.md", pathlib.Path(d)
            docs.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
            (results / "r.json").write_text(paired.compact(result()))
            report.write(results, docs)
            text = docs.read_text()
            self.assertTrue(text.startswith("before\n") and text.endswith("after\n"))
            self.assertIn("prefill, 512", text)
            self.assertNotIn("old", text)


class Saving(unittest.TestCase):
    def test_a_later_result_of_the_day_overwrites_none(self):
        with tempfile.TemporaryDirectory() as d:
            o = types.SimpleNamespace(results=pathlib.Path(d), isa=None, kind="peer")
            first = paired.save(o, result())
            second = paired.save(o, result(date="2026-11-24T10:00:01+00:00"))
            self.assertNotEqual(first, second)
            self.assertTrue(first.exists() and second.exists())


class OpenVINO(unittest.TestCase):
    def side(self, says):
        side = sides.OpenVINO.__new__(sides.OpenVINO)
        side.process = subprocess.Popen([sys.executable, "-c", f"print({says!r})"], stdout=subprocess.PIPE)
        self.addCleanup(side.process.stdout.close)
        self.addCleanup(side.process.wait)
        return side

    def test_a_refusal_is_told_apart_from_a_failure(self):
        with self.assertRaisesRegex(sides.Unread, "^of this type$"):
            self.side("loading 1.5\nrefused of this type").wait_ready()
        with self.assertRaises(sides.Failed) as e:
            self.side("loading 1.5").wait_ready()
        self.assertNotIsInstance(e.exception, sides.Unread)

    def test_python_itself_does_not_count_as_load_time(self):
        side = self.side("loading 1.5\nready 2.5 http://127.0.0.1:1")
        side.wait_ready()
        self.assertEqual(side.started, 1.5)

    def test_the_reason_is_the_last_line(self):
        self.assertEqual(peer_openvino.reason(RuntimeError("Check failed at a.cpp:84:\n[load] no such type\n\n")), "[load] no such type")
        self.assertEqual(peer_openvino.reason(RuntimeError("")), "RuntimeError")


if __name__ == "__main__":
    unittest.main()
