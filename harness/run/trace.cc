// Folds steps into a hash, and writes them for people.
#include "harness/run/trace.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "harness/plan/plan.h"

namespace stampede {
namespace {

std::string_view mode_name(const Step& step) {
  constexpr std::string_view kOpen[] = {"read", "read_write", "create_new", "open_or_create", "directory", "root"};
  constexpr std::string_view kRename[] = {"replace", "no_replace"};
  constexpr std::string_view kLock[] = {"shared", "exclusive"};
  switch (step.kind) {
    case StepKind::open:
      return step.mode < std::size(kOpen) ? kOpen[step.mode] : "?";
    case StepKind::rename:
      return step.mode < std::size(kRename) ? kRename[step.mode] : "?";
    case StepKind::try_lock:
      return step.mode < std::size(kLock) ? kLock[step.mode] : "?";
    default:
      return "";
  }
}

// "sha256-0123456789abcdef..." as "sha256-012345..cdef", names of temporaries likewise, part by part.
std::string shortened(std::string_view path) {
  constexpr std::size_t kPartMax = 22;
  std::string text;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part.size() <= kPartMax) {
      text += part;
    } else {
      text += part.substr(0, 13);
      text += "..";
      text += part.substr(part.size() - 7);
    }
    if (end < path.size()) text += '/';
    at = end + 1;
  }
  return text;
}

std::string_view type_name(modelcache::FileType type) {
  switch (type) {
    case modelcache::FileType::regular:
      return "file";
    case modelcache::FileType::directory:
      return "directory";
    case modelcache::FileType::symlink:
      return "symlink";
    case modelcache::FileType::other:
      break;
  }
  return "other";
}

// The errnos that steps return without a fault.
std::string error_text(int error) {
  constexpr std::pair<int, std::string_view> kNames[] = {{ENOENT, "ENOENT"},
                                                         {EEXIST, "EEXIST"},
                                                         {EWOULDBLOCK, "EWOULDBLOCK"},
                                                         {ENOTDIR, "ENOTDIR"},
                                                         {EISDIR, "EISDIR"},
                                                         {ELOOP, "ELOOP"},
                                                         {EBADF, "EBADF"},
                                                         {ENOTEMPTY, "ENOTEMPTY"},
                                                         {ENAMETOOLONG, "ENAMETOOLONG"},
                                                         {ECONNREFUSED, "ECONNREFUSED"},
                                                         {ECONNRESET, "ECONNRESET"},
                                                         {ETIMEDOUT, "ETIMEDOUT"},
                                                         {EPIPE, "EPIPE"},
                                                         {ENXIO, "ENXIO"},
                                                         {EPERM, "EPERM"}};
  for (const auto& [value, name] : kNames) {
    if (value == error) return std::string(name);
  }
  const std::string_view name = errno_name(error);
  return name.empty() || name == "?" ? fmt::format("errno {}", error) : std::string(name);
}

std::string result_text(const Step& step) {
  if (step.error != 0) return error_text(step.error);
  switch (step.kind) {
    case StepKind::open:
      return fmt::format("#{}", step.file);
    case StepKind::read:
    case StepKind::write:
    case StepKind::send:
    case StepKind::receive:
      return fmt::format("{}", step.result);
    case StepKind::stat:
    case StepKind::stat_name:
      return step.stat ? fmt::format("{} {:o}, {} links, {} B", type_name(step.stat->type), step.stat->mode,
                                     step.stat->links, step.stat->size_bytes)
                       : "ok";
    case StepKind::list:
      return fmt::format("{} names", step.names.size());
    case StepKind::connect:
      return fmt::format("connection {}", step.connection);
    default:
      return "ok";
  }
}

}  // namespace

void TraceHash::begin() { size_ = 0; }

void TraceHash::put(std::uint64_t number) { put(std::span(&number, 1)); }

// Little-endian, whatever the machine is.
void TraceHash::put(std::span<const std::uint64_t> numbers) {
  if (bytes_.size() < size_ + numbers.size_bytes()) bytes_.resize(2 * (size_ + numbers.size_bytes()));
  std::memcpy(bytes_.data() + size_, numbers.data(), numbers.size_bytes());
  if constexpr (std::endian::native == std::endian::big) {
    for (std::size_t i = 0; i < numbers.size_bytes(); i += sizeof(std::uint64_t)) {
      std::reverse(&bytes_[size_ + i], &bytes_[size_ + i] + sizeof(std::uint64_t));
    }
  }
  size_ += numbers.size_bytes();
}

void TraceHash::put(std::string_view text) {
  put(text.size());
  if (bytes_.size() < size_ + text.size()) bytes_.resize(2 * (size_ + text.size()));
  if (!text.empty()) std::memcpy(bytes_.data() + size_, text.data(), text.size());
  size_ += text.size();
}

