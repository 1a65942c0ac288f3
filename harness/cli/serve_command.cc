// Serves a directory with the faults asked for, and reports each connection as it ends.
#include "harness/cli/serve_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/posix_termination.h"
#include "harness/cli/serve_report.h"
#include "harness/cli/subcommand.h"
#include "harness/faults/lying_server.h"
#include "harness/free/posix_scratch_directory.h"
#include "harness/plan/fault_file.h"
#include "harness/plan/model_directory.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;

struct ServeOptions {
  std::string directory;
  std::vector<std::string> faults;
  std::string fault_file;
  bool is_https = false;
  std::string authority_file;
  bool repeats = false;
  std::uint64_t fault_every = 1;
  std::uint16_t port = 0;
  std::string address = "127.0.0.1";
  std::string bytes_max = "2GiB";
  bool is_json = false;
};

std::string kinds_text() {
  std::string text = "Faults (--fault):\n";
  for (const FaultKind kind : all_fault_kinds()) {
    if (kind == FaultKind::refused) continue;  // no turn of a port that listens
    text += fmt::format("  {:<24} {}\n", name_of(kind), description_of(kind));
  }
  return text;
}

std::string help_footer() {
  return kinds_text() +
         "Each --fault meets one connection, in the order of acceptance; then all is well, or, with --repeat, they\n"
         "begin again. '+' joins faults that do not contradict each other. N is a number of bytes or a size such as\n"
         "64KiB.\n"
         "Examples:\n"
         "  stampede serve models\n"
         "  stampede serve models --fault reset_in_body:64KiB --fault status:503:retry_after=1\n"
         "  stampede serve models --fault drip:1000:pause=5ms+flip_byte:7 --fault-every 3 --repeat\n"
         "  stampede serve models --https --ca-out ca.pem     (then curl --cacert ca.pem URL)\n"
         "  stampede serve models --faults faults.json, where faults.json is\n" +
         std::string(fault_file_example()) +
         "Exit status: 0 after SIGINT or SIGTERM, 2 usage or a file that cannot be read, 3 the port cannot be had.";
}

int report_error(const modelcache::Error& error, int exit_status) {
  fmt::print(stderr, "stampede serve: {}\n", error.message());
  return exit_status;
}

// What the options say, or the file that they name.
modelcache::Result<FaultFile> faults_of(const ServeOptions& options) {
  if (!options.fault_file.empty()) return read_fault_file(options.fault_file);
  FaultFile result{.connections = {.repeats = options.repeats, .every = options.fault_every}, .models = {}};
  for (const std::string& text : options.faults) {
    modelcache::Result<FaultTurn> fault = parse_turn(text);
    if (!fault) return modelcache::fail(fault.error());
    if (has_part(*fault, FaultKind::refused)) {
      return modelcache::fail(ErrorCode::invalid_argument, "parse fault", text,
                              "a server that listens cannot refuse; use reset_on_accept, or a port that is not served");
    }
    result.connections.faults.push_back(*fault);
  }
  return result;
}

// The authority's certificate in the file asked for, or in a directory that lives as long as this does.
class AuthorityFile {
 public:
  modelcache::Result<void> write(const LyingServer& server, const std::string& wanted) {
    path_ = wanted;
    if (path_.empty()) {
      modelcache::Result<PosixScratchDirectory> made = PosixScratchDirectory::make("");
      if (!made) return modelcache::fail(made.error());
      directory_.emplace(std::move(*made));
      path_ = directory_->path() + "/authority.pem";
    }
    std::ofstream file(path_, std::ios::binary | std::ios::trunc);
    file << server.authority() << std::flush;
    if (!file) {
      return modelcache::fail(ErrorCode::invalid_argument, "write authority", path_,
                              "expected a file that can be written");
    }
    return {};
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::optional<PosixScratchDirectory> directory_;
  std::string path_;
};

int exit_status_of(const modelcache::Error& error) {
  return error.code == ErrorCode::invalid_argument ? kUsage : kCannotHere;
}

int serve(const ServeOptions& options) {
  modelcache::Result<FaultFile> faults = faults_of(options);
  if (!faults) {
    report_error(faults.error(), kUsage);
    if (options.fault_file.empty()) fmt::print(stderr, "{}", kinds_text());
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
  ServeTotals totals;  // of the server's thread until it has stopped
  LyingServerOptions server_options{.address = options.address, .ports = {options.port}, .models = directory->models};
  server_options.faults = std::move(faults->connections);
  server_options.model_faults = std::move(faults->models);
  server_options.is_https = options.is_https;
  server_options.on_end = [&](const LedgerEntry& entry) {
    totals.add(entry);
    report_connection(entry, options.is_json);
  };
  const auto server = LyingServer::start(std::move(server_options));
  if (!server) return report_error(server.error(), exit_status_of(server.error()));
  AuthorityFile authority;
  if (options.is_https) {
    const modelcache::Result<void> written = authority.write(**server, options.authority_file);
    if (!written) return report_error(written.error(), exit_status_of(written.error()));
  }
  report_start(**server, *directory, authority.path(), options.is_json);
  signals.wait();
  (*server)->stop();
  report_totals(totals, options.is_json);
  return kAllHeld;
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<ServeOptions>();
  Subcommand command(app, "serve", "The fault-injecting file server");
  command.option("DIR", options->directory, "Every regular file below it is served").required();
  const SubcommandOption file =
      command.option("--faults", options->fault_file, "A fault file, as below").type_name("FILE");
  command.option("--fault", options->faults, "What the next connection gets; may be repeated")
      .one_value_each()
      .excludes(file);
  command.flag("--repeat", options->repeats, "After the last fault begin again").excludes(file);
  command.option("--fault-every", options->fault_every, "Each fault comes after N - 1 good responses")
      .excludes(file)
      .within(1, 1'000'000)
      .type_name("N");
  command.option("--port", options->port, "0: a free one, which is printed").shows_default();
  command.option("--address", options->address, "Numeric address to listen on").shows_default();
  const SubcommandOption https =
      command.flag("--https", options->is_https, "TLS, with an authority made for this run alone");
  command.option("--ca-out", options->authority_file, "Where its certificate goes; else a temporary file")
      .type_name("FILE")
      .needs(https);
  command.option("--max-bytes", options->bytes_max, "All files together; they are held in memory").shows_default();
  command.flag("--json", options->is_json, "JSON lines on standard output");
  command.footer(help_footer());
  command.run([options, &exit_status] { exit_status = serve(*options); });
}

}  // namespace stampede
