#!/usr/bin/env python3
# Tests scripts/measure_get.py with stand-ins for what it times: which commands, in which order, and what becomes of the seconds.

import contextlib
import hashlib
import io
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
import measure_get  # noqa: E402
from measure_get import ROWS, CannotMeasure  # noqa: E402

SCRIPT = os.path.abspath(measure_get.__file__)
CONTENT = hashlib.shake_256(b"modelcache get").digest(1 << 20)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
URL = "http://127.0.0.1:1/models/model.onnx"
KEYS = ["curl", "cold", "openssl", "copy", "hash", "warm", "always", "crowded", "warm_process"]


class Laboratory(unittest.TestCase):
    """A scratch folder, and a `timed` that knows the commands: it notes them and takes 1 s for the first, 2 s for the second, ..."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="stampede-measure-")
        self.addCleanup(shutil.rmtree, self.root)
        self.scratch = os.path.join(self.root, "scratch")
        os.mkdir(self.scratch)
        self.commands, self.lie, self.server_ended = [], {}, False
        self.served = {"name": "model.onnx", "url": URL, "sha256": DIGEST}
        for target, value in (("timed", self.timed), ("serving", self.serving)):
            patch = mock.patch.object(measure_get, target, value)
            patch.start()
            self.addCleanup(patch.stop)

    @contextlib.contextmanager
    def serving(self, program, directory):
        self.assertEqual((program, directory), ("toy/bin/stampede", os.path.join(self.scratch, "served")))
        with open(os.path.join(directory, "model.onnx"), "rb") as file:
            self.assertEqual(file.read(), CONTENT)
        yield self.served
        self.server_ended = True

    def timed(self, command, **options):
        words = [word.replace(self.scratch, "S").replace(URL, "URL").replace(DIGEST, "DIGEST") for word in command]
        line = " ".join(words)
        self.commands.append(line)
        out = b""
        if words[0] == "sh":
            with open(command[4], "wb"):
                pass
            out = f"{self.lie.get('curl', DIGEST)}  F\n".encode()
        elif words[0] == "cat":
            self.assertEqual(options.pop("stdout").name, os.path.join(self.scratch, "copied"))
        elif words[1] == "ls":
            with open(os.path.join(command[4], "manifest.json"), encoding="utf-8") as file:
                entries = json.load(file)["entries"]
            out = json.dumps({"entries": [{"listed": listed} for listed in self.lie.get("ls", [True] * len(entries))]}).encode()
        elif words[1] == "get":
            cache = command[6]
            if "--json" in words:
                hashed = words[words.index("--verify") + 1] == "always"
                out = json.dumps({"hit": True, "hashed": hashed, "seconds": len(self.commands) / 1000, **self.lie.get("hit", {})}).encode()
            else:
                os.makedirs(os.path.join(cache, "entries"), exist_ok=True)
                with open(os.path.join(cache, "entries", f"sha256-{DIGEST}"), "wb") as file:
                    file.write(self.lie.get("cold", CONTENT))
                with open(os.path.join(cache, "manifest.json"), "w", encoding="utf-8") as file:
                    json.dump({"version": 1, "entries": {f"sha256-{DIGEST}": {"url": URL}}}, file)
                out = f"{cache}/entries/sha256-{DIGEST}\n".encode()
        self.assertEqual(options, {})
        return float(len(self.commands)), out

    def bench(self):
        arguments = measure_get.parse_arguments(["--build", "toy"])
        return measure_get.Bench(arguments, self.scratch, self.served, CONTENT)


class Measuring(Laboratory):
    def test_a_run(self):
        arguments = measure_get.parse_arguments(["--build", "toy", "--rounds", "2", "--size-mib", "1", "--crowd", "3", "--json"])
        with contextlib.redirect_stdout(io.StringIO()) as said, mock.patch("measure_get.time.perf_counter", iter(range(100)).__next__):
            status = measure_get.measure(arguments, self.scratch)
        get = "toy/bin/modelcache get URL --sha256 DIGEST --cache-dir S/"
        curl = 'sh -c curl -s -f -o "$1" "$2" && sha256sum "$1" && sync "$1" sh S/curled URL'
        bare = ["openssl dgst -sha256 S/served/model.onnx", "cat S/served/model.onnx"]
        hits = [get + "warm --verify when-changed --json", get + "warm --verify always --json", get + "crowded --verify when-changed --json"]
        listed = "toy/bin/modelcache ls --json --cache-dir S/"
        self.assertEqual(self.commands, [get + "warm", listed + "warm", get + "crowded", listed + "crowded",
                                         curl, get + "cold", *bare, *hits, get + "cold", curl, *bare, *hits])
        found = json.loads(said.getvalue())
        seconds = {key: found["seconds"][key]["all"] for key in KEYS}
        self.assertEqual(seconds, {
            "curl": [5, 13], "cold": [6, 12], "openssl": [7, 14], "copy": [8, 15], "hash": [1, 1], "warm": [0.009, 0.016],
            "always": [0.010, 0.017], "crowded": [0.011, 0.018], "warm_process": [9, 16]})
        self.assertEqual({key: found["seconds"][key]["median"] for key in ("curl", "cold", "copy", "hash", "warm")},
                         {"curl": 9, "cold": 9, "copy": 11.5, "hash": 1, "warm": 0.0125})
        self.assertEqual({key: found[key] for key in ("size_bytes", "rounds", "crowd", "held")},
                         {"size_bytes": 1 << 20, "rounds": 2, "crowd": 3, "held": False})
        self.assertEqual((status, self.server_ended), (1, True))
        self.assertEqual(sorted(os.listdir(self.scratch)), ["crowded", "served", "warm"])
        self.assertEqual([len(os.listdir(os.path.join(self.scratch, cache, "entries"))) for cache in ("warm", "crowded")], [1, 4])

    def test_a_run_that_holds(self):
        arguments = measure_get.parse_arguments(["--build", "toy", "--rounds", "1", "--size-mib", "1", "--crowd", "0"])
        self.lie["hit"] = {"seconds": 0.0005}
        with contextlib.redirect_stdout(io.StringIO()), mock.patch("measure_get.time.perf_counter", iter(range(100)).__next__):
            self.assertEqual(measure_get.measure(arguments, self.scratch), 1)  # curl 5 s, cold 6 s
        for name in os.listdir(self.scratch):
            shutil.rmtree(os.path.join(self.scratch, name))
        self.commands = [""] * 20
        with contextlib.redirect_stdout(io.StringIO()), mock.patch("measure_get.time.perf_counter", iter(range(100)).__next__):
            self.assertEqual(measure_get.measure(arguments, self.scratch), 0)  # curl 25 s, cold 26 s

    def test_the_crowd_is_of_real_files(self):
        self.bench().fill("crowded", 2)
        folder = os.path.join(self.scratch, "crowded")
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        self.assertEqual((manifest["version"], len(manifest["entries"])), (1, 3))
        for number in (0, 1):
            content = f"entry {number}".encode()
            name = "sha256-" + hashlib.sha256(content).hexdigest()
            path = os.path.join(folder, "entries", name)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), content)
            facts = os.stat(path)
            self.assertEqual(manifest["entries"][name], {
                "url": f"http://127.0.0.1/models/{number}", "sha256": name[7:], "size": 7, "inode": facts.st_ino,
                "mtime_ns": facts.st_mtime_ns, "ctime_ns": facts.st_ctime_ns, "added_at": int(facts.st_mtime_ns / 1e9)})
        self.assertEqual(sorted(os.listdir(folder)), ["entries", "manifest.json"])

    def test_what_is_not_as_expected_is_no_measurement(self):
        for lie, step, words in (
                ({"curl": "0" * 64}, lambda bench: bench.curl(), "curl fetched other bytes"),
                ({"cold": b"other"}, lambda bench: bench.cold(), "modelcache fetched other bytes"),
                ({"hit": {"hit": False}}, lambda bench: bench.hit("warm", "warm", "when-changed", False), "expected a hit with hashed=False"),
                ({"hit": {"hashed": True}}, lambda bench: bench.hit("warm", "warm", "when-changed", False), "expected a hit with hashed=False"),
                ({"hit": {"hashed": False}}, lambda bench: bench.hit("always", "warm", "always", True), "expected a hit with hashed=True"),
                ({"ls": [True]}, lambda bench: bench.fill("crowded", 1), "expected 2 listed entries, found 1"),
                ({"ls": [True, False]}, lambda bench: bench.fill("crowded", 1), "expected 2 listed entries, found 2")):
            with self.subTest(words):
                self.lie = lie
                bench = self.bench()
                with self.assertRaises(CannotMeasure) as problem:
                    step(bench)
                self.assertIn(words, str(problem.exception))
                self.assertEqual(bench.seconds, {key: [] for key in KEYS})
        self.lie = {}
        bench = self.bench()
        bench.content = b"other"
        self.assertRaisesRegex(CannotMeasure, "the server announces another checksum", bench.bare)

    def test_rounds_alternate(self):
        bench = self.bench()
        for number in range(4):
            bench.round(number)
        self.assertEqual([line.split()[0] for line in self.commands if "curled" in line or line.endswith("cold")],
                         ["sh", "toy/bin/modelcache", "toy/bin/modelcache", "sh"] * 2)

    def test_a_hit_has_its_own_time_and_that_of_its_process(self):
        bench = self.bench()
        bench.hit("always", "warm", "always", True)
        bench.hit("warm", "warm", "when-changed", False)
        self.assertEqual({key: found for key, found in bench.seconds.items() if found},
                         {"always": [0.001], "warm": [0.002], "warm_process": [2.0]})


class Judging(unittest.TestCase):
    MEDIANS = {"curl": 9.0, "cold": 10.0, "openssl": 2.0, "copy": 4.0, "hash": 1.7, "warm": 0.0009, "always": 2.0, "crowded": 0.0005,
               "warm_process": 0.01}

    def test_bounds(self):
        self.assertEqual(measure_get.bounds(self.MEDIANS, 7), [
            ("cold get, speed of curl + sha256sum + sync", 0.9, ">= 0.90", True, True),
            ("cold get, speed of OpenSSL hash + copy (stretch)", 0.6, ">= 0.60", True, False),
            ("warm hit, when-changed, ms", 0.9, "< 1.00", True, True),
            ("warm hit among 7 more, ms (stretch)", 0.5, "< 1.00", True, False),
            ("warm hit, always, speed of OpenSSL SHA-256", 0.85, ">= 0.85", True, True),
            ("the same, of openssl dgst on the file (stretch)", 1.0, ">= 0.85", True, False)])

    def test_each_bound_by_itself(self):
        for change, missed in (({"curl": 8.9}, 0), ({"copy": 3.9}, 1), ({"warm": 0.001}, 2), ({"crowded": 0.001}, 3), ({"hash": 1.6}, 4),
                               ({"openssl": 1.6, "copy": 9}, 5)):
            with self.subTest(change):
                judged = measure_get.bounds({**self.MEDIANS, **change}, 0)
                self.assertEqual([number for number, row in enumerate(judged) if not row[3]], [missed])
                self.assertEqual(measure_get.all_held(judged), missed in (1, 3, 5))

    def report(self, *options):
        arguments = measure_get.parse_arguments(["--size-mib", "2", "--rounds", "3", "--crowd", "4", *options])
        seconds = {key: [median / 2, median, 3 * median] for key, median in self.MEDIANS.items()}
        judged = [("good", 1.5, ">= 0.90", True, True), ("bad", 0.25, ">= 0.90", False, True), ("far", 0.125, "< 1.00", False, False)]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            measure_get.report(arguments, seconds, self.MEDIANS, judged)
        return said.getvalue(), seconds

    def test_the_table(self):
        lines = [line.split() for line in self.report()[0].splitlines() if line]
        self.assertEqual(lines[0], "2 MiB, medians of 3 rounds".split())
        self.assertEqual(lines[1], ["median", "ms", "min", "max", "MB/s"])
        names = dict(ROWS)
        figures = {"curl": "9000.000 4500.000 27000.000 0", "cold": "10000.000 5000.000 30000.000 0", "openssl": "2000.000 1000.000 6000.000 1",
                   "copy": "4000.000 2000.000 12000.000 1", "hash": "1700.000 850.000 5100.000 1", "warm": "0.900 0.450 2.700 -",
                   "always": "2000.000 1000.000 6000.000 1", "crowded": "0.500 0.250 1.500 -", "warm_process": "10.000 5.000 30.000 -"}
        self.assertEqual(lines[2:11], [names[key].split() + figures[key].split() for key in KEYS])
        self.assertEqual(lines[11:], [["figure", "bound"], "good 1.500 >= 0.90 held".split(), "bad 0.250 >= 0.90 MISSED".split(),
                                      "far 0.125 < 1.00 missed (stretch)".split()])

    def test_the_json(self):
        text, seconds = self.report("--json")
        self.assertEqual(json.loads(text), {
            "size_bytes": 2097152, "rounds": 3, "crowd": 4,
            "seconds": {key: {"median": self.MEDIANS[key], "all": seconds[key]} for key in KEYS},
            "bounds": [{"name": "good", "value": 1.5, "bound": ">= 0.90", "held": True, "must": True},
                       {"name": "bad", "value": 0.25, "bound": ">= 0.90", "held": False, "must": True},
                       {"name": "far", "value": 0.125, "bound": "< 1.00", "held": False, "must": False}],
            "held": False})


class Timing(unittest.TestCase):
    def test_what_was_written_before_is_synced_first(self):
        clock = iter((10.0, 12.5))
        with mock.patch("measure_get.os.sync") as sync, mock.patch("measure_get.time.perf_counter", lambda: (sync.assert_called_once_with(),
                                                                                                            next(clock))[1]):
            self.assertEqual(measure_get.timed(["sh", "-c", "read line || echo none"]), (2.5, b"none\n"))

    def test_what_is_printed_may_go_elsewhere(self):
        with tempfile.TemporaryFile() as file, mock.patch("measure_get.os.sync"):
            self.assertIsNone(measure_get.timed(["echo", "there"], stdout=file)[1])
            file.seek(0)
            self.assertEqual(file.read(), b"there\n")

    def test_a_program_that_fails_is_no_measurement(self):
        with mock.patch("measure_get.os.sync"), self.assertRaises(CannotMeasure) as problem:
            measure_get.timed(["sh", "-c", "echo so it is >&2; exit 7"])
        self.assertEqual(str(problem.exception), "sh: status 7: so it is")


class Program(unittest.TestCase):
    """The whole program, with a server that is a script."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="stampede-measure-")
        self.addCleanup(shutil.rmtree, self.root)
        os.makedirs(os.path.join(self.root, "bin"))
        os.mkdir(os.path.join(self.root, "there"))

    def stampede(self, script):
        path = os.path.join(self.root, "bin", "stampede")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)
        return path

    def start(self, *arguments):
        """As a shell starts it in the background, where SIGINT is ignored."""
        command = [sys.executable, SCRIPT, "--build", self.root, "--directory", os.path.join(self.root, "there"), "--size-mib", "1"]
        return subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))

    def test_a_server_is_heard_and_ended(self):
        path = self.stampede('trap "" TERM; echo "{\\"files\\": [{\\"name\\": \\"$1 $2 $3\\"}]}"; while :; do sleep 1; done')
        with mock.patch("measure_get.subprocess.Popen", side_effect=subprocess.Popen) as popen:
            with measure_get.serving(path, "folder") as served:
                self.assertEqual(served, {"name": "serve folder --json"})
        self.assertEqual(popen.call_args.args, ([path, "serve", "folder", "--json"],))

    def test_a_server_that_does_not_say_what_it_serves(self):
        for says, found in (("", "''"), ("no", "'no\\n'"), ('{"files": []}', "'{\"files\": []}\\n'"), ("{}", "'{}\\n'")):
            with self.subTest(says):
                self.stampede(f"[ -z '{says}' ] || echo '{says}'\n")
                message = f"stampede serve: expected a line of JSON with one file, found {found}"
                running = self.start("--json")
                out, err = running.communicate(timeout=60)
                self.assertEqual((running.returncode, json.loads(out), err), (2, {"error": message}, f"measure_get.py: {message}\n"))
                self.assertEqual(os.listdir(os.path.join(self.root, "there")), [])
        running = self.start()
        self.assertEqual((running.communicate(timeout=60)[0], running.returncode), ("", 2))

    def test_a_build_that_is_not_there(self):
        running = self.start()
        self.assertIn("measure_get.py: [Errno 2] No such file or directory: ", running.communicate(timeout=60)[1])
        self.assertEqual(running.returncode, 2)

    def test_an_interrupt_ends_it_cleanly(self):
        fifo = os.path.join(self.root, "fifo")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDWR)
        self.addCleanup(os.close, reader)
        self.stampede(f"echo >{fifo}; exec sleep 300\n")
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                running = self.start()
                self.assertTrue(select.select([reader], [], [], 60)[0], "no server was started")
                os.read(reader, 1)
                running.send_signal(number)
                self.assertEqual((running.communicate(timeout=60), running.returncode), (("", "measure_get.py: interrupted\n"), 130))
                self.assertEqual(os.listdir(os.path.join(self.root, "there")), [])

    def test_a_run_gets_a_scratch_folder_and_its_status_is_the_program_s(self):
        for status in (0, 1):
            with mock.patch.object(measure_get, "measure", return_value=status) as measure, mock.patch("measure_get.signal.signal"):
                self.assertEqual(measure_get.main(["--directory", self.root]), status)
            arguments, scratch = measure.call_args.args
            self.assertEqual((os.path.dirname(scratch), os.path.basename(scratch)[:12]), (self.root, "measure-get-"))
            self.assertFalse(os.path.exists(scratch))
            self.assertEqual((arguments.build, arguments.rounds, arguments.size_mib, arguments.crowd, arguments.json),
                             ("build/release", 7, 64, 1000, False))

    def test_usage(self):
        for words in (["--rounds", "0"], ["--size-mib", "0"], ["--crowd", "-1"], ["--what"]):
            with self.subTest(words), contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as end:
                measure_get.parse_arguments(words)
            self.assertEqual(end.exception.code, 2)
        self.assertEqual(measure_get.parse_arguments(["--rounds", "1", "--size-mib", "1", "--crowd", "0"]).rounds, 1)
        with contextlib.redirect_stdout(io.StringIO()) as said, self.assertRaises(SystemExit):
            measure_get.parse_arguments(["--help"])
        self.assertIn("\nServes one generated file with `stampede serve` and, in alternating rounds, times:", said.getvalue())


if __name__ == "__main__":
    unittest.main()
