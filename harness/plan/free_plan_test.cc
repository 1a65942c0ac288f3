// A get is found again by its URL, and a connection served well or not by what was sent on it.
#include "harness/plan/free_plan.h"

#include <gtest/gtest.h>

#include "harness/plan/run_facts.h"

namespace stampede {
namespace {

LedgerEntry asked(const std::string& target) {
  LedgerEntry entry;
  entry.target = target;
  return entry;
}

TEST(Query, NamesAnOperationThatIsFoundAgain) {
  EXPECT_EQ(query_of(17), "?operation=17");
  for (const std::size_t operation : {0UL, 1UL, 17UL, 4'000'000'000UL}) {
    EXPECT_EQ(operation_of(asked("/m.onnx" + query_of(operation))), operation);
    EXPECT_EQ(operation_of(asked("/m.onnx" + query_of(operation) + "&more=1")), operation);
  }
}

TEST(Query, NamesNothingWhereItIsNoNumber) {
  for (const char* target : {"", "/m", "/m?operation=", "/m?operation=x", "/m?operation=3x", "/m?operation=-1",
                             "/m?operatio=3", "/m?operation=99999999999999999999", "/m&operation=3"}) {
    EXPECT_EQ(operation_of(asked(target)), std::nullopt) << target;
  }
}

TEST(ServedWell, WhereACorrectClientHasAllBytes) {
  struct Case {
    const char* fault;
    bool full_body_sent, served_well;
  };
  const Case cases[] = {
      {"none", true, true},
      {"none", false, true},  // harmless is enough
      {"drip:1000:pause=1ms", false, true},
      {"length_missing", false, true},
      {"close_in_body:5", false, false},
      {"close_in_body:5", true, true},  // cut behind the last byte
      {"reset_in_body:5", true, false},
      {"reset_in_body:5", false, false},
      {"headers_then_reset", true, false},
      {"bare_lf", true, false},
      {"flip_byte:3", false, false},
      {"redirect_relative", true, false},
      {"redirect_other_host", false, false},
  };
  for (const Case& one : cases) {
    LedgerEntry entry;
    entry.fault = parse_turn(one.fault).value();
    entry.full_body_sent = one.full_body_sent;
    EXPECT_EQ(served_well(entry), one.served_well) << one.fault << one.full_body_sent;
  }
}

TEST(Names, AreThoseOfTheWaysToEnd) {
  const std::pair<ExitReason, std::string> reasons[] = {
      {ExitReason::not_started, "not_started"},       {ExitReason::exited, "exited"},
      {ExitReason::signalled, "signalled"},           {ExitReason::hang, "hang"},
      {ExitReason::killed_by_plan, "killed_by_plan"}, {ExitReason::interrupted, "interrupted"}};
  for (const auto& [reason, name] : reasons) EXPECT_EQ(name_of(reason), name);
  EXPECT_EQ(name_of(static_cast<ExitReason>(99)), "unknown");
  const std::pair<CommandEnd, std::string> ends[] = {{CommandEnd::not_started, "not_started"},
                                                     {CommandEnd::exited, "exited"},
                                                     {CommandEnd::signalled, "signalled"},
                                                     {CommandEnd::timed_out, "timed_out"},
                                                     {CommandEnd::talked_too_much, "talked_too_much"}};
  for (const auto& [end, name] : ends) EXPECT_EQ(name_of(end), name);
  EXPECT_EQ(name_of(static_cast<CommandEnd>(99)), "unknown");
  const std::pair<Ending, std::string> endings[] = {{Ending::open, "open"},
                                                    {Ending::finished, "finished"},
                                                    {Ending::reset, "reset"},
                                                    {Ending::peer_left, "peer_left"},
                                                    {Ending::no_request, "no_request"},
                                                    {Ending::bad_request, "bad_request"},
                                                    {Ending::server_stopped, "server_stopped"}};
  for (const auto& [ending, name] : endings) EXPECT_EQ(name_of(ending), name);
  EXPECT_EQ(name_of(static_cast<Ending>(99)), "unknown");
}

}  // namespace
}  // namespace stampede
