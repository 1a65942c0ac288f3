// Plays a script on a wire, step by step, and accounts for what was really written.
#include "harness/faults/connection.h"

#include <string_view>
#include <utility>
#include <variant>

namespace stampede {
namespace {

// One write: small enough that many bodies progress side by side, large enough to cost little.
constexpr std::size_t kPieceBytes = 256 * 1024;
// What a client may send after its answer until the server stops listening to it.
constexpr std::size_t kDiscardedBytesMax = 1024 * 1024;

}  // namespace

Connection::Connection(Repertoire& repertoire, std::chrono::steady_clock::time_point epoch, std::shared_ptr<Wire> wire,
                       std::shared_ptr<LedgerEntry> entry, OnClosed on_closed)
    : epoch_(epoch),
      wire_(std::move(wire)),
      entry_(std::move(entry)),
      exchange_(repertoire, *entry_),
      on_closed_(std::move(on_closed)) {}

void Connection::start() {
  if (exchange_.is_answering()) {
    play_next();
  } else {
    read_request();
  }
}

void Connection::stop() {
  exchange_.end(Ending::server_stopped, now());
  close();
}

void Connection::read_request() {
  wire_->read(incoming_, [self = shared_from_this()](bool failed, std::size_t count) {
    if (!self->is_closed_) self->on_request_bytes(failed, count);
  });
}

void Connection::on_request_bytes(bool failed, std::size_t count) {
  if (failed) {
    exchange_.end(Ending::no_request, now());
    close();
    return;
  }
  exchange_.take(std::string_view(incoming_.data(), count));
  if (exchange_.is_answering()) {
    play_next();
  } else {
    read_request();
  }
}

void Connection::play_next() {
  phase_ = Phase::sending;
  std::visit([this](const auto& step) { perform(step); }, exchange_.step());
}

void Connection::perform(const Pause& pause) {
  wire_->wait(pause.time, [self = shared_from_this()] {
    if (self->is_closed_) return;
    self->exchange_.pass();
    self->play_next();
  });
  watch(Phase::waiting);
}

void Connection::perform(const NeverAnswer&) { watch(Phase::waiting); }

// A close with unread bytes in the socket would send RST instead of FIN (RFC 1122, 4.2.2.13), so the socket is read
// until the client closes too.
void Connection::perform(const CloseConnection& close) {
  wire_->finish(close.is_cut);
  exchange_.end_by_script(now());
  watch(Phase::closing);
}

void Connection::perform(const ResetConnection&) {
  wire_->reset();
  exchange_.end_by_script(now());
  close();
}

void Connection::send() {
  wire_->write(exchange_.bytes().substr(0, kPieceBytes), [self = shared_from_this()](bool failed, std::size_t sent) {
    if (self->is_closed_) return;
    if (failed) {
      self->exchange_.end(Ending::peer_left, self->now());
      self->close();
    } else if (self->exchange_.sent(sent)) {
      self->play_next();
    } else {
      self->send();
    }
  });
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
  exchange_.end(Ending::peer_left, now());
  close();
}

void Connection::close() {
  if (is_closed_) return;
  is_closed_ = true;
  wire_->close();
  on_closed_(shared_from_this());
}

}  // namespace stampede
