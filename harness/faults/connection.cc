// Plays a script on a wire, step by step, and accounts for what was really written.
#include "harness/faults/connection.h"

#include <algorithm>
#include <utility>

#include "harness/faults/redirect.h"

namespace stampede {
namespace {

// One write: small enough that many bodies progress side by side, large enough to cost little.
constexpr std::size_t kPieceBytes = 256 * 1024;
// What a client may send after its answer until the server stops listening to it.
constexpr std::size_t kDiscardedBytesMax = 1024 * 1024;

const Model kNoModel{.name = "", .bytes = std::make_shared<const Bytes>(), .sha256 = {}};

}  // namespace

Connection::Connection(Repertoire& repertoire, std::shared_ptr<Wire> wire, std::shared_ptr<LedgerEntry> entry,
                       OnClosed on_closed)
    : repertoire_(repertoire), wire_(std::move(wire)), entry_(std::move(entry)), on_closed_(std::move(on_closed)) {}

void Connection::start() {
  if (is_before_request(entry_->fault)) {
    play(repertoire_.script_of(entry_->fault, kNoModel, {}));
  } else {
    read_request();
  }
}

void Connection::stop() {
  end(Ending::server_stopped);
  close();
}

void Connection::read_request() {
  wire_->read(incoming_, [self = shared_from_this()](bool failed, std::size_t count) {
    if (!self->is_closed_) self->on_request_bytes(failed, count);
  });
}

void Connection::on_request_bytes(bool failed, std::size_t count) {
  if (failed) {
    end(Ending::no_request);
    close();
    return;
  }
  request_.append(incoming_.data(), count);
  const HeadEnd head = find_head_end(request_, repertoire_.request_header_bytes_max);
  if (head.state == HeadState::incomplete) {
    read_request();
  } else if (head.state == HeadState::complete) {
    answer(parse_request_head(std::string_view(request_).substr(0, head.size)));
  } else {
    refuse(400);
  }
}

void Connection::answer(const RequestHead& request) {
  entry_->requested = true;
  entry_->target = request.target;
  const auto found = repertoire_.models.find(request.name);
  if (request.refusal != 0) {
    refuse(request.refusal);
  } else if (found == repertoire_.models.end()) {
    refuse(404);
  } else {
    model_ = &found->second;
    entry_->model = model_->name;
    entry_->range_asked = request.range.has_value();
    sent_body_.emplace(model_->bytes);
    RequestFacts facts{.target = request.target, .range = request.range, .if_range = request.if_range};
    entry_->fault = turn_for(request.target, facts.requests_before);
    if (entry_->listener < repertoire_.other_origins.size()) {
      facts.other_origin = repertoire_.other_origins[entry_->listener];
    }
    play(repertoire_.script_of(entry_->fault, *model_, facts));
  }
}

// Who follows a redirect gets what it leads to, whatever the turn of this connection was.
FaultTurn Connection::turn_for(const std::string& target, std::uint64_t& requests_before) {
  const Redirected redirected = redirected_of(target);
  if (redirected == Redirected::to_be_served_well) return {};
  if (redirected == Redirected::in_a_loop) return NetworkFault{.kind = FaultKind::redirect_loop};
  requests_before = repertoire_.requests[model_->name]++;
  const auto own = repertoire_.model_faults.find(model_->name);
  return own == repertoire_.model_faults.end() ? entry_->fault : own->second.at(requests_before);
}

void Connection::refuse(int status) {
  normal_ending_ = Ending::bad_request;
  play(compile_refusal(status));
}

void Connection::play(ResponseScript script) {
  phase_ = Phase::sending;
  script_ = std::move(script);
  next_step_ = script_.steps.begin();
  heads_left_ =
      static_cast<std::size_t>(std::count_if(script_.steps.begin(), script_.steps.end(), [](const ScriptStep& step) {
        return std::holds_alternative<SendHead>(step);
      }));
  play_next();
}

void Connection::play_next() {
  phase_ = Phase::sending;
  std::visit([this](const auto& step) { perform(step); }, *next_step_++);
}

void Connection::perform(const SendHead& head) {
  --heads_left_;
  send(head.bytes, entry_->head_bytes_sent);
}

void Connection::perform(const SendText& text) { send(text.bytes, entry_->body_bytes_sent); }

void Connection::perform(const SendBody& body) {
  const auto* const bytes = reinterpret_cast<const char*>(model_->bytes->data());
  send(std::string_view(bytes + body.begin, body.end - body.begin), entry_->body_bytes_sent);
}

void Connection::perform(const Pause& pause) {
  wire_->wait(pause.time, [self = shared_from_this()] {
    if (!self->is_closed_) self->play_next();
  });
  watch(Phase::waiting);
}

void Connection::perform(const NeverAnswer&) { watch(Phase::waiting); }

// A close with unread bytes in the socket would send RST instead of FIN (RFC 1122, 4.2.2.13), so the socket is read
// until the client closes too.
void Connection::perform(const CloseConnection& close) {
  wire_->finish(close.is_cut);
  if (sent_body_) sent_body_->sent_fin();
  end(normal_ending_);
  watch(Phase::closing);
}

void Connection::perform(const ResetConnection&) {
  wire_->reset();
  end(Ending::reset);
  close();
}

void Connection::send(std::string_view bytes, std::uint64_t& count) {
  wire_->write(bytes.substr(0, kPieceBytes), [self = shared_from_this(), bytes, &count](bool failed, std::size_t sent) {
    if (self->is_closed_) return;
    if (failed) {
      self->end(Ending::peer_left);
      self->close();
    } else {
      self->on_sent(bytes, count, sent);
    }
  });
}

void Connection::on_sent(std::string_view bytes, std::uint64_t& count, std::size_t sent) {
  count += sent;
  if (sent_body_) sent_body_->sent(bytes.substr(0, sent));
  if (sent < bytes.size()) {
    send(bytes.substr(sent), count);
    return;
  }
  if (heads_left_ == 0) entry_->status = script_.status;
  play_next();
}

// Reads and discards until the client leaves; `phase` says what its leaving then means.
void Connection::watch(Phase phase) {
  phase_ = phase;
  if (has_peer_left_) {
    on_peer_left();
  } else if (!is_watching_) {
    read_and_discard();
  }
}

void Connection::read_and_discard() {
  is_watching_ = true;
  wire_->read(incoming_, [self = shared_from_this()](bool failed, std::size_t count) {
    self->is_watching_ = false;
    if (self->is_closed_) return;
    self->discarded_bytes_ += count;
    if (failed) {
      self->has_peer_left_ = true;
      self->on_peer_left();
    } else if (self->phase_ == Phase::closing && self->discarded_bytes_ > kDiscardedBytesMax) {
      self->close();
    } else {
      self->read_and_discard();
    }
  });
}

// A client may close its sending side and still read: while sending, only a failed write says that it has left.
void Connection::on_peer_left() {
  if (phase_ == Phase::sending) return;
  end(Ending::peer_left);
  close();
}

// Idempotent: the first ending counts.
void Connection::end(Ending ending) {
  if (entry_->ending != Ending::open) return;
  entry_->ending = ending;
  entry_->full_body_sent = sent_body_ && sent_body_->is_full();
  entry_->ended_at = std::chrono::steady_clock::now() - repertoire_.started_at;
  if (repertoire_.on_end) repertoire_.on_end(*entry_);
}

void Connection::close() {
  if (is_closed_) return;
  is_closed_ = true;
  wire_->close();
  on_closed_(shared_from_this());
}

}  // namespace stampede
