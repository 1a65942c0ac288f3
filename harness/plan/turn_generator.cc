// Turns choices into network faults.
#include "harness/plan/turn_generator.h"

#include <algorithm>

#include "harness/plan/step.h"

namespace stampede {
namespace {

using std::chrono::milliseconds;

// A piece is at least this part of the largest body, so that a drip takes some dozen receives, not thousands.
constexpr std::uint64_t kDripPiecesMax = 16;
// Those that servers of files really send. A redirect needs a place to go to, and is none of these.
constexpr int kStatuses[] = {503, 403, 404, 408, 410, 416, 429, 500, 502, 504};
constexpr std::chrono::seconds kRetryAfters[] = {std::chrono::seconds(0), std::chrono::seconds(1),
                                                 std::chrono::seconds(7), std::chrono::seconds(60),
                                                 std::chrono::seconds(3600)};
// Shorter than any patience, about as long as it, longer.
constexpr milliseconds kStalls[] = {milliseconds(1),      milliseconds(20),     milliseconds(999),
                                    milliseconds(29'999), milliseconds(61'000), milliseconds(700'000)};
constexpr milliseconds kPauses[] = {milliseconds(1), milliseconds(5), milliseconds(1000), milliseconds(20'000)};

// The start, the end, one off it, the edge of a receive, or anywhere.
std::uint64_t draw_place(Choices& choices, std::span<const PlanModel> models) {
  const std::uint64_t size = models[choices.below(models.size())].size_bytes;
  switch (choices.below(8)) {
    case 0:
      return 0;
    case 1:
      return size;
    case 2:
      return size > 0 ? size - 1 : 0;
    case 3:
      return std::min<std::uint64_t>(size, kReceiveBytesMax);
    default:
      return choices.below(size + 1);
  }
}

std::uint64_t draw_piece(Choices& choices, std::span<const PlanModel> models) {
  std::uint64_t largest = 0;
  for (const PlanModel& model : models) largest = std::max(largest, model.size_bytes);
  return 64 + largest / kDripPiecesMax + choices.below(largest / 2 + 64);
}

std::optional<milliseconds> draw_stall(Choices& choices) {
  if (choices.chance(1, 4)) return std::nullopt;  // until the client leaves
  return choices.one_of(kStalls);
}

void draw_status(Choices& choices, NetworkFault& fault) {
  fault.status = choices.one_of(kStatuses);
  if (choices.chance(1, 3)) fault.retry_after = choices.one_of(kRetryAfters);
}

NetworkFault draw_part(Choices& choices, FaultKind kind, std::span<const PlanModel> models) {
  NetworkFault fault{.kind = kind};
  switch (kind) {
    case FaultKind::close_in_body:
    case FaultKind::reset_in_body:
    case FaultKind::flip_byte:
    case FaultKind::zero_bytes:
      fault.at_bytes = draw_place(choices, models);
      break;
    case FaultKind::stall_before_headers:
      fault.time = draw_stall(choices);
      break;
    case FaultKind::stall_in_body:
      fault.at_bytes = draw_place(choices, models);
      fault.time = draw_stall(choices);
      break;
    case FaultKind::drip:
      fault.count = draw_piece(choices, models);
      if (choices.chance(1, 2)) fault.time = choices.one_of(kPauses);
      break;
    case FaultKind::status:
      draw_status(choices, fault);
      break;
    case FaultKind::interim:
      fault.count = choices.chance(1, 8) ? 20 : choices.below(4);
      break;
    case FaultKind::other_version_same_etag:
    case FaultKind::other_version_new_etag:  // 0: by the number of requests
      fault.count = choices.below(4);
      break;
    case FaultKind::header_too_long:  // 0: the kind's default, which takes many receives
      if (!choices.chance(1, 8)) fault.count = 1 + choices.below(40'000);
      break;
    case FaultKind::headers_too_many:
      if (!choices.chance(1, 16)) fault.count = 1 + choices.below(600);
      break;
    default:
      break;
  }
  return fault;
}

NetworkFault draw_any_part(Choices& choices, std::span<const PlanModel> models) {
  const std::vector<FaultKind>& kinds = all_fault_kinds();
  const FaultKind kind = kinds[choices.below(kinds.size())];  // the first is none, the simplest
  return draw_part(choices, kind, models);
}

}  // namespace

FaultTurn draw_turn(Choices& choices, std::span<const PlanModel> models) {
  const FaultTurn turn = draw_any_part(choices, models);
  if (!choices.chance(1, 3)) return turn;
  const NetworkFault second = draw_any_part(choices, models);
  if (second.kind == FaultKind::none) return turn;
  FaultTurn both = turn;
  both.parts.push_back(second);
  return check(both) ? both : turn;
}

}  // namespace stampede
