// A run's plan, facts and verdict as JSON, for someone who wants to know what happened.
#ifndef STAMPEDE_RUN_FACTS_TEXT_H
#define STAMPEDE_RUN_FACTS_TEXT_H

#include <cstdint>
#include <string>

#include "harness/judge/judge.h"
#include "harness/plan/run_facts.h"

namespace stampede {

std::string print(const RunFacts& facts, const Verdict& verdict, std::uint64_t seed);

}  // namespace stampede

#endif  // STAMPEDE_RUN_FACTS_TEXT_H
