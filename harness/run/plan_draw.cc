// Turns random numbers into plans (Boost.Random: the same with every standard library).
#include "harness/run/plan_draw.h"

#include <algorithm>
#include <boost/random/bernoulli_distribution.hpp>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <utility>

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;
using Generator = boost::random::mt19937_64;

using std::chrono::milliseconds;

constexpr std::size_t kAttemptsMax = 5;
// Turns of more than one part, of those that are drawn from kinds alone.
constexpr double kSecondPartShare = 0.25;
// What a run can afford: a stall of some milliseconds, some hundred pieces of a drip with 1 ms between them.
constexpr std::size_t kStallMillisecondsMax = 5;
constexpr std::size_t kDripPiecesMax = 200;
constexpr std::size_t kInterimMax = 3;
constexpr std::size_t kVersionsMax = 3;
// Those that servers of files really send. A redirect needs a place to go to, and is none of these.
constexpr int kStatuses[] = {403, 404, 408, 410, 416, 429, 500, 502, 503, 504};

std::size_t draw_below(Generator& generator, std::size_t end) {
  return boost::random::uniform_int_distribution<std::size_t>(0, end - 1)(generator);
}

bool draw_chance(Generator& generator, double probability) {
  return boost::random::bernoulli_distribution<double>(probability)(generator);
}

std::vector<std::string> names_of_turns() {
  std::vector<std::string> names;
  for (const FaultKind kind : all_fault_kinds()) {
    if (kind != FaultKind::none && kind != FaultKind::refused) names.emplace_back(name_of(kind));
  }
  return names;
}

// A place within some model's body: early, late and in between, for small models and large.
std::uint64_t draw_place(Generator& generator, const std::vector<Model>& models) {
  const std::size_t size = models[draw_below(generator, models.size())].bytes->size();
  return size == 0 ? 0 : draw_below(generator, size);
}

// Small enough to be seen on some model, large enough for the largest.
std::uint64_t draw_piece(Generator& generator, const std::vector<Model>& models) {
  std::size_t largest = 0;
  for (const Model& model : models) largest = std::max(largest, model.bytes->size());
  return std::max<std::uint64_t>(draw_place(generator, models), largest / kDripPiecesMax + 1);
}

milliseconds draw_stall(Generator& generator) {
  return milliseconds(static_cast<std::int64_t>(1 + draw_below(generator, kStallMillisecondsMax)));
}

// A stall always ends: for ever is longer than a run lasts, since workers have the patience of real clients.
NetworkFault draw_part(Generator& generator, FaultKind kind, const std::vector<Model>& models) {
  NetworkFault fault{.kind = kind};
  switch (kind) {
    case FaultKind::close_in_body:
    case FaultKind::reset_in_body:
    case FaultKind::flip_byte:
    case FaultKind::zero_bytes:
      fault.at_bytes = draw_place(generator, models);
      break;
    case FaultKind::stall_before_headers:
      fault.time = draw_stall(generator);
      break;
    case FaultKind::stall_in_body:
      fault.at_bytes = draw_place(generator, models);
      fault.time = draw_stall(generator);
      break;
    case FaultKind::drip:
      fault.count = draw_piece(generator, models);
      break;
    case FaultKind::interim:
      fault.count = 1 + draw_below(generator, kInterimMax);
      break;
    case FaultKind::other_version_same_etag:
    case FaultKind::other_version_new_etag:  // 0: by the number of requests
      fault.count = draw_below(generator, kVersionsMax);
      break;
    case FaultKind::status:
      fault.status = kStatuses[draw_below(generator, std::size(kStatuses))];
      // "At once" is the only wait that a run can afford.
      if ((fault.status == 429 || fault.status == 503) && draw_chance(generator, 0.5)) {
        fault.retry_after = std::chrono::seconds(0);
      }
      break;
    default:
      break;
  }
  return fault;
}

// Fisher and Yates, since std::shuffle's results differ between standard libraries.
std::vector<std::size_t> draw_order(Generator& generator, std::size_t count) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[draw_below(generator, i)]);
  return order;
}

