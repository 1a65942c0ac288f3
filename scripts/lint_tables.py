# The tables behind scripts/lint.py: what is allowed where, what is banned, and why.

import re

SIBLINGS = ["harness/sim", "harness/live", "harness/free", "harness/faults", "harness/judge"]
LOW = ["cache", "harness/plan", "harness/strategy", "harness/world"]
EVERYTHING_BELOW = LOW + SIBLINGS + ["harness/run"]
# Folder -> the other folders that it may include. The longest matching folder decides.
LAYERS = {
    "cache": [],
    "cache/command": ["cache"],
    "harness/plan": ["cache"],
    "harness/strategy": ["cache", "harness/plan"],
    "harness/world": ["cache", "harness/plan", "harness/strategy"],
    **{sibling: LOW for sibling in SIBLINGS},
    "harness/run": LOW + SIBLINGS,
    "harness/cli": EVERYTHING_BELOW,
    "properties": EVERYTHING_BELOW,
    "fuzz": EVERYTHING_BELOW,
}

# Third-party library -> in how many files that are no tests it may be included (never in a header), and where.
HEAVY_LIBRARIES = {
    "boost/asio": (3, ["harness/faults/*"]),
    "boost/beast": (2, ["cache/http_*", "harness/faults/*"]),
    "nlohmann/": (20, ["cache/manifest.cc", "cache/command/*", "harness/*", "fuzz/*"]),
    "CLI/": (3, ["cache/command/arguments.cc", "harness/cli/subcommand.cc", "harness/cli/main.cc"]),
    "openssl/": (3, ["cache/*", "harness/faults/*"]),
}
LIGHT_HEADERS = ["nlohmann/json_fwd.hpp", "boost/beast/version.hpp"]

# (file pattern, rule, reason): where a rule does not apply.
EXCEPTIONS = [
    ("cache/posix_*", "sleep", "the door's own sleep_until is made of the kernel's"),
    ("harness/live/*", "sleep", "the supervisor names the kernel's sleeping calls in order to answer them"),
    ("scripts/lint_tables.py", "machine-path", "the patterns themselves"),
    ("scripts/lint_*test.py", "machine-path", "examples of what is refused"),
    ("scripts/chroot_trial.sh", "machine-path", "the home directory inside of the chroot"),
    ("corpus/fuzz/*", "machine-path", "hostile paths as inputs"),
]

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE",
             "cache", "fuzz", "properties", "corpus", "harness", "scripts"}
BANNED_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "base", "manager"}
BANNED_NAME_PARTS = {"utils", "util", "helpers", "helper", "misc"}

KERNEL_HEADERS = re.compile(
    r"(sys|arpa|netinet|net|linux|asm)/.*|(unistd|fcntl|c?signal|poll|netdb|dirent|pthread|sched|spawn|termios|pwd|grp|"
    r"dlfcn|ifaddrs|aio|syslog)(\.h)?")
# Unqualified or with a leading "::"; a method of the same name (os.read) is not meant.
KERNEL_CALLS = re.compile(
    r"(?<![\w>.:])::(openat?2?|read|p?read(v|64)?|p?write(v|64)?|close|fsync|fdatasync|rename(at2?)?|link(at)?|unlink(at)?|"
    r"f?stat(at)?|lstat|mkdir(at)?|f?chmod(at)?|flock|fcntl|ioctl|socket|connect|bind|listen|accept4?|send(to|msg)?|"
    r"recv(from|msg)?|poll|select|kill|pipe2?|dup[23]?|fork|execv?e?p?|getenv|_exit|umask|getpid)\s*\("
    r"|(?<![\w>.:])(?:::)?(syscall|fork|vfork|waitpid|wait4|execvpe?|execve|posix_spawnp?|mmap|munmap|ftruncate|fdatasync|"
    r"fsync|openat|renameat2?|unlinkat|mkdirat|fstatat|flock|setsockopt|getsockopt|getpid|getppid|sigaction|pipe2)\s*\(")

SLEEP = "sleep"
# rule, pattern over code without comments and strings, message
BANNED = [
    (SLEEP, r"\bsleep_for\b|\bthis_thread\s*::\s*sleep_until\b", "sleeping to be lucky; wait for the event, or use Os::sleep_until"),
    (SLEEP, r"\b(usleep|nanosleep|clock_nanosleep)\s*\(|(?<![\w.>:])(?:::)?sleep\s*\(", "sleeping to be lucky; wait for the event"),
    ("system", r"(?<![\w.>:])(?:std\s*::\s*|::)?(system|popen)\s*\(", "no shell; start the program itself"),
    ("assert", r"(?<!\w)assert\s*\(|#\s*include\s*<(cassert|assert\.h)>", "assert vanishes in release builds; use CHECK"),
    ("randomness",
     r"\bstd\s*::\s*(mt19937(_64)?|random_device|default_random_engine|minstd_rand0?|ranlux\w+|knuth_b|uniform_\w+|"
     r"shuffle|sample|\w+_distribution)\b|#\s*include\s*<random>|(?<![\w.>:])(?:std\s*::\s*|::)?s?rand\s*\(",
     "differs between standard libraries; use Boost.Random"),
    ("skip", r"\bGTEST_SKIP\s*\(\s*\)\s*;", "a skip says why: GTEST_SKIP() << reason"),
    ("skip", r"\bDISABLED_", "a disabled test protects nothing"),
    ("dull-test", r"\b(EXPECT|ASSERT)_TRUE\s*\(\s*true\s*\)|\bSUCCEED\s*\(", "this cannot fail"),
]
TEST_HOOK = re.compile(
    r"^\s*#\s*(if|ifdef|ifndef|elif)\b.*\b\w*(TEST|TESTING|MUTANT|FUZZING)\w*|\bfriend\s+class\s+\w*Test\b|\bFRIEND_TEST\b|"
    r"\b\w+_for_test(s|ing)?\b")
ASSERTION = re.compile(r"\b(EXPECT_|ASSERT_|RC_ASSERT|RC_FAIL|FAIL\s*\(|ADD_FAILURE|rc::check\s*\(|(expect|check)_\w+\s*[(<]|CHECK)")
TEST_BODY = re.compile(r"^\s*(TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|RC_GTEST_PROP)\s*(?=\()", re.M)
MACHINE_PATH = re.compile(rb"(?<![\w.\-/}~*$])/(?:(?:work|root)/|farm\b|home/\w+)")

# (file pattern, lines that a file of this kind rarely exceeds), first match decides
SIZES = [
    ("CMakeLists.txt", 150), ("*/CMakeLists.txt", 60), ("README.md", 200), ("*/README.md", 120),
    ("*_test.cc", 400), ("*_test.h", 400), ("*_fuzz.cc", 80), ("*.h", 150), ("*.cc", 400), ("*.sh", 400), ("*.py", 400),
]
FUNCTION_LINES = 70
