# Runs a script of this folder in a temporary tree with stand-ins for all that it starts, and tells what was called.

import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent

# Notes how it was called, then does what `behave` says of such a call; status 0 where that does not end it.
STAND_IN = r"""#!/bin/bash
call="${0#"$FAKE_ROOT"/}${*:+ $*}" call=${call#tools/}
echo "$call" >>"$FAKE_ROOT/calls"
mapfile -t rules <"$FAKE_ROOT/behaviour"
for rule in "${rules[@]}"; do
  [[ $call != ${rule%%$'\t'*} ]] || eval "${rule#*$'\t'}"
done
exit 0
"""
CRASH = "ulimit -c 0; kill -SEGV $$"
# Says that it is there, and stays.
HANG = 'echo >&"$FAKE_ALIVE"; exec sleep 300'
# A child that outlives what started it, in a session of its own.
LEAVE_BEHIND = "setsid sleep 300 >/dev/null 2>&1 &"
# Nobody waits longer than this for what should come at once.
SECONDS_MAX = 60
# Ignored in what a shell starts in the background, and then in all that is started from there.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Running:
    """A script that was started. All that it starts inherits one end of a pipe, which closes when the last of them has ended."""

    def __init__(self, test, command, environment):
        self.test = test
        self.reader, writer = os.pipe()
        env = {**os.environ, "PATH": test.path, "FAKE_ROOT": str(test.root), "FAKE_ALIVE": str(writer), **environment}
        self.process = subprocess.Popen(command, env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, pass_fds=(writer,), start_new_session=True)
        os.close(writer)
        test.addCleanup(self.clean_up)

    def clean_up(self):
        os.close(self.reader)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def next_sign(self):
        """A byte when something hangs, none when all have ended; fails where neither comes."""
        ready, _, _ = select.select([self.reader], [], [], SECONDS_MAX)
        self.test.assertTrue(ready, "it neither hangs where it should, nor have all processes ended")
        return os.read(self.reader, 1)

    def interrupt(self, number=signal.SIGINT):
        """When something hangs, the whole group gets SIGINT, as from a terminal, or the script alone another signal."""
        self.test.assertEqual(self.next_sign(), b"\n", "nothing hung")
        (os.killpg if number == signal.SIGINT else os.kill)(self.process.pid, number)

    def end(self):
        """Status and output. Whatever it started must have ended as well."""
        output = self.process.communicate(timeout=SECONDS_MAX)[0]
        while self.next_sign():
            pass  # something hung, and was ended
        return self.process.returncode, output


class ScriptTest(unittest.TestCase):
    """A tree with `script`; tests add stand-ins, say how these behave, run the script, and look at `calls`."""

    script = ""
    # Text of the script -> what stands there in the copy: time limits, places outside of the tree.
    changes = {}

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="stampede-scripts-")).resolve()
        self.addCleanup(shutil.rmtree, self.root)
        self.path = f"{self.root}/tools:{os.environ['PATH']}"
        for name in ("console.sh", "processes.sh", self.script):
            self.write("scripts/" + name, (SCRIPTS / name).read_text())
        for old, new in self.changes.items():
            self.change_script(old, new.replace("ROOT", str(self.root)))
        self.write("behaviour")
        self.write("tools/python3", f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')

    def change_script(self, old, new):
        text = (self.root / "scripts" / self.script).read_text()
        self.assertIn(old, text)
        self.write("scripts/" + self.script, text.replace(old, new))

    def write(self, path, text=""):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def stand_in(self, *paths):
        for path in paths:
            self.write(path, STAND_IN)

    def behave(self, pattern, code):
        """Calls that match the pattern of the shell run this line of it, after those that were said before."""
        with open(self.root / "behaviour", "a", encoding="utf-8") as file:
            file.write(f"{pattern}\t{code}\n")

    def hide(self, *names):
        """As if these programs were not installed."""
        installed = self.root / "installed"
        installed.mkdir(exist_ok=True)
        for name, file in {name: f"{folder}/{name}" for folder in ("/usr/sbin", "/usr/bin") for name in os.listdir(folder)}.items():
            link = installed / name
            if name in names:
                link.unlink(missing_ok=True)
            elif not link.is_symlink():
                link.symlink_to(file)
        for name in names:
            (self.root / "tools" / name).unlink(missing_ok=True)
        self.path = f"{self.root}/tools:{self.root}/installed"

    def start(self, *arguments, **environment):
        return Running(self, [str(self.root / "scripts" / self.script), *arguments], environment)

    def run_script(self, *arguments, **environment):
        return self.start(*arguments, **environment).end()

    def calls(self):
        """What was called since this was asked last, a line a call; names of temporary files are made alike."""
        file = self.root / "calls"
        text = file.read_text() if file.exists() else ""
        file.unlink(missing_ok=True)
        return re.sub(r"/(tmp|run)\.\w+", r"/\1.X", text.replace(f"{self.root}/", "")).splitlines()

    def expect(self, status, words, *arguments, **environment):
        """Runs the script, which ends with this status and says each of these; the output."""
        found, output = self.run_script(*arguments, **environment)
        self.assertEqual(found, status, output)
        for word in words:
            self.assertIn(word, output)
        return output

    def expect_usage_errors(self, *cases):
        """Each case is arguments, by blanks, and what is said of them; nothing is called."""
        for arguments, words in cases:
            with self.subTest(arguments):
                output = self.expect(2, [words], *arguments.split())
                self.assertEqual((output.count("\n"), self.calls()), (1, []), output)

    def expect_help(self):
        """--help prints the comment at the head, and nothing is called."""
        head = (SCRIPTS / self.script).read_text().split("\n\n")[0].splitlines()[1:]
        for option in ("-h", "--help"):
            output = self.expect(0, [], option)
            self.assertEqual(output.splitlines(), [line[2:] for line in head])
        self.assertEqual(self.calls(), [])

    def expect_parts_to_matter(self, parts, *arguments, status=1):
        """Each part - the pattern of its call, what the script says of it - fails, crashes, or hangs until Ctrl-C, in turn."""
        saved = (self.root / "behaviour").read_text()
        for pattern, words in parts:
            for code in ("exit 1", CRASH, HANG):
                with self.subTest(pattern, code=code):
                    self.write("behaviour", f"{pattern}\t{code}\n{saved}")
                    running = self.start(*arguments)
                    if code == HANG:
                        running.interrupt()
                    found, output = running.end()
                    self.assertEqual(found, 130 if code == HANG else status, output)
                    self.assertIn("" if code == HANG else words, output)
        self.write("behaviour", saved)
        self.calls()
