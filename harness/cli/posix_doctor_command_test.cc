// `stampede doctor` where the machine gives nothing, as people run it there.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "harness/cli/posix_command_for_test.h"

namespace stampede {
namespace {

using nlohmann::json;

// No filter can be installed any more; one core, few descriptors, no program.
bool give_up_all() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = std::size(code), .filter = code};
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  const rlimit limit{.rlim_cur = 211, .rlim_max = 211};
  ::setenv("PATH", "/nonexistent", 1);
  return ::sched_setaffinity(0, sizeof one, &one) == 0 && ::setrlimit(RLIMIT_NOFILE, &limit) == 0 &&
         ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(DoctorCommand, EndsWithThreeWhereNothingCanBeWatched) {
  const TestDirectory scratch;
  RunningCommand command({"doctor", "--json"}, scratch.path(), RunningCommand::Heard::output, give_up_all);
  EXPECT_EQ(command.wait(), kCannotRunHere);
  const json said = json::parse(command.text(), nullptr, false);
  ASSERT_TRUE(said.is_object()) << command.text();
  for (const char* const world : {"live", "live_commands"}) {
    EXPECT_EQ(said.at(world).at("runs_here"), false);
    EXPECT_NE(said.at(world).at("why_not"), "") << world;
  }
  for (const auto& [feature, is_there] : said.at("seccomp").items()) EXPECT_EQ(is_there, false) << feature;
  utsname name{};
  ASSERT_EQ(::uname(&name), 0);
  EXPECT_EQ(said.at("kernel"), name.release);
  EXPECT_EQ(said.at("cores"), 1);
  EXPECT_EQ(said.at("limits").at("descriptors"), 211);
  EXPECT_EQ(said.at("tools").size(), 12U);
  for (const auto& [tool, is_there] : said.at("tools").items()) EXPECT_EQ(is_there, false) << tool;
  RunningCommand again({"doctor"}, scratch.path(), RunningCommand::Heard::output, give_up_all);
  EXPECT_EQ(again.wait(), kCannotRunHere);
  EXPECT_NE(again.text().find("\nthe live world needs Linux 5.19"), std::string::npos) << again.text();
}

}  // namespace
}  // namespace stampede
