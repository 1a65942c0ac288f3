// Writes and reads specifications and reports (nlohmann_json).
#include "harness/free/worker_text.h"

#include <nlohmann/json.hpp>

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;
using modelcache::Sha256Digest;
using modelcache::VerifyPolicy;
using nlohmann::json;

constexpr VerifyPolicy kPolicies[] = {VerifyPolicy::when_changed, VerifyPolicy::always, VerifyPolicy::never};

constexpr CommandEnd kEnds[] = {CommandEnd::not_started, CommandEnd::exited, CommandEnd::signalled,
                                CommandEnd::timed_out, CommandEnd::talked_too_much};

json to_json(const WorkerOperation& operation) {
  json object = {{"url", operation.url}, {"sha256", operation.sha256.hex()}, {"directory", operation.directory}};
  if (!operation.command) return object;
  const CommandLine& line = operation.command->line;
  object["command"] = {{"argv", line.argv},
                       {"environment", line.environment},
                       {"timeout_ms", line.timeout.count()},
                       {"artifact", operation.command->artifact}};
  return object;
}

json to_json(const CommandRecord& record) {
  return {{"end", name_of(record.end)},
          {"value", record.value},
          {"output_bytes", record.output_bytes},
          {"last_output", record.last_output}};
}

json to_json(const OperationReport& report) {
  json object = {
      {"succeeded", report.succeeded}, {"began_at", report.began_at.count()}, {"ended_at", report.ended_at.count()}};
  if (report.command) object["command"] = to_json(*report.command);
  if (!report.succeeded) {
    object["error_code"] = report.error_code;
    object["error_message"] = report.error_message;
    return object;
  }
  object["path"] = report.path;
  object["claims_hit"] = report.claims_hit;
  object["claimed_attempts"] = report.claimed_attempts;
  if (report.went_without_lock) object["went_without_lock"] = true;
  if (report.read_back) object["read_back"] = report.read_back->hex();
  if (!report.notes.empty()) object["notes"] = report.notes;
  return object;
}

// Throws json::exception where a key is missing or of another type; `guarded` turns that into an error.
Sha256Digest digest_from(const json& text) {
  const Result<Sha256Digest> digest = Sha256Digest::parse(text.get<std::string>());
  if (!digest) throw json::other_error::create(1, digest.error().detail, &text);
  return *digest;
}

template <class Value, std::size_t kCount>
Value named(const Value (&known)[kCount], const json& text) {
  for (const Value value : known) {
    if (name_of(value) == text.get<std::string>()) return value;
  }
  throw json::other_error::create(1, "a name that nothing has", &text);
}

CommandGet command_from(const json& object) {
  CommandGet get;
  get.line.argv = object.at("argv").get<std::vector<std::string>>();
  get.line.environment = object.at("environment").get<std::vector<std::string>>();
  get.line.timeout = std::chrono::milliseconds(object.at("timeout_ms").get<std::int64_t>());
  get.artifact = object.at("artifact");
  if (get.line.argv.empty()) throw json::other_error::create(1, "no command", &object);
  return get;
}

CommandRecord command_record_from(const json& object) {
  CommandRecord record;
  record.end = named(kEnds, object.at("end"));
  record.value = object.at("value");
  record.output_bytes = object.at("output_bytes");
  record.last_output = object.at("last_output");
  return record;
}

WorkerSpecification specification_from(const json& object) {
  WorkerSpecification specification;
  for (const json& operation : object.at("operations").get_ref<const json::array_t&>()) {
    specification.operations.push_back(WorkerOperation{.url = operation.at("url"),
                                                       .sha256 = digest_from(operation.at("sha256")),
                                                       .directory = operation.at("directory")});
    if (operation.contains("command")) specification.operations.back().command = command_from(operation.at("command"));
  }
  specification.attempts_max = object.at("attempts_max");
  specification.backoff_first = std::chrono::milliseconds(object.at("backoff_first_ms").get<std::int64_t>());
  specification.backoff_max = std::chrono::milliseconds(object.at("backoff_max_ms").get<std::int64_t>());
  specification.verify = named(kPolicies, object.at("verify"));
  specification.reads_back = object.at("reads_back");
  specification.counts_descriptors = object.at("counts_descriptors");
  return specification;
}

