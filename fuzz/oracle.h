// How an oracle says no: a sentence that should have been true, and the crash that every engine takes for a finding.
#ifndef STAMPEDE_FUZZ_ORACLE_H
#define STAMPEDE_FUZZ_ORACLE_H

#include <cstdio>
#include <cstdlib>

namespace stampede {

inline void require(bool holds, const char* sentence) {
  if (holds) return;
  std::fprintf(stderr, "VIOLATED: %s\n", sentence);
  std::abort();
}

}  // namespace stampede

#endif  // STAMPEDE_FUZZ_ORACLE_H
