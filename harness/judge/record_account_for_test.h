// All that a run record knows, in words: what a test compares.
#ifndef STAMPEDE_JUDGE_RECORD_ACCOUNT_FOR_TEST_H
#define STAMPEDE_JUDGE_RECORD_ACCOUNT_FOR_TEST_H

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/history_for_test.h"

namespace stampede {

// A line for each process, entry, lock, temporary and connection, and for the rest; what has its first value is left
// out. {0} is the first model's key.
std::vector<std::string> account_of(History& history);

struct AccountRow {
  std::string_view what;
  std::function<void(History&)> steps;
  std::vector<std::string> lines;
};
// What is known after the steps, which process 0 begins: it gets the first model twice, process 1 the second, and then
// the first by its URL.
void expect_accounts(const std::vector<AccountRow>& rows);

inline constexpr History::Odd kLie = {0, StepFault::does_nothing};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_RECORD_ACCOUNT_FOR_TEST_H