// Faults come like cards from a deck, not like dice, and neighbouring seeds begin at different places of one deck: a
// shared directory makes few connections in a run, and a few runs must be enough to meet every kind.
class Deck {
 public:
  Deck(const std::vector<std::string>& faults, std::uint64_t seed) : faults_(faults) {
    constexpr std::uint64_t kSeedsPerDeck = 8;
    Generator generator(seed / kSeedsPerDeck);
    order_ = draw_order(generator, faults.size());
    next_ = seed % kSeedsPerDeck * faults.size() / kSeedsPerDeck;
  }
  const std::string& draw() { return faults_[order_[next_++ % order_.size()]]; }

 private:
  const std::vector<std::string>& faults_;
  std::vector<std::size_t> order_;
  std::size_t next_ = 0;
};

// A kind stands for turns with this part, mostly alone; whatever is more than a kind is taken as it is.
FaultTurn draw_turn(Generator& generator, Deck& deck, const std::vector<std::string>& faults,
                    const std::vector<Model>& models) {
  const std::string& text = deck.draw();
  const std::optional<FaultKind> kind = kind_named(text);
  if (!kind) return *parse_turn(text);
  FaultTurn turn = draw_part(generator, *kind, models);
  if (!draw_chance(generator, kSecondPartShare)) return turn;
  const std::optional<FaultKind> other = kind_named(faults[draw_below(generator, faults.size())]);
  if (!other) return turn;
  FaultTurn both = turn;
  both.parts.push_back(draw_part(generator, *other, models));
  return check(both) ? both : turn;
}

PlannedProcess draw_process(Generator& generator, std::size_t models, std::size_t operations, std::size_t directory) {
  PlannedProcess process;
  while (process.operations.size() < operations) {
    for (const std::size_t model : draw_order(generator, models)) {
      if (process.operations.size() == operations) break;
      process.operations.push_back(PlannedOperation{.model = model, .directory = directory});
    }
  }
  return process;
}

}  // namespace

Result<void> check(const DrawOptions& options) {
  const auto refuse = [](std::string_view place, std::string_view detail) {
    return fail(ErrorCode::invalid_argument, "draw plan", place, detail);
  };
  if (options.models.empty()) return refuse("models", "expected at least one");
  if (options.processes == 0) return refuse("processes", "expected at least one");
  if (options.refused_models > options.models.size()) return refuse("refused models", "expected at most all models");
  if (!(options.fault_share >= 0 && options.fault_share <= 1)) return refuse("fault share", "expected 0 to 1");
  for (const std::string& text : options.faults) {
    const std::optional<FaultKind> kind = kind_named(text);
    if (!kind) {
      const Result<FaultTurn> turn = parse_turn(text);
      if (!turn) return fail(turn.error());
    }
    if (kind == FaultKind::refused) {
      return refuse(text, "no turn can be refused: it is a property of a model (--refused-models)");
    }
  }
  return {};
}

FreePlan draw_plan(const DrawOptions& options, std::uint64_t seed) {
  Generator generator(seed);
  FreePlan plan;
  plan.models = options.models;
  plan.directories = options.separate_directories ? options.processes : 1;
  const std::size_t operations =
      options.operations_per_process == 0 ? options.models.size() : options.operations_per_process;
  for (std::size_t i = 0; i < options.processes; ++i) {
    plan.processes.push_back(
        draw_process(generator, options.models.size(), operations, options.separate_directories ? i : 0));
  }
  const std::vector<std::size_t> order = draw_order(generator, options.models.size());
  plan.refused_models.insert(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(options.refused_models));
  // Early requests, where they surely come: every model is asked for once at least.
  const std::size_t requests_min = plan.directories * plan.models.size();
  for (std::size_t i = 0; i < options.kills; ++i) {
    plan.kills.push_back(PlannedKill{.connection = draw_below(generator, requests_min)});
  }
  if (options.fault_share <= 0) return plan;
  const std::vector<std::string> faults = options.faults.empty() ? names_of_turns() : options.faults;
  Deck deck(faults, seed);
  const std::size_t connections = options.processes * operations * kAttemptsMax;
  for (std::size_t i = 0; i < connections; ++i) {
    const bool is_fault = draw_chance(generator, options.fault_share);
    plan.faults.faults.push_back(is_fault ? draw_turn(generator, deck, faults, options.models) : FaultTurn{});
  }
  return plan;
}

}  // namespace stampede
