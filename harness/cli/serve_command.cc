// Serves a directory with the faults asked for, and reports each connection as it ends.
#include "harness/cli/serve_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/posix_termination.h"
#include "harness/faults/lying_server.h"
#include "harness/plan/model_directory.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using nlohmann::json;

struct ServeOptions {
  std::string directory;
  std::vector<std::string> faults;
  bool repeats = false;
  std::uint32_t fault_every = 1;
  std::uint16_t port = 0;
  std::string address = "127.0.0.1";
  std::string bytes_max = "2GiB";
  bool is_json = false;
};

struct Totals {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t full_bodies = 0;
  std::uint64_t bytes = 0;
  std::map<std::string, std::uint64_t> faults;  // kind -> connections on which it was played

  void add(const LedgerEntry& entry) {
    ++connections;
    requests += entry.requested ? 1 : 0;
    full_bodies += entry.full_body_sent ? 1 : 0;
    bytes += entry.head_bytes_sent + entry.body_bytes_sent;
    const bool is_played = entry.ending != Ending::no_request && entry.ending != Ending::bad_request;
    if (!is_played) return;
    for (const NetworkFault& part : entry.fault.parts) ++faults[std::string(name_of(part.kind))];
  }
};

std::string kinds_text() {
  std::string text = "Faults (--fault):\n";
  for (const FaultKind kind : all_fault_kinds()) {
    if (kind == FaultKind::refused) continue;  // no turn of a port that listens
    text += fmt::format("  {:<20} {}\n", name_of(kind), description_of(kind));
  }
  return text;
}

std::string help_footer() {
  return kinds_text() +
         "Each --fault meets one connection, in the order of acceptance; then all is well, or, with --repeat, they\n"
         "begin again. N is a number of bytes or a size such as 64KiB.\n"
         "Examples:\n"
         "  stampede serve models\n"
         "  stampede serve models --fault reset_in_body:64KiB --fault status:503:retry_after=1\n"
         "  stampede serve models --port 8080 --fault flip_byte:7 --fault-every 3 --repeat\n"
         "Exit status: 0 after SIGINT or SIGTERM, 2 usage or a file that cannot be read, 3 the port cannot be had.";
}

void print_json(const json& value) {
  // Paths and targets may be any bytes; JSON is UTF-8.
  fmt::print("{}\n", value.dump(-1, ' ', false, json::error_handler_t::replace));
  std::fflush(stdout);
}

double seconds_of(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

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

void report_start(const LyingServer& server, const ModelDirectory& directory, bool is_json) {
  if (is_json) {
    json files = json::array();
    for (const Model& model : directory.models) {
      files.push_back({{"name", model.name},
                       {"url", server.url(0, model)},
                       {"bytes", model.bytes->size()},
                       {"sha256", model.sha256.hex()}});
    }
    print_json({{"event", "serving"}, {"url", server.base_url(0)}, {"files", files}, {"skipped", directory.skipped}});
    return;
  }
  fmt::print("serving {} files at {}\n", directory.models.size(), server.base_url(0));
  for (const Model& model : directory.models) {
    fmt::print("{}  {:>12}  {}\n", model.sha256.hex(), model.bytes->size(), server.url(0, model));
  }
  std::fflush(stdout);
  for (const std::string& name : directory.skipped) fmt::print(stderr, "skipped (no regular file): {}\n", name);
}

void report_totals(const Totals& totals, bool is_json) {
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
  for (const auto& [kind, count] : totals.faults) fmt::print("  {:<20} {}\n", kind, count);
  std::fflush(stdout);
}

int report_error(const modelcache::Error& error, int exit_status) {
  fmt::print(stderr, "stampede serve: {}\n", error.message());
  return exit_status;
}

// Each fault after `every - 1` good responses.
modelcache::Result<FaultSequence> sequence_of(const ServeOptions& options) {
  FaultSequence sequence{.faults = {}, .repeats = options.repeats};
  for (const std::string& text : options.faults) {
    modelcache::Result<FaultTurn> fault = parse_turn(text);
    if (!fault) return modelcache::fail(fault.error());
    if (has_part(*fault, FaultKind::refused)) {
      return modelcache::fail(ErrorCode::invalid_argument, "parse fault", text,
                              "a server that listens cannot refuse; use reset_on_accept, or a port that is not served");
    }
    sequence.faults.resize(sequence.faults.size() + options.fault_every - 1);
    sequence.faults.push_back(*fault);
  }
  return sequence;
}

int exit_status_of(const modelcache::Error& error) {
  return error.code == ErrorCode::invalid_argument ? kUsage : kCannotHere;
}

int serve(const ServeOptions& options) {
  const modelcache::Result<FaultSequence> faults = sequence_of(options);
  if (!faults) {
    report_error(faults.error(), kUsage);
    fmt::print(stderr, "{}", kinds_text());
    return kUsage;
  }
  const modelcache::Result<std::uint64_t> bytes_max = parse_size(options.bytes_max);
  if (!bytes_max) return report_error(bytes_max.error(), kUsage);
  const modelcache::Result<ModelDirectory> directory = models_from_directory(options.directory, *bytes_max);
  if (!directory) return report_error(directory.error(), kUsage);
  if (directory->models.empty()) {
    fmt::print(stderr, "stampede serve: no file below {}\n", options.directory);
    return kUsage;
  }

  TerminationSignals signals;
  Totals totals;  // of the server's thread until it has stopped
  LyingServerOptions server_options{.address = options.address, .ports = {options.port}, .models = directory->models};
  server_options.faults = *faults;
  server_options.on_end = [&](const LedgerEntry& entry) {
    totals.add(entry);
    report_connection(entry, options.is_json);
  };
  const auto server = LyingServer::start(std::move(server_options));
  if (!server) return report_error(server.error(), exit_status_of(server.error()));
  report_start(**server, *directory, options.is_json);
  signals.wait();
  (*server)->stop();
  report_totals(totals, options.is_json);
  return kAllHeld;
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App* const command = app.add_subcommand("serve", "The fault-injecting file server");
  command->add_option("DIR", options->directory, "Every regular file below it is served")->required();
  command->add_option("--fault", options->faults, "What the next connection gets; may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--repeat", options->repeats, "After the last fault begin again");
  command->add_option("--fault-every", options->fault_every, "Each fault comes after N - 1 good responses")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  command->add_option("--port", options->port, "0: a free one, which is printed")->capture_default_str();
  command->add_option("--address", options->address, "Numeric address to listen on")->capture_default_str();
  command->add_option("--max-bytes", options->bytes_max, "All files together; they are held in memory")
      ->capture_default_str();
  command->add_flag("--json", options->is_json, "JSON lines on standard output");
  command->footer(help_footer());
  command->callback([options, &exit_status] { exit_status = serve(*options); });
}

}  // namespace stampede
