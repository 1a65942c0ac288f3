// Picks the script for a request, and accounts for what was really sent of it.
#include "harness/faults/exchange.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "harness/faults/redirect.h"

namespace stampede {
namespace {

const Model kNoModel{.name = "", .bytes = std::make_shared<const Bytes>(), .sha256 = {}};

}  // namespace

Exchange::Exchange(Repertoire& repertoire, LedgerEntry& entry) : repertoire_(repertoire), entry_(entry) {
  if (is_before_request(entry_.fault)) play(repertoire_.script_of(entry_.fault, kNoModel, {}));
}

void Exchange::take(std::string_view bytes) {
  request_.append(bytes);
  const HeadEnd head = find_head_end(request_, repertoire_.request_header_bytes_max);
  if (head.state == HeadState::complete) {
    answer(parse_request_head(std::string_view(request_).substr(0, head.size)));
  } else if (head.state != HeadState::incomplete) {
    refuse(400);
  }
}

void Exchange::answer(const RequestHead& request) {
  entry_.requested = true;
  entry_.target = request.target;
  const auto found = repertoire_.models.find(request.name);
  if (request.refusal != 0) {
    refuse(request.refusal);
  } else if (found == repertoire_.models.end()) {
    refuse(404);
  } else {
    model_ = &found->second;
    entry_.model = model_->name;
    entry_.range_asked = request.range.has_value();
    sent_body_.emplace(model_->bytes);
    RequestFacts facts{.target = request.target, .range = request.range, .if_range = request.if_range};
    entry_.fault = turn_for(request.target, facts.requests_before);
    if (entry_.listener < repertoire_.other_origins.size()) {
      facts.other_origin = repertoire_.other_origins[entry_.listener];
    }
    play(repertoire_.script_of(entry_.fault, *model_, facts));
  }
}

// Who follows a redirect gets what it leads to, whatever the turn of this connection was.
FaultTurn Exchange::turn_for(const std::string& target, std::uint64_t& requests_before) {
  const Redirected redirected = redirected_of(target);
  if (redirected == Redirected::to_be_served_well) return {};
  if (redirected == Redirected::in_a_loop) return NetworkFault{.kind = FaultKind::redirect_loop};
  requests_before = repertoire_.requests[model_->name]++;
  const auto own = repertoire_.model_faults.find(model_->name);
  return own == repertoire_.model_faults.end() ? entry_.fault : own->second.at(requests_before);
}

void Exchange::refuse(int status) {
  is_refused_ = true;
  play(compile_refusal(status));
}

void Exchange::play(ResponseScript script) {
  script_ = std::move(script);
  is_answering_ = true;
  heads_left_ =
      static_cast<std::size_t>(std::count_if(script_.steps.begin(), script_.steps.end(), [](const ScriptStep& step) {
        return std::holds_alternative<SendHead>(step);
      }));
}

std::string_view Exchange::bytes() const {
  if (const auto* head = std::get_if<SendHead>(&step())) return std::string_view(head->bytes).substr(sent_of_step_);
  if (const auto* text = std::get_if<SendText>(&step())) return std::string_view(text->bytes).substr(sent_of_step_);
  const auto* const body = std::get_if<SendBody>(&step());
  if (body == nullptr) return {};
  const auto* const bytes = reinterpret_cast<const char*>(model_->bytes->data());
  return std::string_view(bytes + body->begin, body->end - body->begin).substr(sent_of_step_);
}

bool Exchange::sent(std::size_t count) {
  const std::string_view left = bytes();
  const bool is_head = std::holds_alternative<SendHead>(step());
  (is_head ? entry_.head_bytes_sent : entry_.body_bytes_sent) += count;
  if (sent_body_) sent_body_->sent(left.substr(0, count));
  sent_of_step_ += count;
  if (count < left.size()) return false;
  if (is_head) --heads_left_;
  if (heads_left_ == 0) entry_.status = script_.status;
  advance();
  return true;
}

void Exchange::advance() {
  sent_of_step_ = 0;
  if (next_step_ + 1 < script_.steps.size()) ++next_step_;
}

void Exchange::end_by_script(std::chrono::nanoseconds at) {
  const bool is_reset = std::holds_alternative<ResetConnection>(step());
  if (!is_reset && sent_body_) sent_body_->sent_fin();
  end(is_reset ? Ending::reset : is_refused_ ? Ending::bad_request : Ending::finished, at);
}

void Exchange::end(Ending ending, std::chrono::nanoseconds at) {
  if (is_over_) return;
  is_over_ = true;
  entry_.ending = ending;
  entry_.full_body_sent = sent_body_ && sent_body_->is_full();
  entry_.ended_at = at;
  if (repertoire_.on_end) repertoire_.on_end(entry_);
}

}  // namespace stampede
