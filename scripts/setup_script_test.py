#!/usr/bin/env python3
# Runs scripts/setup.sh with stand-ins for apt and its kin: what is missing is installed, and what is still missing is named.

import sys
import unittest

sys.dont_write_bytecode = True
from fake_tools_for_test import CRASH, HANG, ScriptTest  # noqa: E402

DEBIAN_12 = (
    "build-essential g++-12 cmake ninja-build pkg-config git ca-certificates curl python3 clang-19 libclang-rt-19-dev llvm-19 lld-19 "
    "clang-format-19 clang-tidy-19 python3-clang-19 afl++ librapidcheck-dev libgtest-dev libgmock-dev libboost1.81-dev libboost-context1.81-dev "
    "libboost-url1.81-dev nlohmann-json3-dev libssl-dev libfmt-dev libcli11-dev libexpected-dev libxxhash-dev libonnx-testdata "
    "strace").split()
SUBJECTS = ["aria2", "python3-pooch"]
UBUNTU_24_04 = [{"libexpected-dev": "libexpected-dev|libtl-expected-dev"}.get(name, name.replace("1.81", "1.83")) for name in DEBIAN_12]
QUERY = "dpkg-query -W -f ${binary:Package}=${db:Status-Status}\\n"
APT_GET = "apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
# Installs what it is asked for, but for $REFUSED.
INSTALL = ('for name in "${@:9}"; do [[ $name == "${REFUSED:-}" ]] || echo "$name=installed" >>"$FAKE_ROOT/installed.list"; done; '
           'echo "surroundings $DEBIAN_FRONTEND $RUNLEVEL"')


def install(*names):
    return f"{APT_GET} install --no-install-recommends --no-remove {' '.join(names)}"


