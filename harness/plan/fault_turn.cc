// Which faults go together in one turn, and which turn meets whom.
#include "harness/plan/fault_turn.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

// One bit each; a part claims one or more.
enum Aspect : unsigned {
  kBeginning = 1U << 0,
  kAnswer = 1U << 1,
  kHead = 1U << 2,
  kFraming = 1U << 3,
  kContent = 1U << 4,
  kEnd = 1U << 5,
  kFirstPause = 1U << 6,
  kBodyPause = 1U << 7,
  kPieces = 1U << 8,
  kAll = (1U << 9) - 1,
};
constexpr std::array<std::string_view, 9> kAspectNames = {
    "what comes before the status line", "which answer is given", "the header lines",
    "the framing of the body",           "the content",           "the end",
    "the time before the answer",        "the pause in the body", "the size of the pieces"};

unsigned aspects_of(const NetworkFault& fault) {
  switch (fault.kind) {
    case FaultKind::none:
      return 0;
    case FaultKind::refused:
    case FaultKind::reset_on_accept:
    case FaultKind::close_on_accept:
      return kAll;
    case FaultKind::headers_then_close:
    case FaultKind::headers_then_reset:
    case FaultKind::close_in_body:
    case FaultKind::reset_in_body:
    case FaultKind::bytes_after_body:
      return kEnd;
    case FaultKind::stall_before_headers:
      return fault.time ? kFirstPause : kAll;
    case FaultKind::stall_in_body:
      return fault.time ? kBodyPause : kBodyPause | kEnd;
    case FaultKind::drip:
      return kPieces;
    case FaultKind::status:
    case FaultKind::redirect_relative:
    case FaultKind::redirect_other_host:
    case FaultKind::redirect_loop:
    case FaultKind::redirect_to_file:
      return kAnswer | kContent;  // the model is not in it
    case FaultKind::range_ignored:
    case FaultKind::range_wrong_start:
    case FaultKind::range_wrong_total:
    case FaultKind::range_multipart:
      return kAnswer;
    case FaultKind::flip_byte:
    case FaultKind::zero_bytes:
    case FaultKind::swap_halves:
    case FaultKind::other_version_same_etag:
    case FaultKind::other_version_new_etag:
    case FaultKind::content_encoding:
      return kContent;
    case FaultKind::length_too_short:
    case FaultKind::length_too_long:
    case FaultKind::length_missing:
    case FaultKind::length_twice:
    case FaultKind::length_not_a_number:
    case FaultKind::chunked_bad_size:
    case FaultKind::chunked_no_last:
    case FaultKind::chunked_trailers:
      return kFraming;
    case FaultKind::chunked_cut:
      return kFraming | kEnd;
    case FaultKind::header_too_long:
    case FaultKind::headers_too_many:
    case FaultKind::bare_lf:
    case FaultKind::folded_header:
      return kHead;
    case FaultKind::interim:
    case FaultKind::garbage_before:
      return kBeginning;
  }
  return kAll;
}

// Why the two cannot be in one turn; empty where they can.
std::string contradiction_of(const NetworkFault& left, const NetworkFault& right) {
  const unsigned left_aspects = aspects_of(left);
  const unsigned right_aspects = aspects_of(right);
  if (left_aspects == kAll) return fmt::format("{} leaves nothing for the other to change", name_of(left.kind));
  if (right_aspects == kAll) return fmt::format("{} leaves nothing for the other to change", name_of(right.kind));
  if (const unsigned shared = left_aspects & right_aspects; shared != 0) {
    return fmt::format("both decide {}", kAspectNames.at(static_cast<std::size_t>(std::countr_zero(shared))));
  }
  const auto is_pair = [&](FaultKind a, FaultKind b) {
    return (left.kind == a && right.kind == b) || (left.kind == b && right.kind == a);
  };
  if (is_pair(FaultKind::length_missing, FaultKind::bytes_after_body)) {
    return "nothing comes after a body that ends with its connection";
  }
  return {};
}

}  // namespace

const NetworkFault* find_part(const FaultTurn& turn, FaultKind kind) {
  const auto found =
      std::find_if(turn.parts.begin(), turn.parts.end(), [&](const NetworkFault& part) { return part.kind == kind; });
  return found == turn.parts.end() ? nullptr : &*found;
}

bool has_part(const FaultTurn& turn, FaultKind kind) { return find_part(turn, kind) != nullptr; }

std::vector<FaultKind> kinds_of(const FaultTurn& turn) {
  std::vector<FaultKind> kinds;
  for (const NetworkFault& part : turn.parts) kinds.push_back(part.kind);
  if (kinds.empty()) kinds.push_back(FaultKind::none);
  return kinds;
}

bool is_before_request(const FaultTurn& turn) {
  return has_part(turn, FaultKind::reset_on_accept) || has_part(turn, FaultKind::close_on_accept);
}

bool redirects_well(const FaultTurn& turn) {
  return has_part(turn, FaultKind::redirect_relative) || has_part(turn, FaultKind::redirect_other_host);
}

bool is_harmless(const FaultTurn& turn) {
  return std::all_of(turn.parts.begin(), turn.parts.end(), [](const NetworkFault& part) { return is_harmless(part); });
}

bool is_refusable(const FaultTurn& turn) {
  return std::any_of(turn.parts.begin(), turn.parts.end(), [](const NetworkFault& part) {
    return aspects_of(part) == kHead || (part.kind == FaultKind::interim && !is_harmless(part));
  });
}

Result<void> check(const FaultTurn& turn) {
  for (auto left = turn.parts.begin(); left != turn.parts.end(); ++left) {
    for (auto right = left + 1; right != turn.parts.end(); ++right) {
      const std::string why = contradiction_of(*left, *right);
      if (why.empty()) continue;
      return fail(ErrorCode::invalid_argument, "check fault", print(turn),
                  fmt::format("{} and {} contradict each other: {}", print(*left), print(*right), why));
    }
  }
  return {};
}

Result<FaultTurn> parse_turn(std::string_view text) {
  FaultTurn turn;
  for (std::string_view rest = text;;) {
    const std::size_t plus = rest.find('+');
    Result<NetworkFault> part = parse_fault(rest.substr(0, plus));
    if (!part) return fail(part.error());
    const bool is_alone = rest.size() == text.size() && plus == std::string_view::npos;
    if (part->kind == FaultKind::none && !is_alone) {
      return fail(ErrorCode::invalid_argument, "parse fault", text, "'none' stands alone");
    }
    if (part->kind != FaultKind::none) turn.parts.push_back(*part);
    if (plus == std::string_view::npos) break;
    rest.remove_prefix(plus + 1);
  }
  if (auto checked = check(turn); !checked) return fail(checked.error());
  return turn;
}

std::string print(const FaultTurn& turn) {
  std::string text;
  for (const NetworkFault& part : turn.parts) text += (text.empty() ? "" : "+") + print(part);
  return text.empty() ? print(NetworkFault{}) : text;
}

FaultTurn FaultSequence::at(std::uint64_t index) const {
  const std::uint64_t turn = index / every;
  if (index % every != every - 1 || faults.empty() || (turn >= faults.size() && !repeats)) return FaultTurn{};
  return faults[turn % faults.size()];
}

}  // namespace stampede
