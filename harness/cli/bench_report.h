// The benchmark as a table, as Markdown and as JSON.
#ifndef STAMPEDE_CLI_BENCH_REPORT_H
#define STAMPEDE_CLI_BENCH_REPORT_H

#include <string>
#include <vector>

#include "harness/run/benchmark.h"
#include "harness/run/live_benchmark.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {

enum class TableStyle { text, markdown };

// Three tables: what happened, what a process went through, where the time went.
std::string text_of(const Benchmark& benchmark, TableStyle style);
// The rows of the simulated world, where there are any.
std::string text_of(const std::vector<SimRow>& rows, TableStyle style);
// The rows of the live world: of schedules, of executed commands, and of decisions.
std::string text_of(const std::vector<LiveRow>& rows, TableStyle style);

// The rows of every world that was measured.
struct BenchRows {
  Benchmark free;
  std::vector<SimRow> sim;
  std::vector<LiveRow> live;
  int hindrance = 0;  // the exit status of what could not be had, or not be saved
};
// What was violated, and whether all held; where it was interrupted, that.
std::string verdict_of(const BenchRows& rows);
bool all_held(const BenchRows& rows);
// The exit status; kCannotHere where no run was judged, be it that every one was uncontrolled.
int status_of(const BenchRows& rows);
// One object: the free world's rows, then the simulated world's, then the live world's.
std::string json_of(const BenchRows& rows);

// What every column and every bound means.
extern const char* const kBenchColumns;

}  // namespace stampede

#endif  // STAMPEDE_CLI_BENCH_REPORT_H
