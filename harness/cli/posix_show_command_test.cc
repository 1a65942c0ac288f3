// `stampede show` as people run it: what it draws is what its options say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/cli/posix_command_for_test.h"
#include "harness/cli/timeline.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_draw.h"
#include "harness/run/sim_exploration.h"

namespace stampede {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ShowCommand : public testing::Test {
 protected:
  ShowCommand() { plan_.processes.resize(2); }
  [[nodiscard]] std::string drawing(const TimelineStyle& style) {
    const SimReplay replay = replay_sim(runner_, plan_, false, {.keeps_steps = true});
    return draw_timeline(plan_, replay.outcome, style);
  }
  std::string file(const std::string& name = "plan.json") { return directory_.file(name, print_plan(plan_)); }

  const TestDirectory directory_;
  SimRunner runner_;
  Plan plan_ = three_get_one();
};

TEST_F(ShowCommand, DrawsAPlanAsItsOptionsSay) {
  plan_.start.warm = {0};
  const struct {
    std::vector<std::string> options;
    TimelineStyle style;
  } cases[] = {
      {{}, {.width = 160}},
      {{"--width", "60"}, {.width = 60}},
      {{"--width", "1000"}, {.width = 1000}},
      {{"--all"}, {.width = 160, .shows_private = true, .shows_epilogue = true, .shows_warm_up = true}},
  };
  const std::string plan = file();
  for (const auto& c : cases) {
    std::vector<std::string> words{"show", plan};
    words.insert(words.end(), c.options.begin(), c.options.end());
    std::string said;
    EXPECT_EQ(run(words, &said, true), 0);
    EXPECT_EQ(said, print_line(plan_) + "\n\n" + drawing(c.style)) << testing::PrintToString(c.options);
  }
}

TEST_F(ShowCommand, SaysWhyThePlanIsThereAndWhatItDoesNotUse) {
  plan_.note.why = "It protects something.";
  plan_.schedule.switches = {{1, 9000, 0}, {0, 1, 1}, {1, 9001, 0}};
  std::string said;
  EXPECT_EQ(run({"show", file()}, &said, true), 0);
  EXPECT_EQ(said, print_line(plan_) + "\nIt protects something.\n\n" + drawing({}) + "2 switches never came up\n");
}

TEST_F(ShowCommand, DrawsWhatASeedDraws) {
  for (const std::uint64_t seed : {0, 17}) {
    const SimDraw draw = draw_sim(seed);
    const auto make = usual_strategy(
        draw, [&](const StrategyChoice&, Strategy& strategy) { (void)runner_.run(draw.plan, strategy); });
    const SimOutcome outcome = runner_.run(draw.plan, *make(), SimRunOptions{.keeps_steps = true});
    std::string said;
    EXPECT_EQ(run({"show", "--seed", std::to_string(seed), "--width", "200"}, &said), 0);
    EXPECT_EQ(said, print_line(draw.plan) + "\n\n" + draw_timeline(draw.plan, outcome, {.width = 200}));
  }
}

TEST_F(ShowCommand, ExplainsWhatIsAsSmallAsCanBeWithoutSayingThatItWasShrunk) {
  const std::string idle = std::string(STAMPEDE_PLUGINS) + "/idle_subject.so",
                    small = directory_.path() + "/small.json";
  std::string of_large, of_small;
  ASSERT_EQ(run({"shrink", file(), "--subject", idle, "--out", small}), 0);
  EXPECT_EQ(run({"show", file(), "--subject", idle, "--explain"}, &of_large, true), 0);
  EXPECT_EQ(run({"show", small, "--subject", idle, "--explain"}, &of_small, true), 0);
  EXPECT_THAT(of_small, StartsWith("Broken:   "));
  EXPECT_EQ(of_large, "This is the plan after shrinking (stampede shrink saves it).\n\n" + of_small);
}

TEST_F(ShowCommand, RefusesWhatItCannotDraw) {
  const std::string absent = directory_.file("absent.json", R"({"subject": 1, "name": "absent", "summary": "s",
      "argv": ["true"], "artifact": "stdout", "needs": [{"program": "nonexistent-program", "package": "none"}]})");
  const std::string good = file(), bad = directory_.file("bad.json", "{"), none = directory_.path() + "/none.json";
  plan_.subject = "nobody";
  const std::string of_nobody = file("of_nobody.json");
  plan_.subject = absent;
  const std::string of_absent = file("of_absent.json");
  const struct {
    std::vector<std::string> words;
    int status;
    std::string message;
  } cases[] = {
      {{}, 2, "stampede: show: expected a plan's file, or --seed\n"},
      {{good, "--seed", "3"}, 2, "stampede: show: expected a plan's file, or --seed\n"},
      {{bad}, 2, "bad.json"},
      {{none}, 2, none},
      {{good, "--subject", "frob"}, 2, "stampede: show: --subject: choose subject frob: "},
      {{good, "--subject", "/nonexistent/x.so"}, 2, "/nonexistent/x.so"},
      {{of_nobody}, 2, "nobody: known are modelcache"},
      {{of_absent}, 3, "missing nonexistent-program (Debian: none)"},
      {{good, "--explain"}, 2, "stampede: show: " + good + ": nothing to explain: it holds\n"},
      {{good, "--explain", "--all"}, 2, "--all excludes --explain"},
      {{good, "--explain", "--width", "100"}, 2, "--width excludes --explain"},
      {{"--seed", "3", "--explain"}, 2, "--seed excludes --explain"},
  };
  for (const auto& c : cases) {
    std::vector<std::string> words{"show"};
    words.insert(words.end(), c.words.begin(), c.words.end());
    std::string said;
    EXPECT_EQ(run(words, &said, true), c.status) << testing::PrintToString(words);
    EXPECT_THAT(said, HasSubstr(c.message));
  }
}

// What it writes, to a terminal or beside it.
std::string shown(std::vector<std::string> words, const char* no_colour, bool is_output_a_terminal) {
  int output[2], terminal = -1;
  if (::pipe2(output, O_CLOEXEC) != 0) return "no pipe";
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) {
    if (!is_output_a_terminal) ::dup2(output[1], STDOUT_FILENO);
    if (no_colour == nullptr) ::unsetenv("NO_COLOR");
    if (no_colour != nullptr) ::setenv("NO_COLOR", no_colour, 1);
    execute_stampede(std::move(words));
  }
  ::close(output[1]);
  std::string text;
  char buffer[4096];
  for (const int end : {is_output_a_terminal ? terminal : output[0], terminal}) {  // EIO once all have closed it
    for (ssize_t size = 0; (size = ::read(end, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(size));
    }
  }
  ::close(terminal);
  ::close(output[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  std::erase(text, '\r');
  return text;
}

TEST_F(ShowCommand, UsesColoursOnATerminalAloneAndNotWhereNobodyWantsThem) {
  const std::string head = print_line(plan_) + "\n\n", plan = file();
  const std::string plain = head + drawing({}), coloured = head + drawing({.has_colours = true});
  ASSERT_NE(plain, coloured);
  EXPECT_EQ(shown({"show", plan}, nullptr, true), coloured);
  EXPECT_EQ(shown({"show", plan}, "", true), coloured);
  EXPECT_EQ(shown({"show", plan}, "1", true), plain);
  EXPECT_EQ(shown({"show", plan}, nullptr, false), plain);
}

}  // namespace
}  // namespace stampede
