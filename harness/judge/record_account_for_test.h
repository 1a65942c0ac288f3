// All that a run record knows, in words: what a test compares.
#ifndef STAMPEDE_JUDGE_RECORD_ACCOUNT_FOR_TEST_H
#define STAMPEDE_JUDGE_RECORD_ACCOUNT_FOR_TEST_H

#include <string>
#include <vector>

#include "harness/judge/history_for_test.h"

namespace stampede {

// A line for each process, entry, lock, temporary and connection, and for the rest; what has its first value is left
// out. {0} is the first model's key.
std::vector<std::string> account_of(History& history);

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_RECORD_ACCOUNT_FOR_TEST_H