OperationReport operation_report_from(const json& object) {
  OperationReport report;
  report.succeeded = object.at("succeeded");
  report.began_at = MachineTime(object.at("began_at").get<std::int64_t>());
  report.ended_at = MachineTime(object.at("ended_at").get<std::int64_t>());
  if (object.contains("command")) report.command = command_record_from(object.at("command"));
  if (!report.succeeded) {
    report.error_code = object.at("error_code");
    report.error_message = object.at("error_message");
    return report;
  }
  report.path = object.at("path");
  report.claims_hit = object.at("claims_hit");
  report.claimed_attempts = object.at("claimed_attempts");
  report.went_without_lock = object.value("went_without_lock", false);
  if (object.contains("read_back")) report.read_back = digest_from(object.at("read_back"));
  if (object.contains("notes")) report.notes = object.at("notes").get<std::vector<std::string>>();
  return report;
}

template <class Read>
auto guarded(std::string_view what, std::string_view text, Read read)
    -> Result<decltype(read(std::declval<const json&>()))> {
  try {
    return read(json::parse(text));
  } catch (const json::exception& error) {
    return fail(ErrorCode::invalid_argument, "parse", what, error.what());
  }
}

// Messages may hold bytes of a hostile server: what is no UTF-8 is replaced.
std::string dumped(const json& object) { return object.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string print(const WorkerSpecification& specification) {
  json operations = json::array();
  for (const WorkerOperation& operation : specification.operations) operations.push_back(to_json(operation));
  return dumped({{"operations", std::move(operations)},
                 {"attempts_max", specification.attempts_max},
                 {"backoff_first_ms", specification.backoff_first.count()},
                 {"backoff_max_ms", specification.backoff_max.count()},
                 {"verify", modelcache::name_of(specification.verify)},
                 {"reads_back", specification.reads_back},
                 {"counts_descriptors", specification.counts_descriptors}});
}

Result<WorkerSpecification> parse_specification(std::string_view text) {
  return guarded("worker specification", text, specification_from);
}

std::string print(const WorkerReport& report) {
  json operations = json::array();
  for (const OperationReport& operation : report.operations) operations.push_back(to_json(operation));
  json times = json::object();
  for (const auto& [operation, samples] : report.measures.times) {
    json& list = times[operation] = json::array();
    for (const std::chrono::nanoseconds sample : samples) list.push_back(sample.count());
  }
  json object = {{"operations", std::move(operations)},
                 {"times", std::move(times)},
                 {"counts", report.measures.counts},
                 {"ready_at", report.ready_at.count()}};
  if (report.descriptors_before) object["descriptors_before"] = *report.descriptors_before;
  if (report.descriptors_after) object["descriptors_after"] = *report.descriptors_after;
  if (report.peak_memory_bytes) object["peak_memory_bytes"] = *report.peak_memory_bytes;
  return dumped(object) + "\n";
}

Result<WorkerReport> parse_report(std::string_view text) {
  return guarded("worker report", text, [](const json& object) {
    WorkerReport report;
    for (const json& operation : object.at("operations").get_ref<const json::array_t&>()) {
      report.operations.push_back(operation_report_from(operation));
    }
    for (const auto& [operation, samples] : object.at("times").items()) {
      for (const json& sample : samples) report.measures.times[operation].emplace_back(sample.get<std::int64_t>());
    }
    report.measures.counts = object.at("counts").get<std::map<std::string, std::uint64_t>>();
    report.ready_at = MachineTime(object.at("ready_at").get<std::int64_t>());
    if (object.contains("peak_memory_bytes")) report.peak_memory_bytes = object.at("peak_memory_bytes");
    if (object.contains("descriptors_before")) report.descriptors_before = object.at("descriptors_before");
    if (object.contains("descriptors_after")) report.descriptors_after = object.at("descriptors_after");
    return report;
  });
}

}  // namespace stampede