class SetupScript(ScriptTest):
    script = "setup.sh"
    changes = {"/etc/os-release": "ROOT/os-release", "/usr/sbin/policy-rc.d": "ROOT/policy-rc.d"}

    def setUp(self):
        super().setUp()
        self.stand_in(*(f"tools/{name}" for name in ("dpkg-query", "apt-get", "apt-cache", "sudo", "id", "ischroot")))
        self.behave("dpkg-query *", 'cat "$FAKE_ROOT/installed.list"')
        self.behave("apt-cache policy *", 'echo "  Candidate: 1.0"')
        self.behave("apt-get * install *", INSTALL)
        self.behave("id -u", "echo 0")
        self.behave("ischroot", "exit 1")
        self.system("debian", "12")
        self.installed_but()

    def system(self, name, version):
        self.write("os-release", f'ID={name}\nVERSION_ID="{version}"\nPRETTY_NAME="Toy {version}"\n')

    def installed_but(self, *missing, names=None):
        """As dpkg-query tells it: with architectures, and with packages that were removed."""
        marks = {name: "config-files" if name in missing else "installed" for name in names or DEBIAN_12}
        self.write("installed.list", "".join(f"{name}:amd64={marks[name]}\n" if name.startswith("lib") else f"{name}={marks[name]}\n"
                                             for name in marks))

    def calls(self):
        return [call for call in super().calls() if call not in ("id -u", "ischroot")]

    def override(self, pattern, code):
        self.write("behaviour", f"{pattern}\t{code}\n" + (self.root / "behaviour").read_text())

    def test_all_is_there(self):
        output = self.expect(0, [])
        self.assertRegex(output, rf"^set-up: all {len(DEBIAN_12)} packages are there \(\d+\.\d s\)\n$")
        self.assertEqual(self.calls(), [QUERY])

    def test_what_is_missing_is_installed(self):
        self.installed_but("cmake", "libssl-dev")
        output = self.expect(0, [f"installing 2 of {len(DEBIAN_12)} packages on Toy 12\n", "surroundings noninteractive 1\n",
                                 f"set-up: all {len(DEBIAN_12)} packages are there ("])
        self.assertNotIn("note:", output)
        self.assertEqual(self.calls(), [QUERY, f"{APT_GET} update", "apt-cache policy cmake", "apt-cache policy libssl-dev",
                                        install("cmake", "libssl-dev"), QUERY])

    def test_one_package_is_enough_to_be_missing(self):
        for name in DEBIAN_12:
            with self.subTest(name):
                self.installed_but(name)
                self.expect(0, [f"installing 1 of {len(DEBIAN_12)} packages"])
                self.assertIn(install(name), self.calls())

    def test_old_package_lists_are_better_than_none(self):
        self.installed_but("cmake")
        self.override("apt-get * update", "exit 100")
        self.expect(0, ["setup.sh: apt-get update failed; going on with the package lists that are here", f"all {len(DEBIAN_12)} packages"])

    def test_an_installation_that_fails_names_what_is_missing(self):
        for code in ("exit 100", CRASH, "exit 0"):
            with self.subTest(code):
                self.installed_but("cmake", "libssl-dev")
                self.override("apt-get * install *", code)
                output = self.expect(3, ["setup.sh: could not install: cmake libssl-dev\n"])
                self.assertEqual("apt-get install failed" in output, code != "exit 0")

    def test_what_only_one_package_lacks_is_named_alone(self):
        self.installed_but("cmake", "libssl-dev")
        self.expect(3, ["setup.sh: could not install: libssl-dev\n"], REFUSED="libssl-dev")

    def test_unknown_packages_are_named_and_the_others_installed(self):
        for code in ("echo '  Candidate: (none)'; exit 0", "exit 0", CRASH):
            with self.subTest(code):
                self.installed_but("cmake", "strace")
                self.override("apt-cache policy strace", code)
                self.expect(3, ["no package of this name in the configured sources: strace\n", "could not install: strace\n"])
                self.assertIn(install("cmake"), self.calls())

    def test_a_list_of_packages_that_fails(self):
        for code in ("echo no database >&2; exit 2", CRASH):
            with self.subTest(code):
                self.override("dpkg-query *", code)
                self.expect(3, ["setup.sh: dpkg-query failed\n"])
                self.assertEqual(self.calls(), [QUERY])

    def test_users_install_with_sudo(self):
        self.installed_but("cmake")
        self.override("id -u", "echo 1000; exit 0")
        self.behave("sudo -n true", "exit 0")
        self.behave("sudo *", 'shift; exec "$@"')
        self.expect(0, [f"all {len(DEBIAN_12)} packages are there"])
        calls = self.calls()
        self.assertEqual(calls[1], "sudo -n true")
        self.assertEqual([call for call in calls if call.startswith("sudo -n env")],
                         [f"sudo -n env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 {call}" for call in (
                             f"{APT_GET} update", install("cmake"))])
        self.assertIn(install("cmake"), calls)

    def test_users_who_cannot_are_told_the_command(self):
        by_hand = "Run this as root: apt-get update && apt-get install --no-install-recommends cmake strace\n"
        self.installed_but("cmake", "strace")
        self.override("id -u", "echo 1000; exit 0")
        self.behave("sudo -n true", "exit 1")
        self.expect(3, ["sudo asks for a password and there is no terminal. " + by_hand])
        self.hide("sudo")
        self.expect(3, ["not root, and there is no sudo. " + by_hand])
        self.assertNotIn("apt-get", " ".join(self.calls()))

    def test_a_system_without_apt(self):
        for tool in ("dpkg-query", "apt-get"):
            with self.subTest(tool):
                self.hide(tool)
                self.expect(3, ["setup.sh: Toy 12 has no apt-get. By hand, install what these Debian packages hold: build-essential"])
                self.assertEqual(self.calls(), [])
                self.stand_in("tools/" + tool)

    def test_systems_have_names_of_their_own(self):
        for system, version, names, note in (
                ("debian", "12", DEBIAN_12, ""),
                ("debian", "13", DEBIAN_12, "setup.sh: note: Toy 13 is neither Debian 12 nor Ubuntu 24.04; trying"),
                ("ubuntu", "24.04", UBUNTU_24_04, "setup.sh: note: on Ubuntu 24.04 this script is untried"),
                ("ubuntu", "22.04", DEBIAN_12, "setup.sh: note: Toy 22.04 is neither")):
            with self.subTest(system=system, version=version):
                self.system(system, version)
                output = self.expect(0, [note], "--list")
                self.assertEqual([line for line in output.splitlines() if "note:" not in line], names)
                self.assertEqual("note:" in output, note != "")
                self.assertEqual(self.expect(0, [], "--subjects", "--list").splitlines()[-2:], SUBJECTS)
        (self.root / "os-release").unlink()
        self.expect(0, ["note: an unknown system is neither"], "--list")
        self.assertEqual(self.calls(), [])

    def test_of_alternatives_one_is_enough(self):
        self.system("ubuntu", "24.04")
        names = [name for name in UBUNTU_24_04 if "|" not in name]
        for present in ("libexpected-dev", "libtl-expected-dev"):
            self.installed_but(names=names + [present])
            self.expect(0, [f"set-up: all {len(DEBIAN_12)} packages are there"])
            self.assertEqual(self.calls(), [QUERY])
        self.installed_but(names=names)
        self.expect(0, [f"all {len(DEBIAN_12)} "])
        self.assertIn(install("libexpected-dev"), self.calls())
        self.installed_but(names=names)
        self.override("apt-cache policy libexpected-dev", "echo '  Candidate: (none)'; exit 0")
        self.expect(0, [f"all {len(DEBIAN_12)} "])
        self.assertIn(install("libtl-expected-dev"), self.calls())

    def test_subjects_need_more(self):
        self.expect(0, [f"installing 2 of {len(DEBIAN_12) + 2} packages", f"all {len(DEBIAN_12) + 2} packages are there"], "--subjects")
        self.assertIn(install(*SUBJECTS), self.calls())

    def test_no_service_starts_in_a_chroot(self):
        policy = self.root / "policy-rc.d"
        for status in (0, 1):
            self.installed_but("cmake")
            self.write("behaviour", "ischroot\texit 0\napt-get * install *\t"
                       f'cat "$FAKE_ROOT/policy-rc.d" >"$FAKE_ROOT/seen"; (($? + {status} == 0)) || exit 1\n'
                       + (self.root / "behaviour").read_text())
            self.expect(3 * status, [])
            self.assertEqual((self.root / "seen").read_text(), "#!/bin/sh\nexit 101\n")
            self.assertFalse(policy.exists())
        policy.write_text("the owner's\n")
        self.expect(3, [])
        self.assertEqual(policy.read_text(), "the owner's\n")

    def test_an_interrupt_ends_it(self):
        self.installed_but("cmake")
        for pattern in ("dpkg-query *", "apt-get * update", "apt-cache *", "apt-get * install *"):
            with self.subTest(pattern):
                saved = (self.root / "behaviour").read_text()
                self.write("behaviour", f"ischroot\texit 0\n{pattern}\t{HANG}\n{saved}")
                running = self.start()
                running.interrupt()
                self.assertIn(running.end()[0], (130, -2) if pattern == "dpkg-query *" else (130,))
                self.assertFalse((self.root / "policy-rc.d").exists())
                self.write("behaviour", saved)

    def test_arguments(self):
        self.expect_help()
        self.expect_usage_errors(("--what", "unknown argument '--what'"), ("--list extra", "unknown argument 'extra'"))


if __name__ == "__main__":
    unittest.main()
