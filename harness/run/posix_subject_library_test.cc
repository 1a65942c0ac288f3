// Plugins of subjects: the right ones run as what is built in does, and the wrong ones are refused with their reason.
// This program shows its symbols (-rdynamic), so that a plugin can be bound to them by mistake.
#include "harness/run/posix_subject_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "harness/free/posix_scratch_directory.h"
#include "harness/run/cache_client.h"
#include "harness/run/sim_draw.h"
#include "harness/run/sim_run.h"
#include "harness/strategy/default_schedule.h"

namespace stampede {

int code_of_subject();
int code_of_subject() { return 2; }

}  // namespace stampede

extern "C" int more_code_of_subject();
extern "C" int more_code_of_subject() { return 2; }

namespace stampede {
namespace {

using testing::HasSubstr;

std::string plugin(const std::string& name) { return std::string(STAMPEDE_PLUGINS) + "/" + name + ".so"; }

std::string refusal(const std::string& file) {
  const auto loaded = load_subject(file);
  return loaded ? "" : loaded.error().message();
}

// What the one attempt of an idle client is, by the function that the plugin calls.
unsigned attempts_of(const SubjectPlugin& subject) {
  SimRunner runner(make_sim_plan_world(subject));
  Plan plan;
  plan.models.push_back({"m0", 10});
  plan.processes.emplace_back().operations.push_back({OperationKind::get, 0});
  DefaultSchedule strategy;
  return runner.run(plan, strategy).operations.at(0).claimed_attempts;
}

TEST(SubjectLibrary, RunsItsOwnCodeAlthoughTheHostHasSymbolsOfThoseNames) {
  const auto loaded = load_subject(plugin("idle_subject"));
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(attempts_of(**loaded), 1U);
  EXPECT_EQ(code_of_subject(), 2);
}

TEST(SubjectLibrary, IsRefusedWhenItWasBuiltWithSymbolsThatTheHostReplaces) {
  EXPECT_THAT(refusal(plugin("subject_with_default_visibility")),
              HasSubstr("it would use another library's or the program's stampede::code_of_subject()"));
}

TEST(SubjectLibrary, IsRefusedWhenItTakesItsCodeFromTheHost) {
  EXPECT_THAT(refusal(plugin("subject_without_code")),
              HasSubstr("it would use another library's or the program's stampede::code_of_subject()"));
}

TEST(SubjectLibrary, IsRefusedWhenCodeThatItNamesLiesInTheHost) {
  EXPECT_THAT(refusal(plugin("subject_that_names_the_hosts_code")), HasSubstr("function 1 of those that it names"));
}

TEST(SubjectLibrary, IsRefusedWhenItIsOfAnotherVersionOrBuild) {
  EXPECT_THAT(refusal(plugin("subject_of_another_version")), HasSubstr("expected 1, got 99"));
  EXPECT_THAT(refusal(plugin("subject_of_another_build")),
              HasSubstr("of another build than this program: expected " + build_stamp() + ", got another"));
  EXPECT_THAT(refusal(plugin("subject_that_is_none")),
              HasSubstr("of another version of the interface: expected 1, got none"));
  EXPECT_THAT(refusal(plugin("subject_of_no_build")),
              HasSubstr("expected " + build_stamp() + ", got none; build both again"));
}

TEST(SubjectLibrary, IsRefusedWhenItNamesNoCodeOrMakesClientsOfOthers) {
  EXPECT_THAT(refusal(plugin("subject_that_names_no_code")),
              HasSubstr("it names no function of its cache, so nobody can tell whose runs"));
  EXPECT_THAT(refusal(plugin("subject_with_clients_of_others")),
              HasSubstr("what makes its clients lies outside of it"));
}

TEST(SubjectLibrary, IsLoadedOnce) {
  const auto once = load_subject(plugin("idle_subject")), twice = load_subject(plugin("idle_subject"));
  ASSERT_TRUE(once && twice);
  EXPECT_EQ(*once, *twice);
  EXPECT_EQ((*once)->version, kSubjectPluginVersion);
  EXPECT_EQ((*once)->stamp, build_stamp());
  EXPECT_EQ((*once)->code_count, 2U);
}

TEST(SubjectLibrary, IsRefusedWhenItIsNoSharedLibraryOrNoPlugin) {
  const auto none = load_subject(plugin("there_is_none"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, modelcache::ErrorCode::not_found);
  EXPECT_THAT(none.error().message(), HasSubstr("there_is_none.so: no such file"));
  EXPECT_THAT(refusal(STAMPEDE_PLUGINS), HasSubstr("no such file")) << "but a directory";
  const auto scratch = PosixScratchDirectory::make(testing::TempDir());
  ASSERT_TRUE(scratch) << scratch.error().message();
  const std::string text = scratch->path() + "/text.so";
  std::ofstream(text) << "no library";
  EXPECT_THAT(refusal(text), HasSubstr("no shared library that can be used: " + text));
  EXPECT_THAT(refusal(plugin("library_without_subject")), HasSubstr("expected a function stampede_subject_plugin"));
}

TEST(SubjectLibrary, RunsTheUnchangedCacheAsWhatIsBuiltInDoes) {
  const auto loaded = load_subject(plugin("modelcache"));
  ASSERT_TRUE(loaded) << loaded.error().message();
  SimRunner built_in, plugged(make_sim_plan_world(**loaded));
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const SimDraw draw = draw_sim(seed);
    const auto one = make_strategy({}, draw.strategy_seed), other = make_strategy({}, draw.strategy_seed);
    const std::uint64_t expected = built_in.run(draw.plan, *one).trace_hash;
    ASSERT_EQ(plugged.run(draw.plan, *other).trace_hash, expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace stampede
