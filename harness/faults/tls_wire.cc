// Encrypts with OpenSSL between two memory BIOs.
#include "harness/faults/tls_wire.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

// A little more than the largest record (RFC 8446, 5.2).
constexpr std::size_t kIncomingBytes = 17 * 1024;

struct TlsFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

class TlsWire final : public Wire, public std::enable_shared_from_this<TlsWire> {
 public:
  TlsWire(SSL_CTX& context, std::shared_ptr<Wire> inner) : inner_(std::move(inner)), ssl_(SSL_new(&context)) {
    if (!ssl_) return;  // every call fails then
    from_peer_ = BIO_new(BIO_s_mem());
    to_peer_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), from_peer_, to_peer_);  // which owns them from now on
    SSL_set_accept_state(ssl_.get());
  }

  void read(std::span<char> into, Moved moved) override {
    if (!ssl_) return moved(true, 0);
    into_ = into;
    read_moved_ = std::move(moved);
    if (SSL_pending(ssl_.get()) > 0) return decrypt();
    receive();
  }

  void write(std::string_view bytes, Moved moved) override {
    ERR_clear_error();
    const int count = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) : -1;
    if (count <= 0) return moved(true, 0);
    flush([moved = std::move(moved), count](bool failed) { moved(failed, static_cast<std::size_t>(count)); });
  }

  void wait(std::chrono::milliseconds time, std::function<void()> passed) override {
    inner_->wait(time, std::move(passed));
  }

  void finish(bool is_cut) override {
    if (is_cut || !ssl_ || SSL_is_init_finished(ssl_.get()) == 0) {
      inner_->finish(is_cut);
      return;
    }
    SSL_shutdown(ssl_.get());  // close_notify; the peer's is not waited for
    flush([self = shared_from_this()](bool) { self->inner_->finish(false); });
  }

  void reset() override { inner_->reset(); }
  void close() override { inner_->close(); }

 private:
  void receive() {
    inner_->read(incoming_, [self = shared_from_this()](bool failed, std::size_t count) {
      if (failed) return self->end_read(true, 0);
      BIO_write(self->from_peer_, self->incoming_.data(), static_cast<int>(count));
      self->decrypt();
    });
  }

  void decrypt() {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), into_.data(), static_cast<int>(into_.size()));
    const bool wants_more = count <= 0 && SSL_get_error(ssl_.get(), count) == SSL_ERROR_WANT_READ;
    if (BIO_ctrl_pending(to_peer_) == 0) return wants_more ? receive() : end_read(count <= 0, count);
    // Handshakes and alerts answer what was read.
    flush([self = shared_from_this(), wants_more, count](bool failed) {
      if (wants_more && !failed) return self->receive();
      self->end_read(failed || count <= 0, count);
    });
  }

  void end_read(bool failed, int count) {
    const Moved moved = std::move(read_moved_);
    moved(failed, failed ? 0 : static_cast<std::size_t>(count));
  }

  // Sends all that was encrypted so far, then calls `done(failed)`.
  void flush(std::function<void(bool)> done) {
    waiting_.push_back(std::move(done));
    std::array<char, 4096> piece{};
    for (int count = 0; (count = BIO_read(to_peer_, piece.data(), static_cast<int>(piece.size()))) > 0;) {
      outgoing_.append(piece.data(), static_cast<std::size_t>(count));
    }
    if (!is_sending_) send_outgoing();
  }

  void send_outgoing() {
    is_sending_ = true;
    sending_ = std::exchange(outgoing_, {});
    send(sending_);
  }

  void send(std::string_view rest) {
    inner_->write(rest, [self = shared_from_this(), rest](bool failed, std::size_t count) {
      if (!failed && count < rest.size()) return self->send(rest.substr(count));
      if (!failed && !self->outgoing_.empty()) return self->send_outgoing();
      self->is_sending_ = false;
      for (const auto& done : std::exchange(self->waiting_, {})) done(failed);
    });
  }

  std::shared_ptr<Wire> inner_;
  std::unique_ptr<SSL, TlsFree> ssl_;
  BIO* from_peer_ = nullptr;
  BIO* to_peer_ = nullptr;
  std::array<char, kIncomingBytes> incoming_{};
  std::span<char> into_;
  Moved read_moved_;
  std::string outgoing_, sending_;
  std::vector<std::function<void(bool)>> waiting_;
  bool is_sending_ = false;
};

tl::unexpected<modelcache::Error> no_tls(const char* step) {
  char words[256];
  ERR_error_string_n(ERR_get_error(), words, sizeof(words));
  return fail(ErrorCode::io, "set up TLS", step, words);
}

std::unique_ptr<BIO, TlsFree> reading(const std::string& pem) {
  return std::unique_ptr<BIO, TlsFree>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

}  // namespace

struct TlsServer::Context {
  std::unique_ptr<SSL_CTX, TlsFree> context;
};

Result<std::unique_ptr<TlsServer>> TlsServer::make(const TlsIdentity& identity) {
  auto context = std::make_unique<Context>();
  context->context.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const tls = context->context.get();
  // No session tickets: nothing is sent that the script did not ask for.
  if (tls == nullptr || SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_num_tickets(tls, 0) != 1) {
    return no_tls("context");
  }
  SSL_CTX_set_options(tls, SSL_OP_NO_TICKET);
  const auto certificate_pem = reading(identity.certificate);
  const std::unique_ptr<X509, TlsFree> certificate(PEM_read_bio_X509(certificate_pem.get(), nullptr, nullptr, nullptr));
  if (!certificate || SSL_CTX_use_certificate(tls, certificate.get()) != 1) return no_tls("certificate");
  const auto key_pem = reading(identity.key);
  const std::unique_ptr<EVP_PKEY, TlsFree> key(PEM_read_bio_PrivateKey(key_pem.get(), nullptr, nullptr, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(tls, key.get()) != 1) return no_tls("key");
  return std::unique_ptr<TlsServer>(new TlsServer(std::move(context)));
}

TlsServer::TlsServer(std::unique_ptr<Context> context) : context_(std::move(context)) {}

TlsServer::~TlsServer() = default;

std::shared_ptr<Wire> TlsServer::wrap(std::shared_ptr<Wire> inner) {
  return std::make_shared<TlsWire>(*context_->context, std::move(inner));
}

}  // namespace stampede
