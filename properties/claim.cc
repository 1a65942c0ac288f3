// Runs a claim's plans, and writes the smallest one that breaks it.
#include "properties/claim.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "harness/free/posix_scratch_directory.h"
#include "harness/run/found_plan.h"
#include "harness/strategy/replay.h"
#include "properties/rapidcheck_choices.h"
#include "properties/scheduled_plans.h"

namespace stampede {
namespace {

bool is_meant(const Claim& claim, std::string_view invariant) {
  const auto& list = claim.invariants;
  return list.empty() || std::find(list.begin(), list.end(), invariant) != list.end();
}

// By place in watched_invariants().
void expect_judged(const Claim& claim, std::uint64_t plan_count, std::vector<std::uint64_t> judged) {
  judged.resize(watched_invariants().size());
  std::string line;
  std::size_t meant = 0;
  for (std::size_t i = 0; i < judged.size(); ++i) {
    const std::string_view id = watched_invariants()[i].id;
    if (!is_meant(claim, id)) continue;
    ++meant;
    line += fmt::format("{} {} {}", line.empty() ? "" : ",", judged[i], id);
    if (!claim.invariants.empty()) {
      EXPECT_GT(judged[i], 0U) << id << " was never judged in " << plan_count << " plans";
    }
  }
  EXPECT_EQ(meant, claim.invariants.empty() ? judged.size() : claim.invariants.size()) << "an invariant that is none";
  std::printf("%s: judged in %ju plans:%s\n", std::string(claim.name).c_str(), std::uintmax_t{plan_count},
              line.c_str());
}

}  // namespace

std::string folder_of_failures() {
  static const std::string directory = [] {
    if (const char* const folder = std::getenv("STAMPEDE_FOUND")) return std::string(folder);
    auto made = PosixScratchDirectory::make();
    return made ? made->keep() : std::string(".");
  }();
  return directory;
}

void check_claim(const Claim& claim) {
  SimRunner runner;
  std::vector<std::uint64_t> judged;
  std::uint64_t plan_count = 0;
  const std::string found_by = fmt::format("property {}", claim.name);
  const bool held = rc::check(std::string(claim.name), [&] {
    const Plan plan = *scheduled_plans(claim.limits, runner);
    Replay replay(plan.schedule, Replay::Mode::lenient);
    ++plan_count;
    const auto found = find_failure(runner, plan, replay, found_by, claim.invariants, &judged);
    if (found) RC_FAIL(report_found(*found, folder_of_failures(), claim.name));
  });
  EXPECT_TRUE(held);
  if (held) expect_judged(claim, plan_count, std::move(judged));
}

}  // namespace stampede
