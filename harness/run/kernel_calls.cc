// Draws call sequences over a handful of names, so that calls meet each other.
#include "harness/run/kernel_calls.h"

#include <fmt/format.h>

#include <string_view>

namespace stampede {
namespace {

using modelcache::LockMode;
using modelcache::OpenMode;
using modelcache::RenameMode;

template <class T, std::size_t n>
const T& one_of(Choices& choices, const T (&list)[n]) {
  return list[choices.below(n)];
}

std::string draw_name(Choices& choices) {
  static constexpr std::string_view kPlain[] = {"a", "b", "c", "d"};
  static constexpr std::string_view kOdd[] = {"l",  "m",     "p",   "p",   "l",    ".",     "..", "",
                                              "a/", "d/",    "a/b", "d/c", "./b",  "l/b",   "l/", "$/a",
                                              "$",  "$/d/b", "b//", "x/y", "c/..", "d/../b"};
  const std::uint64_t kind = choices.below(64);
  if (kind < 48) return std::string(one_of(choices, kPlain));
  if (kind < 63) return std::string(one_of(choices, kOdd));
  switch (choices.below(4)) {
    case 0:
      return std::string(255, 'n');
    case 1:
      return std::string(256, 'n');
    case 2:
      return std::string(4096, 'n');
    default:
      return {'a', '\0', 'b'};
  }
}

// Above the directory the two worlds differ in names and owners, so nothing is opened or linked there.
std::string draw_name_below(Choices& choices) {
  std::string name = draw_name(choices);
  return name == ".." || name == "c/.." ? "." : name;
}

std::uint64_t draw_offset(Choices& choices) {
  static constexpr std::uint64_t kOdd[] = {100'000, INT64_MAX, std::uint64_t{INT64_MAX} + 1, UINT64_MAX};
  return choices.below(32) == 31 ? one_of(choices, kOdd) : choices.below(24);
}

// Where the kernel would make a file of holes, the simulator has a limit: nothing between.
std::uint64_t draw_size(Choices& choices) {
  static constexpr std::uint64_t kOdd[] = {100'000, std::uint64_t{INT64_MAX} + 1, UINT64_MAX};
  return choices.below(32) == 31 ? one_of(choices, kOdd) : choices.below(24);
}

std::uint32_t draw_descriptor(Choices& choices) {
  return choices.chance(1, 24) ? kNoDescriptor : static_cast<std::uint32_t>(choices.below(kDescriptorsKept));
}

// Most names are in the one directory, so that calls meet.
std::uint32_t draw_directory(Choices& choices) { return choices.chance(1, 3) ? draw_descriptor(choices) : 0; }

// Fills the directory, so that the calls after it meet something.
KernelCall draw_making_call(Choices& choices, std::size_t processes) {
  static constexpr std::string_view kNames[] = {"a", "b", "c", "d", "d/b", "p"};
  KernelCall call;
  call.process = static_cast<std::uint32_t>(choices.below(processes));
  call.name = one_of(choices, kNames);
  call.kind = choices.chance(1, 2) ? StepKind::make_directory : StepKind::open;
  call.open_mode = OpenMode::open_or_create;
  return call;
}

KernelCall draw_call(Choices& choices, std::size_t processes) {
  static constexpr StepKind kKinds[] = {
      StepKind::open,      StepKind::open,           StepKind::open,           StepKind::open,      StepKind::rename,
      StepKind::rename,    StepKind::rename,         StepKind::unlink,         StepKind::unlink,    StepKind::link,
      StepKind::link,      StepKind::make_directory, StepKind::make_directory, StepKind::stat_name, StepKind::stat_name,
      StepKind::stat,      StepKind::read,           StepKind::write,          StepKind::write,     StepKind::truncate,
      StepKind::sync_file, StepKind::sync_directory, StepKind::list,           StepKind::try_lock,  StepKind::try_lock,
      StepKind::try_lock,  StepKind::unlock,         StepKind::close};
  static constexpr OpenMode kModes[] = {OpenMode::open_or_create, OpenMode::create_new, OpenMode::read,
                                        OpenMode::read_write,     OpenMode::directory,  OpenMode::root};
  KernelCall call;
  call.kind = one_of(choices, kKinds);
  call.process = static_cast<std::uint32_t>(choices.below(processes));
  switch (call.kind) {
    case StepKind::open:
      call.at = draw_directory(choices);
      call.name = draw_name_below(choices);
      call.open_mode = one_of(choices, kModes);
      break;
    case StepKind::rename:
    case StepKind::link:
      call.at = draw_directory(choices);
      call.to_at = draw_directory(choices);
      call.name = call.kind == StepKind::link ? draw_name_below(choices) : draw_name(choices);
      call.to_name = draw_name(choices);
      call.rename_mode = choices.chance(1, 2) ? RenameMode::no_replace : RenameMode::replace;
      break;
    case StepKind::unlink:
    case StepKind::make_directory:
    case StepKind::stat_name:
      call.at = draw_directory(choices);
      call.name = draw_name(choices);
      break;
    default:
      call.at = draw_descriptor(choices);
      call.lock_mode = choices.chance(1, 2) ? LockMode::exclusive : LockMode::shared;
      call.offset = draw_offset(choices);
      call.size = call.kind == StepKind::truncate ? draw_size(choices) : choices.below(12);
      break;
  }
  return call;
}

std::string shown(const std::string& name) {
  std::string text = name.size() > 40 ? fmt::format("{} times {}", name.size(), name[0]) : name;
  for (char& c : text) {
    if (c == '\0') c = '?';
  }
  return "'" + text + "'";
}

std::string shown(std::uint32_t descriptor) {
  return descriptor == kNoDescriptor ? "no descriptor" : fmt::format("descriptor {}", descriptor);
}

}  // namespace

CallSequence draw_calls(Choices& choices, const CallVariety& variety) {
  static constexpr unsigned kUmasks[] = {022, 0, 077, 0277, 0477, 0777, 0133, 0555, 0007, 0700};
  static constexpr std::string_view kTargets[] = {"a", "d", "d/b", "l", "m", "$/d", "", "none", ".", "a/", "d/.."};
  CallSequence sequence;
  sequence.processes = 1 + choices.below(kCallProcesses);
  for (unsigned& umask : sequence.umasks) umask = choices.chance(1, 2) ? one_of(choices, kUmasks) : 022;
  for (std::uint32_t& user : sequence.users) {
    if (variety.has_users && choices.chance(1, 2)) user = static_cast<std::uint32_t>(choices.below(3));
  }
  if (variety.has_descriptor_limits && sequence.processes == 1 && choices.chance(1, 8)) {
    sequence.descriptors_max = static_cast<std::uint32_t>(2 + choices.below(3));
  }
  for (const char* name : {"l", "m"}) {
    if (!choices.chance(1, 3)) continue;
    const std::string_view target = one_of(choices, kTargets);
    if (!target.empty()) sequence.special.push_back({name, false, std::string(target)});
  }
  if (choices.chance(1, 6)) sequence.special.push_back({"p", true, {}});
  const std::uint64_t made = choices.below(7);
  for (std::uint64_t i = 0; i < made; ++i) sequence.calls.push_back(draw_making_call(choices, sequence.processes));
  const std::uint64_t count = 1 + choices.below(40);
  for (std::uint64_t i = 0; i < count; ++i) sequence.calls.push_back(draw_call(choices, sequence.processes));
  return sequence;
}

std::string describe(const KernelCall& call) {
  static constexpr std::string_view kModes[] = {"read",           "read_write", "create_new",
                                                "open_or_create", "directory",  "root"};
  const std::string head = fmt::format("{}: {}", call.process, name_of(call.kind));
  const std::string named = fmt::format("{} {} at {}", head, shown(call.name), shown(call.at));
  switch (call.kind) {
    case StepKind::open:
      return fmt::format("{} {}", named, kModes[static_cast<std::size_t>(call.open_mode)]);
    case StepKind::rename:
      return fmt::format("{} to {} at {}{}", named, shown(call.to_name), shown(call.to_at),
                         call.rename_mode == RenameMode::no_replace ? " no_replace" : "");
    case StepKind::link:
      return fmt::format("{} to {} at {}", named, shown(call.to_name), shown(call.to_at));
    case StepKind::unlink:
    case StepKind::make_directory:
    case StepKind::stat_name:
      return named;
    case StepKind::read:
    case StepKind::write:
      return fmt::format("{} {}, {} bytes at {}", head, shown(call.at), call.size, call.offset);
    case StepKind::truncate:
      return fmt::format("{} {} to {}", head, shown(call.at), call.size);
    case StepKind::try_lock:
      return fmt::format("{} {} {}", head, shown(call.at),
                         call.lock_mode == LockMode::exclusive ? "exclusive" : "shared");
    default:
      return head + " " + shown(call.at);
  }
}

}  // namespace stampede
