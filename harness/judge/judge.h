// The judge: true sentences about caches, each a function over the facts of a run.
#ifndef STAMPEDE_JUDGE_JUDGE_H
#define STAMPEDE_JUDGE_JUDGE_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/run_facts.h"

namespace stampede {

// What one invariant says about one run.
struct Finding {
  std::uint64_t judged = 0;             // how often it was applied; 0 where it did not apply
  std::vector<std::string> violations;  // a line each

  // Counts one application; where it does not hold, says why. `what` makes the line, and is called only then.
  template <class What>
  void judge(bool holds, What what) {
    ++judged;
    if (!holds) violations.push_back(what());
  }
};

struct Invariant {
  std::string_view id;        // a true sentence: "bytes_are_what_was_asked"
  std::string_view number;    // of the classes of real bugs that it catches: "I1"
  std::string_view sentence;  // in words
  std::string_view blind_to;  // what it cannot see
  Finding (*find)(const RunFacts&);
  bool needs_built_in = false;  // asks for what only the built-in subject says, or for its layout
};

// In the order of reports.
const std::vector<Invariant>& all_invariants();

struct Violation {
  std::string invariant;  // its id
  std::string what;
};

struct Verdict {
  std::map<std::string, std::uint64_t> judged;  // by id; every invariant has a line
  std::vector<Violation> violations;
  // Of invariants that the subject does not promise: they are findings all the same, and nobody's broken word.
  std::vector<Violation> not_promised;
  [[nodiscard]] bool holds() const { return violations.empty(); }
};

// Asks every invariant that can be judged with the run's subject. Never asserts. An interrupted run is not judged.
Verdict judge(const RunFacts& facts);

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_JUDGE_H
