// `stampede doctor` where the machine gives nothing, as people run it there.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "harness/cli/posix_command_for_test.h"
#include "harness/live/no_filters_for_test.h"

namespace stampede {
namespace {

using nlohmann::json;

// No filter can be installed any more; one core, few descriptors, no program.
bool give_up_all() {
  const rlimit limit{.rlim_cur = 211, .rlim_max = 211};
  ::setenv("PATH", "/nonexistent", 1);
  return stay_on_one_core() && ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && refuse_filters();
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