void TraceHash::fold() { hash_ = XXH3_64bits_withSeed(bytes_.data(), size_, hash_); }

void TraceHash::add(const Step& step) {
  begin();
  const auto pair = [](std::uint64_t low, std::uint64_t high) { return low | high << 32; };
  // There are hundreds of steps in a run: all numbers that each has go in at once.
  const std::array<std::uint64_t, 7> numbers = {
      pair(static_cast<std::uint64_t>(step.kind) | static_cast<std::uint64_t>(step.stage) << 8 |
               static_cast<std::uint64_t>(step.fault) << 16,
           step.process),
      pair(step.own_step, step.mode),
      pair(step.file, step.replaced),
      pair(step.connection, static_cast<std::uint32_t>(step.error)),
      step.offset,
      step.size,
      step.result};
  put(numbers);
  put(step.path);
  put(step.to_path);
  if (step.stat) {
    put(static_cast<std::uint64_t>(step.stat->type) | static_cast<std::uint64_t>(step.stat->mode) << 8);
    put(step.stat->links);
    put(step.stat->size_bytes);
  }
  for (const std::string& name : step.names) put(name);
  fold();
}

void TraceHash::add(const OperationOutcome& outcome) {
  begin();
  put(static_cast<std::uint64_t>(outcome.process) | static_cast<std::uint64_t>(outcome.index) << 32);
  put(static_cast<std::uint64_t>(outcome.first_step) | static_cast<std::uint64_t>(outcome.end_step) << 32);
  put(outcome.error ? modelcache::name_of(*outcome.error) : "ok");
  put(outcome.message);
  put(outcome.path);
  put((outcome.claims_hit ? 1U : 0U) | static_cast<std::uint64_t>(outcome.claimed_attempts) << 1 |
      static_cast<std::uint64_t>(outcome.lock) << 40);
  put(static_cast<std::uint64_t>(outcome.stage) << 8 | static_cast<std::uint64_t>(outcome.operation.kind));
  for (const modelcache::Entry& entry : outcome.entries) {
    put(entry.key);
    put(entry.size_bytes);
    put(entry.listed ? 1 : 0);
  }
  for (const modelcache::VerifyReport& report : outcome.reports) {
    put(report.entry.key);
    put(static_cast<std::uint64_t>(report.state) | (report.removed ? 256U : 0U));
  }
  if (outcome.recovery) {
    put(outcome.recovery->temporaries_removed);
    put(outcome.recovery->temporaries_kept);
    put(outcome.recovery->entries_bad);
    put(outcome.recovery->entries_adopted);
    put(outcome.recovery->listings_dropped);
  }
  fold();
}

void TraceHash::add(const LedgerEntry& entry) {
  begin();
  put(entry.connection);
  put(static_cast<std::uint64_t>(entry.listener) | static_cast<std::uint64_t>(entry.status) << 32);
  put((entry.requested ? 1U : 0U) | (entry.full_body_sent ? 2U : 0U) | static_cast<std::uint64_t>(entry.ending) << 8);
  put(entry.head_bytes_sent);
  put(entry.body_bytes_sent);
  put(entry.target);
  fold();
}

void TraceHash::add_end(std::uint32_t process, std::uint8_t end) {
  add_number(static_cast<std::uint64_t>(process) << 8 | end);
}

void TraceHash::add_number(std::uint64_t number) {
  begin();
  put(number);
  fold();
}

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

std::string describe(const Step& step, bool is_short) {
  const auto path_of = [&](const std::string& path) -> std::string {
    if (path.empty()) return ".";
    return is_short ? shortened(path) : path;
  };
  std::string text = step.program.empty() ? "" : step.program + ": ";
  text += name_of(step.kind);
  const bool names_file = step.kind <= StepKind::close && step.connection == 0;
  if (names_file) text += " " + path_of(step.path);
  if (step.kind == StepKind::rename || step.kind == StepKind::link) text += " to " + path_of(step.to_path);
  if (step.connection != 0 && step.kind != StepKind::connect) text += fmt::format(" connection {}", step.connection);
  if (const std::string_view mode = mode_name(step); !mode.empty()) text += fmt::format(" ({})", mode);
  if (step.kind == StepKind::read || step.kind == StepKind::write) {
    text += fmt::format(" {} at {}", step.size, step.offset);
  }
  if (step.kind == StepKind::truncate) text += fmt::format(" to {}", step.size);
  const std::string result = result_text(step);
  if (result != "ok") text += " -> " + result;
  if (step.replaced != 0) text += fmt::format(", replaced #{}", step.replaced);
  return text;
}

}  // namespace stampede
