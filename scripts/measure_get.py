#!/usr/bin/env python3
"""Measures `modelcache get` beside what bounds it on the same machine in the same run.

Serves one generated file with `stampede serve` and, in alternating rounds, times: curl, sha256sum and sync; a cold get
into a new cache on the same file system; OpenSSL's hash and a bare copy; and warm hits, whose own time the command
reports. Prints medians and the required ratios. Exit status: 0 all bounds held, 1 one did not, 2 it could not measure,
130 interrupted.
"""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20
ROWS = [  # key, what it is
    ("curl", "curl -o F && sha256sum F && sync F"),
    ("cold", "modelcache get, cold"),
    ("openssl", "openssl dgst -sha256 F"),
    ("copy", "cat F > G"),
    ("hash", "SHA-256 in memory (OpenSSL)"),
    ("warm", "hit, when-changed (own time)"),
    ("always", "hit, always (own time)"),
    ("crowded", "hit, when-changed, in a crowd (own time)"),
    ("warm_process", "hit, when-changed (whole process)"),
]


class CannotMeasure(Exception):
    """A program is missing, failed, or answered something unexpected."""


def parse_arguments(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release", help="folder of a release build (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--size-mib", type=int, default=64, help="size of the file (default: %(default)s)")
    parser.add_argument("--crowd", type=int, default=1000, help="further entries for the crowded hit (default: %(default)s)")
    parser.add_argument("--directory", help="where the temporary directory is made: decides the file system")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else")
    arguments = parser.parse_args(words)
    if arguments.rounds < 1 or arguments.size_mib < 1 or arguments.crowd < 0:
        parser.error("--rounds and --size-mib must be at least 1, --crowd at least 0")
    return arguments


@contextlib.contextmanager
def serving(program, directory):
    """`stampede serve`, until the end of a with statement; what it says of its one file."""
    with subprocess.Popen([program, "serve", directory, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as process:
        try:
            line = process.stdout.readline()
            try:
                served = json.loads(line)["files"][0]
            except (ValueError, LookupError) as problem:
                raise CannotMeasure(f"stampede serve: expected a line of JSON with one file, found {line!r}") from problem
            yield served
        finally:
            process.kill()


def timed(command, **options):
    """Runs to the end and returns seconds and standard output. What was written before is synced first, untimed."""
    os.sync()
    begun = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
                          **({"stdout": subprocess.PIPE} | options))
    spent = time.perf_counter() - begun
    if done.returncode != 0:
        raise CannotMeasure(f"{command[0]}: status {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    return spent, done.stdout


class Bench:
    def __init__(self, arguments, scratch, served, content):
        self.modelcache = os.path.join(arguments.build, "bin", "modelcache")
        self.scratch = scratch
        self.served = served
        self.content = content
        self.source = os.path.join(scratch, "served", served["name"])
        self.seconds = {key: [] for key, _ in ROWS}

    def path(self, name):
        return os.path.join(self.scratch, name)

    def get(self, cache, *more):
        return timed([self.modelcache, "get", self.served["url"], "--sha256", self.served["sha256"], "--cache-dir",
                      self.path(cache), *more])

    def curl(self):
        target = self.path("curled")
        script = 'curl -s -f -o "$1" "$2" && sha256sum "$1" && sync "$1"'
        spent, out = timed(["sh", "-c", script, "sh", target, self.served["url"]])
        os.unlink(target)
        if out.decode().split()[0] != self.served["sha256"]:
            raise CannotMeasure("curl fetched other bytes")
        self.seconds["curl"].append(spent)

    def cold(self):
        spent, out = self.get("cold")
        with open(out.decode().removesuffix("\n"), "rb") as file:
            if file.read() != self.content:
                raise CannotMeasure("modelcache fetched other bytes")
        shutil.rmtree(self.path("cold"))
        self.seconds["cold"].append(spent)

    def bare(self):
        self.seconds["openssl"].append(timed(["openssl", "dgst", "-sha256", self.source])[0])
        target = self.path("copied")
        with open(target, "wb") as file:
            self.seconds["copy"].append(timed(["cat", self.source], stdout=file)[0])
        os.unlink(target)
        begun = time.perf_counter()
        digest = hashlib.sha256(self.content).hexdigest()
        self.seconds["hash"].append(time.perf_counter() - begun)
        if digest != self.served["sha256"]:
            raise CannotMeasure("the server announces another checksum")

    def hit(self, key, cache, policy, hashed):
        spent, out = self.get(cache, "--verify", policy, "--json")
        report = json.loads(out)
        if not report["hit"] or report["hashed"] != hashed:
            raise CannotMeasure(f"expected a hit with hashed={hashed}, found {report}")
        self.seconds[key].append(report["seconds"])
        if key == "warm":
            self.seconds["warm_process"].append(spent)

    def round(self, number):
        pair = [self.curl, self.cold]
        for step in pair if number % 2 == 0 else reversed(pair):
            step()
        self.bare()
        self.hit("warm", "warm", "when-changed", False)
        self.hit("always", "warm", "always", True)
        self.hit("crowded", "crowded", "when-changed", False)

    def fill(self, cache, crowd):
        """A cache with the model and `crowd` small entries, each a real file that the manifest lists as it is."""
        self.get(cache)
        manifest_path = os.path.join(self.path(cache), "manifest.json")
        with open(manifest_path, encoding="utf-8") as file:
            manifest = json.load(file)
        for number in range(crowd):
            content = f"entry {number}".encode()
            digest = hashlib.sha256(content).hexdigest()
            path = os.path.join(self.path(cache), "entries", "sha256-" + digest)
            with open(path, "wb") as file:
                file.write(content)
            facts = os.stat(path)
            manifest["entries"]["sha256-" + digest] = {
                "url": f"http://127.0.0.1/models/{number}", "sha256": digest, "size": facts.st_size,
                "inode": facts.st_ino, "mtime_ns": facts.st_mtime_ns, "ctime_ns": facts.st_ctime_ns,
                "added_at": facts.st_mtime_ns // 10**9}
        with open(manifest_path + ".new", "w", encoding="utf-8") as file:
            json.dump(manifest, file)
        os.replace(manifest_path + ".new", manifest_path)
        listed = json.loads(timed([self.modelcache, "ls", "--json", "--cache-dir", self.path(cache)])[1])["entries"]
        if len(listed) != crowd + 1 or not all(entry["listed"] for entry in listed):
            raise CannotMeasure(f"expected {crowd + 1} listed entries, found {len(listed)}")


def bounds(medians, crowd):
    """Name, figure, bound, whether it held, whether it must."""
    rows = [  # name, figure, whether more is better, bound, whether it must hold
        ("cold get, speed of curl + sha256sum + sync", medians["curl"] / medians["cold"], True, 0.90, True),
        ("cold get, speed of OpenSSL hash + copy (stretch)", (medians["openssl"] + medians["copy"]) / medians["cold"], True, 0.60, False),
        ("warm hit, when-changed, ms", medians["warm"] * 1000, False, 1.00, True),
        (f"warm hit among {crowd} more, ms (stretch)", medians["crowded"] * 1000, False, 1.00, False),
        ("warm hit, always, speed of OpenSSL SHA-256", medians["hash"] / medians["always"], True, 0.85, True),
        ("the same, of openssl dgst on the file (stretch)", medians["openssl"] / medians["always"], True, 0.85, False),
    ]
    return [(name, figure, f"{'>=' if more else '<'} {bound:.2f}", figure >= bound if more else figure < bound, must)
            for name, figure, more, bound, must in rows]


def all_held(judged):
    return all(held for *_, held, must in judged if must)


def report(arguments, seconds, medians, judged):
    size = arguments.size_mib * MIB
    if arguments.json:
        print(json.dumps({
            "size_bytes": size, "rounds": arguments.rounds, "crowd": arguments.crowd,
            "seconds": {key: {"median": medians[key], "all": seconds[key]} for key, _ in ROWS},
            "bounds": [{"name": name, "value": value, "bound": bound, "held": held, "must": must}
                       for name, value, bound, held, must in judged],
            "held": all_held(judged)}))
        return
    print(f"{arguments.size_mib} MiB, medians of {arguments.rounds} rounds\n")
    print(f"{'':42}{'median ms':>12}{'min':>10}{'max':>10}{'MB/s':>9}")
    for key, name in ROWS:
        touches_bytes = key not in ("warm", "crowded", "warm_process")
        speed = f"{size / medians[key] / 1e6:.0f}" if touches_bytes else "-"
        print(f"{name:42}{medians[key] * 1e3:12.3f}{min(seconds[key]) * 1e3:10.3f}{max(seconds[key]) * 1e3:10.3f}{speed:>9}")
    print(f"\n{'':52}{'figure':>8}  {'bound':8}")
    for name, value, bound, held, must in judged:
        print(f"{name:52}{value:8.3f}  {bound:8}  {'held' if held else 'MISSED' if must else 'missed (stretch)'}")


def measure(arguments, scratch):
    content = hashlib.shake_256(b"modelcache get").digest(arguments.size_mib * MIB)
    os.mkdir(os.path.join(scratch, "served"))
    with open(os.path.join(scratch, "served", "model.onnx"), "wb") as file:
        file.write(content)
    with serving(os.path.join(arguments.build, "bin", "stampede"), os.path.join(scratch, "served")) as served:
        bench = Bench(arguments, scratch, served, content)
        bench.fill("warm", 0)
        bench.fill("crowded", arguments.crowd)
        for number in range(arguments.rounds):
            bench.round(number)
    medians = {key: statistics.median(values) for key, values in bench.seconds.items()}
    judged = bounds(medians, arguments.crowd)
    report(arguments, bench.seconds, medians, judged)
    return 0 if all_held(judged) else 1


def main(words=None):
    arguments = parse_arguments(words)
    # Both end through the same clean-up as any other failure; a shell's background job would ignore SIGINT.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="measure-get-", dir=arguments.directory) as scratch:
            return measure(arguments, scratch)
    except KeyboardInterrupt:
        print("measure_get.py: interrupted", file=sys.stderr)
        return 130
    except (CannotMeasure, OSError) as problem:
        if arguments.json:
            print(json.dumps({"error": str(problem)}))
        print(f"measure_get.py: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
