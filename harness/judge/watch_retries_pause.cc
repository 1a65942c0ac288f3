// Between two attempts a process pauses, as long as the policy allows.
#include <algorithm>

#include "harness/judge/watchers.h"

namespace stampede {
namespace {

// Between the clock's reading and the sleep.
constexpr std::chrono::milliseconds kSlack{1};
// Pauses are random ("full jitter"). That three or more are all below a thousandth of what they may be has a chance of
// 1 in 10^9.
constexpr std::size_t kTelling = 3;
constexpr int kNothing = 1000;

class RetriesPause final : public Watcher {
 public:
  using Watcher::Watcher;

  void on_stage_end(const StageRecord& stage) override {
    for (const EndedOperation& ended : stage.operations) {
      if (ended.connects < 2) continue;
      const std::uint32_t attempts =
          ended.connects - std::min(ended.connects, redirects(record(), stage.ledger, ended));
      judge(attempts <= ended.pauses.size() + 1, [&] {
        return complaint(ended, "made " + std::to_string(attempts) + " attempts with " +
                                    std::to_string(ended.pauses.size()) + " pauses between them");
      });
      judge_lengths(stage, ended);
    }
  }

 private:
  void judge_lengths(const StageRecord& stage, const EndedOperation& ended) {
    const modelcache::RetryPolicy policy;
    VirtualTime bound = policy.backoff_first;
    bool is_nothing = true;
    for (const Pause& pause : ended.pauses) {
      is_nothing = is_nothing && pause.asked * kNothing < bound;
      const VirtualTime allowed = std::max<VirtualTime>(bound, asked_by_server(stage.ledger, pause)) + kSlack;
      judge(pause.asked <= allowed, [&] {
        return complaint(ended, "wanted to pause for " + print_time(pause.asked) + ", and at most " +
                                    print_time(allowed) + " are allowed");
      });
      bound = std::min<VirtualTime>(bound * 2, policy.backoff_max);
    }
    judge(!is_nothing || ended.pauses.size() < kTelling,
          [&] { return complaint(ended, "paused for next to nothing between its attempts"); });
  }

  static VirtualTime asked_by_server(const Ledger& ledger, const Pause& pause) {
    if (!pause.connection || *pause.connection >= ledger.size()) return {};
    VirtualTime asked{};
    for (const NetworkFault& part : ledger[*pause.connection].fault.parts) {
      if (part.retry_after) asked = std::max<VirtualTime>(asked, *part.retry_after);
    }
    return asked;
  }

  Complaint complaint(const EndedOperation& ended, const std::string& what) const {
    return {object_of(record(), ended), describe(record(), ended) + " " + what, ended.moment, ended.process};
  }
};

}  // namespace

std::unique_ptr<Watcher> watch_retries_pause(RunRecord& record) { return std::make_unique<RetriesPause>(record); }

}  // namespace stampede
