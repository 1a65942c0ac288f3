// Writes the events of a server (nlohmann_json, fmt).
#include "harness/cli/serve_report.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "harness/run/figures.h"

namespace stampede {
namespace {

using nlohmann::json;

void print_json(const json& value) {
  // Paths and targets may be any bytes; JSON is UTF-8.
  fmt::print("{}\n", value.dump(-1, ' ', false, json::error_handler_t::replace));
  std::fflush(stdout);
}

}  // namespace

void ServeTotals::add(const LedgerEntry& entry) {
  ++connections;
  requests += entry.requested ? 1 : 0;
  full_bodies += entry.full_body_sent ? 1 : 0;
  bytes += entry.head_bytes_sent + entry.body_bytes_sent;
  const bool is_played = entry.ending != Ending::no_request && entry.ending != Ending::bad_request;
  if (!is_played) return;
  for (const NetworkFault& part : entry.fault.parts) ++faults[std::string(name_of(part.kind))];
}

void report_connection(const LedgerEntry& entry, bool is_json) {
  const std::uint64_t bytes = entry.head_bytes_sent + entry.body_bytes_sent;
  if (is_json) {
    print_json({{"event", "connection"},
                {"seconds", seconds_of(entry.ended_at)},
                {"connection", entry.connection},
                {"target", entry.target},
                {"model", entry.model},
                {"fault", print(entry.fault)},
                {"status", entry.status},
                {"head_bytes_sent", entry.head_bytes_sent},
                {"body_bytes_sent", entry.body_bytes_sent},
                {"full_body_sent", entry.full_body_sent},
                {"ending", name_of(entry.ending)}});
    return;
  }
  fmt::print(stderr, "{:>10.3f}s #{} {} fault={} status={} bytes={} {}\n", seconds_of(entry.ended_at), entry.connection,
             entry.model.empty() ? "-" : entry.model, print(entry.fault), entry.status, bytes, name_of(entry.ending));
}

void report_start(const LyingServer& server, const ModelDirectory& directory, const std::string& authority_file,
                  bool is_json) {
  if (is_json) {
    json files = json::array();
    for (const Model& model : directory.models) {
      files.push_back({{"name", model.name},
                       {"url", server.url(0, model)},
                       {"bytes", model.bytes->size()},
                       {"sha256", model.sha256.hex()}});
    }
    json event = {{"event", "serving"}, {"url", server.base_url(0)}, {"files", files}, {"skipped", directory.skipped}};
    if (!authority_file.empty()) event["authority"] = authority_file;
    print_json(event);
    return;
  }
  fmt::print("serving {} files at {}\n", directory.models.size(), server.base_url(0));
  for (const Model& model : directory.models) {
    fmt::print("{}  {:>12}  {}\n", model.sha256.hex(), model.bytes->size(), server.url(0, model));
  }
  if (!authority_file.empty()) fmt::print("to be trusted (curl --cacert): {}\n", authority_file);
  std::fflush(stdout);
  for (const std::string& name : directory.skipped) fmt::print(stderr, "skipped (no regular file): {}\n", name);
}

void report_totals(const ServeTotals& totals, bool is_json) {
  if (is_json) {
    print_json({{"event", "totals"},
                {"connections", totals.connections},
                {"requests", totals.requests},
                {"full_bodies", totals.full_bodies},
                {"bytes", totals.bytes},
                {"faults", totals.faults}});
    return;
  }
  fmt::print("{} connections, {} requests, {} full bodies, {} bytes\n", totals.connections, totals.requests,
             totals.full_bodies, totals.bytes);
  for (const auto& [kind, count] : totals.faults) fmt::print("  {:<24} {}\n", kind, count);
  std::fflush(stdout);
}

}  // namespace stampede
