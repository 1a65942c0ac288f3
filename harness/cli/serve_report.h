// What `stampede serve` tells while it runs: as text for people, or as JSON lines.
#ifndef STAMPEDE_CLI_SERVE_REPORT_H
#define STAMPEDE_CLI_SERVE_REPORT_H

#include <cstdint>
#include <map>
#include <string>

#include "harness/faults/lying_server.h"
#include "harness/plan/model_directory.h"

namespace stampede {

struct ServeTotals {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t full_bodies = 0;
  std::uint64_t bytes = 0;
  std::map<std::string, std::uint64_t> faults;  // kind -> connections on which it was played

  void add(const LedgerEntry& entry);
};

// `authority_file` is empty without HTTPS.
void report_start(const LyingServer& server, const ModelDirectory& directory, const std::string& authority_file,
                  bool is_json);
void report_connection(const LedgerEntry& entry, bool is_json);
void report_totals(const ServeTotals& totals, bool is_json);

}  // namespace stampede

#endif  // STAMPEDE_CLI_SERVE_REPORT_H
