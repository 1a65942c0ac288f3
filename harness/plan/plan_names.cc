// The names of what plans are made of, both ways.
#include <array>
#include <cerrno>

#include "harness/plan/plan.h"

namespace stampede {
namespace {

constexpr std::array<std::string_view, kOperationKinds> kOperations = {"get",    "get_by_url", "find",   "list",
                                                                       "verify", "repair",     "remove", "recover"};
constexpr std::array<std::string_view, kDamageKinds> kDamages = {
    "flip_byte", "cut", "emptied", "unlisted", "manifest_garbage", "dead_temporary"};
constexpr std::array<std::string_view, kProcessFaultKinds> kProcessFaults = {"kill_before", "kill_after", "stop",
                                                                             "clock_step"};
constexpr std::array<std::string_view, kDiskEffects> kEffects = {"error", "short_transfer", "does_nothing"};

struct NamedErrno {
  int value;
  std::string_view name;
};
constexpr NamedErrno kErrnos[] = {
    {ENOSPC, "ENOSPC"}, {EIO, "EIO"},       {EINTR, "EINTR"},   {EMFILE, "EMFILE"},
    {EACCES, "EACCES"}, {EROFS, "EROFS"},   {EXDEV, "EXDEV"},   {ENOLCK, "ENOLCK"},
    {EDQUOT, "EDQUOT"}, {ESTALE, "ESTALE"}, {EINVAL, "EINVAL"}, {EOPNOTSUPP, "EOPNOTSUPP"},
};

template <class Kind, std::size_t count>
std::string_view name_in(const std::array<std::string_view, count>& names, Kind kind) {
  const auto index = static_cast<std::size_t>(kind);
  return index < count ? names[index] : "?";
}

template <class Kind, std::size_t count>
std::optional<Kind> kind_in(const std::array<std::string_view, count>& names, std::string_view name) {
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i] == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(OperationKind kind) { return name_in(kOperations, kind); }
std::string_view name_of(DamageKind kind) { return name_in(kDamages, kind); }
std::string_view name_of(DiskEffect effect) { return name_in(kEffects, effect); }
std::string_view name_of(ProcessFaultKind kind) { return name_in(kProcessFaults, kind); }

std::optional<OperationKind> operation_kind_named(std::string_view name) {
  return kind_in<OperationKind>(kOperations, name);
}
std::optional<DamageKind> damage_kind_named(std::string_view name) { return kind_in<DamageKind>(kDamages, name); }
std::optional<DiskEffect> disk_effect_named(std::string_view name) { return kind_in<DiskEffect>(kEffects, name); }
std::optional<ProcessFaultKind> process_fault_kind_named(std::string_view name) {
  return kind_in<ProcessFaultKind>(kProcessFaults, name);
}

bool names_model(OperationKind kind) {
  return kind == OperationKind::get || kind == OperationKind::get_by_url || kind == OperationKind::find ||
         kind == OperationKind::remove;
}

bool names_model(DamageKind kind) { return kind != DamageKind::unlisted && kind != DamageKind::manifest_garbage; }

bool touches_entry(DamageKind kind) {
  return kind == DamageKind::flip_byte || kind == DamageKind::cut || kind == DamageKind::emptied;
}

std::string_view errno_name(int error) {
  for (const NamedErrno& known : kErrnos) {
    if (known.value == error) return known.name;
  }
  return "?";
}

std::optional<int> errno_named(std::string_view name) {
  for (const NamedErrno& known : kErrnos) {
    if (known.name == name) return known.value;
  }
  return std::nullopt;
}

bool moves_bytes(StepKind step) {
  return step == StepKind::read || step == StepKind::write || step == StepKind::send || step == StepKind::receive;
}

// The contract of cache/os.h, as far as errnos have names here. What is added to it: EDQUOT where ENOSPC may be, and
// ESTALE, as network file systems say them. What is left out: EIO of sockets, sleeping and the resolver, which no
// kernel says.
std::span<const int> errnos_of(StepKind step) {
  static constexpr int kOpen[] = {ENOSPC, EIO, EINTR, EMFILE, EACCES, EROFS, EDQUOT, ESTALE};
  static constexpr int kRead[] = {EIO, EINTR, ESTALE};
  static constexpr int kWrite[] = {ENOSPC, EDQUOT, EIO, EINTR, ESTALE};
  static constexpr int kSync[] = {EIO, ENOSPC, EDQUOT, EINTR};
  static constexpr int kRename[] = {EXDEV, EINVAL, EACCES, EROFS, ENOSPC, EDQUOT, EIO, EINTR};
  static constexpr int kLink[] = {EOPNOTSUPP, EXDEV, EACCES, EROFS, ENOSPC, EDQUOT, EIO, EINTR};
  static constexpr int kUnlink[] = {EACCES, EROFS, EIO, EINTR};
  static constexpr int kStat[] = {EIO, EINTR};
  static constexpr int kList[] = {EACCES, EMFILE, EIO, EINTR};
  static constexpr int kMakeDirectory[] = {ENOSPC, EDQUOT, EACCES, EROFS, EIO, EINTR};
  static constexpr int kLock[] = {ENOLCK, EOPNOTSUPP, EIO, EINTR};
  static constexpr int kClose[] = {EIO, ENOSPC, EDQUOT, EINTR};
  static constexpr int kConnect[] = {EINTR, EMFILE, EACCES};
  static constexpr int kInterrupted[] = {EINTR};
  switch (step) {
    case StepKind::open:
      return kOpen;
    case StepKind::read:
      return kRead;
    case StepKind::write:
    case StepKind::truncate:
      return kWrite;
    case StepKind::sync_file:
    case StepKind::sync_directory:
      return kSync;
    case StepKind::rename:
      return kRename;
    case StepKind::link:
      return kLink;
    case StepKind::unlink:
      return kUnlink;
    case StepKind::stat:
    case StepKind::stat_name:
    case StepKind::unlock:
      return kStat;
    case StepKind::list:
      return kList;
    case StepKind::make_directory:
      return kMakeDirectory;
    case StepKind::try_lock:
      return kLock;
    case StepKind::close:
      return kClose;
    case StepKind::connect:
      return kConnect;
    case StepKind::send:
    case StepKind::receive:
    case StepKind::sleep_until:
      return kInterrupted;
    case StepKind::resolve:
    case StepKind::now:
    case StepKind::wall_time:
    case StepKind::random:
    case StepKind::self:
    case StepKind::liveness:
      return {};
  }
  return {};
}

}  // namespace stampede
