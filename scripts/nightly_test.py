#!/usr/bin/env python3
# Runs scripts/nightly.sh with stand-ins for all that it starts: what is found is kept, told and counted, nothing stays behind.

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent

QUIET = "#!/usr/bin/env bash\nexit 0\n"
# Like scripts/fuzz.sh, as far as it is asked: a line a target, and $FINDINGS of the first one.
FUZZ = r"""#!/usr/bin/env bash
while (($#)); do
  case "$1" in --engine) engine=$2 ;; --findings) findings=$2 ;; --table) table=$2 ;; esac
  shift
done
n=${FINDINGS:-0}
printf 'toy\t%s\t1\t1000\t500\t90\t100\t3\t%d\n' "$engine" "$n" >>"$table"
((n == 0)) || { mkdir -p "$findings/fuzz/toy"; echo x >"$findings/fuzz/toy/$engine-crash-0"; exit 1; }
"""
STAMPEDE = r"""#!/usr/bin/env bash
if [[ $1 == shrink ]]; then exit 0; fi
while (($#)); do
  case "$1" in --world) world=$2 ;; --out) out=$2 ;; esac
  shift
done
if [[ ${HANGS:-} == "$world" ]]; then
  trap 'echo "{\"schedules\": 7}"; exit 130' TERM
  touch "$READY"
  while :; do sleep 0.1; done
fi
if [[ ${NO_LIVE:-} && $world == live ]]; then echo "no live world here" >&2; exit 3; fi
if [[ ${LEAVES:-} == "$world" ]]; then setsid sleep 1000 & fi
n=${VIOLATIONS:-0}
echo "{\"schedules\": 42, \"violation_count\": $n, \"divergences\": 0, \"uncontrolled\": 0}"
((n == 0)) || { echo x >"$out/$world-one.json"; exit 1; }
"""
PROPERTY = r"""#!/usr/bin/env bash
echo "OK, passed 100 tests"
[[ $RC_PARAMS == seed=* ]] && exit "${PROPERTY_STATUS:-0}"
"""


class Nightly(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.out = self.root / "out"
        for name in ("nightly.sh", "console.sh", "processes.sh"):
            self.write("scripts/" + name, (SCRIPTS / name).read_text())
        self.write("scripts/setup.sh", QUIET)
        self.write("scripts/fuzz.sh", FUZZ)
        self.write("tools/cmake", QUIET)
        self.write("build/release/bin/stampede", STAMPEDE)
        self.write("build/release/bin/toy_property", PROPERTY)
        self.write("fuzz/toy_fuzz.cc", "")
        self.write("properties/toy_property.cc", "")

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def start(self, *arguments, **environment):
        env = dict(os.environ, PATH=f"{self.root}/tools:{os.environ['PATH']}", **environment)
        return subprocess.Popen([self.root / "scripts/nightly.sh", *arguments], env=env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run_night(self, **environment):
        night = self.start("--seconds", "1", "--jobs", "2", "--out", str(self.out), "--seed", "5", **environment)
        text = night.communicate()[0]
        self.assertEqual(list(self.out.glob("tmp")), [], text)
        return night.returncode, text

    def test_nothing_found(self):
        status, text = self.run_night()
        self.assertEqual(status, 0, text)
        for row in ("fuzz toy, libfuzzer", "fuzz toy, afl", "properties", "explore sim", "explore live"):
            self.assertRegex(text, f"(?m)^{row} .* 0   ", row)
        self.assertRegex(text, r"(?m)^properties .*[1-9]00 cases")
        self.assertNotIn("kept:", text)

    def test_a_crash_is_kept(self):
        status, text = self.run_night(FINDINGS="1")
        self.assertEqual(status, 1, text)
        self.assertTrue((self.out / "corpus/fuzz/toy/afl-crash-0").exists())
        self.assertIn(f"kept: {self.out}/corpus/fuzz/toy/libfuzzer-crash-0", text)

    def test_a_violation_is_kept(self):
        status, text = self.run_night(VIOLATIONS="2")
        self.assertEqual(status, 1, text)
        self.assertIn(f"kept: {self.out}/corpus/plans/sim-one.json", text)
        self.assertIn(f"kept: {self.out}/corpus/plans/live-one.json", text)

    def test_a_failed_property_is_told_with_its_seed(self):
        status, text = self.run_night(PROPERTY_STATUS="1")
        self.assertEqual(status, 1, text)
        self.assertRegex(text, r'toy_property failed: .*/log/property-1-toy_property.log; again with RC_PARAMS="seed=5"')

    def test_no_live_world_is_said(self):
        status, text = self.run_night(NO_LIVE="1")
        self.assertEqual(status, 0, text)
        self.assertIn("not applicable here: no live world here", text)

    def test_what_stays_behind_is_ended(self):
        status, text = self.run_night(LEAVES="sim")
        self.assertEqual(status, 0, text)
        self.assertIn("exploring sim: 1 processes were left behind; they were ended", text)

    def test_an_interrupt_tells_what_was_done(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            ready = self.root / f"ready{number}"
            night = self.start("--seconds", "5", "--out", str(self.out), HANGS="sim", READY=str(ready))
            while not ready.exists():
                self.assertIsNone(night.poll(), "it ended by itself")
            night.send_signal(number)
            text = night.communicate()[0]
            self.assertEqual(night.returncode, 130, text)
            self.assertRegex(text, r"(?m)^explore sim .* 7 schedules")
            self.assertNotIn("explore live", text)

    def test_bad_arguments_are_refused(self):
        for arguments in ((), ("--minutes", "0"), ("--minutes",), ("--minutes", "1", "--what"), ("--minutes", "99999999")):
            night = self.start(*arguments)
            self.assertEqual((night.communicate()[0] != "", night.returncode), (True, 2), arguments)


if __name__ == "__main__":
    unittest.main()
