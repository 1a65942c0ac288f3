// TLS on a wire in memory: what is encrypted, in which pieces, and which ends are told; and the certificates
// themselves.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <deque>
#include <string>
#include <vector>

#include "harness/faults/throwaway_authority.h"
#include "harness/faults/tls_wire.h"

namespace stampede {
namespace {

using Lines = std::vector<std::string>;

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

const TlsIdentity& identity() {
  static const TlsIdentity made = make_tls_identity({"127.0.0.1", "::1"}).value();
  return made;
}

std::unique_ptr<X509, Free> certificate_of(const std::string& pem) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return std::unique_ptr<X509, Free>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// Takes so many bytes of a write, later; gives what the client has sent. Notes everything else.
class MemoryWire final : public Wire {
 public:
  void read(std::span<char> into, Moved moved) override {
    EXPECT_FALSE(on_read_) << "two reads at a time";
    into_ = into;
    on_read_ = std::move(moved);
  }
  void write(std::string_view bytes, Moved moved) override {
    ++writes;
    if (fails_writes) return moved(true, 0);
    const std::size_t count = std::min(bytes.size(), write_max);
    to_client.append(bytes.substr(0, count));
    later_.push_back([moved = std::move(moved), count] { moved(false, count); });
  }
  void wait(std::chrono::milliseconds time, std::function<void()> passed) override {
    calls.push_back("wait " + std::to_string(time.count()));
    passed();
  }
  void finish(bool is_cut) override { calls.emplace_back(is_cut ? "finish cut" : "finish"); }
  void reset() override { calls.emplace_back("reset"); }
  void close() override { calls.emplace_back("close"); }

  // Lets what is under way come back; whether anything did.
  bool pump(std::string& from_client) {
    if (!later_.empty()) {
      const auto next = std::move(later_.front());
      later_.pop_front();
      next();
      return true;
    }
    if (!on_read_ || from_client.empty()) return false;
    const std::size_t count = std::min(from_client.size(), into_.size());
    std::copy_n(from_client.begin(), count, into_.begin());
    from_client.erase(0, count);
    std::exchange(on_read_, nullptr)(false, count);
    return true;
  }
  void fail_read() { std::exchange(on_read_, nullptr)(true, 0); }
  // Who waits for it is kept by it, and keeps it.
  void forget() {
    on_read_ = nullptr;
    later_.clear();
  }
  [[nodiscard]] bool is_reading() const { return static_cast<bool>(on_read_); }

  std::string to_client;
  std::size_t write_max = SIZE_MAX, writes = 0;
  bool fails_writes = false;
  Lines calls;

 private:
  std::span<char> into_;
  Moved on_read_;
  std::deque<std::function<void()>> later_;
};

class TlsMemoryTest : public ::testing::Test {
 protected:
  ~TlsMemoryTest() override {
    if (inner_) inner_->forget();
  }
  void connect(int version_max = TLS1_3_VERSION, int security_level = -1) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (security_level >= 0) SSL_CTX_set_security_level(context_.get(), security_level);
    SSL_CTX_set_min_proto_version(context_.get(), 0);
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    client_.reset(SSL_new(context_.get()));
    from_server_ = BIO_new(BIO_s_mem());
    to_server_ = BIO_new(BIO_s_mem());
    SSL_set_bio(client_.get(), from_server_, to_server_);
    SSL_set_connect_state(client_.get());
    if (inner_) inner_->forget();
    inner_ = std::make_shared<MemoryWire>();
    server_ = TlsServer::make(identity()).value();
    wire_ = server_->wrap(inner_);
  }
  // Until nothing moves any more.
  void pump() {
    for (bool moves = true; moves;) {
      ERR_clear_error();
      if (SSL_is_init_finished(client_.get()) == 0) (void)SSL_do_handshake(client_.get());
      char piece[4096];
      for (int count = 0; (count = BIO_read(to_server_, piece, sizeof piece)) > 0;) {
        from_client_.append(piece, static_cast<std::size_t>(count));
      }
      moves = inner_->pump(from_client_);
      const std::string bytes = std::exchange(inner_->to_client, {});
      if (!bytes.empty()) BIO_write(from_server_, bytes.data(), static_cast<int>(bytes.size()));
      moves = moves || !bytes.empty();
    }
  }
  void client_sends(const std::string& text) {
    EXPECT_EQ(SSL_write(client_.get(), text.data(), static_cast<int>(text.size())), static_cast<int>(text.size()));
    pump();
  }
  std::string client_receives() {
    std::string text;
    char piece[4096];
    ERR_clear_error();
    for (int count = 0; (count = SSL_read(client_.get(), piece, sizeof piece)) > 0;) {
      text.append(piece, static_cast<std::size_t>(count));
    }
    return text;
  }
  [[nodiscard]] bool has_close_notify() const { return (SSL_get_shutdown(client_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  // "5 hello", "failed".
  Wire::Moved noting(std::string& what) {
    return [this, &what](bool failed, std::size_t count) {
      what = failed ? "failed" : std::to_string(count) + " " + std::string(into_, count);
    };
  }
  void read(std::string& what, std::size_t size = sizeof into_) {
    what = "under way";
    wire_->read(std::span(into_, size), noting(what));
    pump();
  }

  char into_[64];
  std::string from_client_, read_, written_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> client_;
  BIO *from_server_ = nullptr, *to_server_ = nullptr;
  std::shared_ptr<MemoryWire> inner_;
  std::unique_ptr<TlsServer> server_;
  std::shared_ptr<Wire> wire_;
};

TEST_F(TlsMemoryTest, ShakesHandsInItsFirstReadAndGivesPlaintext) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    connect(version);
    read(read_);
    EXPECT_EQ(SSL_is_init_finished(client_.get()), 1);
    EXPECT_EQ(SSL_version(client_.get()), version);
    EXPECT_EQ(read_, "under way");
    client_sends("hello");
    EXPECT_EQ(read_, "5 hello");
    read(read_);
    client_sends("x");
    EXPECT_EQ(read_, "1 x");
    // No session is kept: nothing comes that no script asked for.
    EXPECT_EQ(client_receives(), "");
    EXPECT_EQ(SSL_SESSION_has_ticket(SSL_get_session(client_.get())), 0);
    EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get_session(client_.get())), version == TLS1_2_VERSION ? 1 : 0);
    client_sends("0123456789");
    read(read_, 4);
    EXPECT_EQ(read_, "4 0123");
    read(read_, 4);
    EXPECT_EQ(read_, "4 4567") << "what is decrypted already comes without a read below";
    EXPECT_FALSE(inner_->is_reading());
    read(read_, 4);
    EXPECT_EQ(read_, "2 89");
  }
}

TEST_F(TlsMemoryTest, KnowsNoVersionBefore12) {
  connect(TLS1_1_VERSION, 0);
  read(read_);
  EXPECT_EQ(read_, "failed");
  EXPECT_EQ(SSL_is_init_finished(client_.get()), 0);
}

TEST_F(TlsMemoryTest, WritesAllThatItEncryptedInWhateverPieces) {
  for (const std::size_t write_max : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
    connect();
    inner_->write_max = write_max;
    read(read_);
    client_sends("x");
    const std::string text = std::string(9000, 'a') + std::string(9000, 'b');
    std::string result = "under way";
    wire_->write(text, [&](bool failed, std::size_t count) { result = failed ? "failed" : std::to_string(count); });
    EXPECT_EQ(result, "under way");
    pump();
    EXPECT_EQ(result, "18000");
    EXPECT_TRUE(client_receives() == text) << write_max;
  }
}

TEST_F(TlsMemoryTest, FailsWithTheWireBelow) {
  connect();
  read(read_);
  client_sends("x");
  inner_->fails_writes = true;
  wire_->write("abc", noting(written_));
  EXPECT_EQ(written_, "failed");
  read(read_);
  ASSERT_TRUE(inner_->is_reading());
  inner_->fail_read();
  EXPECT_EQ(read_, "failed");
}

TEST_F(TlsMemoryTest, CannotWriteBeforeItShookHands) {
  connect();
  wire_->write("abc", noting(written_));
  EXPECT_EQ(written_, "failed");
  EXPECT_EQ(inner_->to_client, "");
}

TEST_F(TlsMemoryTest, SaysThatItClosesUnlessItIsCut) {
  connect();
  read(read_);
  client_sends("x");
  wire_->finish(false);
  EXPECT_EQ(inner_->calls, Lines{}) << "after the alert was sent";
  pump();
  EXPECT_EQ(inner_->calls, Lines{"finish"});
  EXPECT_EQ(client_receives(), "");
  EXPECT_TRUE(has_close_notify());

  connect();
  read(read_);
  client_sends("x");
  const std::size_t writes = inner_->writes;
  wire_->finish(true);
  pump();
  EXPECT_EQ(inner_->calls, Lines{"finish cut"});
  EXPECT_EQ(inner_->writes, writes);
  EXPECT_EQ(client_receives(), "");
  EXPECT_FALSE(has_close_notify());

  connect();  // whoever has not shaken hands is told nothing
  wire_->finish(false);
  EXPECT_EQ(inner_->calls, Lines{"finish"});
  EXPECT_EQ(inner_->writes, 0U);
}

TEST_F(TlsMemoryTest, AnswersNonsenseWithAnAlert) {
  connect();
  read(read_);
  from_client_ = "GET / HTTP/1.1\r\n\r\n";
  connect();
  read(read_);
  from_client_ = std::string(100, 'x');
  while (inner_->pump(from_client_)) continue;
  EXPECT_EQ(read_, "failed");
}

TEST_F(TlsMemoryTest, SeesACloseOfItsPeer) {
  connect();
  read(read_);
  SSL_shutdown(client_.get());
  pump();
  EXPECT_EQ(read_, "failed");
}

TEST_F(TlsMemoryTest, PassesOnWhatIsNotAboutBytes) {
  connect();
  bool has_passed = false;
  wire_->wait(std::chrono::milliseconds(7), [&] { has_passed = true; });
  EXPECT_TRUE(has_passed);
  wire_->reset();
  wire_->close();
  EXPECT_EQ(inner_->calls, (Lines{"wait 7", "reset", "close"}));
}

TEST(TlsServer, NeedsACertificateAndItsKey) {
  const auto refusal = [](TlsIdentity changed) {
    const auto server = TlsServer::make(changed);
    return server ? "" : server.error().message();
  };
  EXPECT_EQ(refusal(identity()), "");
  TlsIdentity none = identity();
  none.certificate = "no certificate";
  EXPECT_NE(refusal(none).find("set up TLS certificate"), std::string::npos) << refusal(none);
  TlsIdentity keyless = identity();
  keyless.key = "no key";
  EXPECT_NE(refusal(keyless).find("set up TLS key"), std::string::npos) << refusal(keyless);
  TlsIdentity other = identity();
  other.key = make_tls_identity({"127.0.0.1"}).value().key;
  EXPECT_NE(refusal(other).find("set up TLS key"), std::string::npos) << refusal(other);
}

std::string text_of(X509& certificate, int id) {
  const int place = X509_get_ext_by_NID(&certificate, id, -1);
  if (place < 0) return "none";
  X509_EXTENSION* const extension = X509_get_ext(&certificate, place);
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  X509V3_EXT_print(bio.get(), extension, 0, 0);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return (X509_EXTENSION_get_critical(extension) != 0 ? "critical " : "") +
         std::string(bytes, static_cast<std::size_t>(size));
}

std::string name_text(const X509_NAME* name) {
  char text[256];
  X509_NAME_get_text_by_NID(const_cast<X509_NAME*>(name), NID_commonName, text, sizeof text);
  return text;
}

void expect_common(X509& certificate) {
  EXPECT_EQ(X509_get_version(&certificate), 2) << "version 3";
  int days = 0, seconds = 0;
  ASSERT_EQ(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(&certificate), X509_get0_notAfter(&certificate)), 1);
  EXPECT_EQ(days, 7);
  EXPECT_NEAR(seconds, 3600, 2);
  EXPECT_LT(X509_cmp_current_time(X509_get0_notBefore(&certificate)), 0);
  EXPECT_GT(X509_cmp_current_time(X509_get0_notAfter(&certificate)), 0);
  // A week is left, but for a moment; an hour has passed.
  ASSERT_EQ(ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(&certificate)), 1);
  EXPECT_GE(days * 86'400 + seconds, 7 * 86'400 - 600);
  EXPECT_EQ(X509_get_signature_nid(&certificate), NID_ecdsa_with_SHA256);
  EXPECT_EQ(EVP_PKEY_get_bits(X509_get0_pubkey(&certificate)), 256);
  const ASN1_INTEGER* const serial = X509_get0_serialNumber(&certificate);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(ASN1_INTEGER_to_BN(serial, nullptr), &BN_free);
  EXPECT_EQ(BN_is_negative(number.get()), 0);
  EXPECT_GT(BN_num_bits(number.get()), 64);
  EXPECT_LE(BN_num_bits(number.get()), 127);
}

TEST(ThrowawayAuthority, SignsOneServerAndNothingElse) {
  const auto authority = certificate_of(identity().authority), server = certificate_of(identity().certificate);
  ASSERT_TRUE(authority && server);
  expect_common(*authority);
  expect_common(*server);
  EXPECT_EQ(name_text(X509_get_subject_name(authority.get())), "Stampede's throw-away authority");
  EXPECT_EQ(name_text(X509_get_issuer_name(authority.get())), "Stampede's throw-away authority");
  EXPECT_EQ(name_text(X509_get_subject_name(server.get())), "Stampede's lying server");
  EXPECT_EQ(name_text(X509_get_issuer_name(server.get())), "Stampede's throw-away authority");
  EXPECT_EQ(X509_verify(authority.get(), X509_get0_pubkey(authority.get())), 1);
  EXPECT_EQ(X509_verify(server.get(), X509_get0_pubkey(authority.get())), 1);
  EXPECT_EQ(text_of(*authority, NID_basic_constraints), "critical CA:TRUE, pathlen:0");
  EXPECT_EQ(text_of(*authority, NID_key_usage), "critical Certificate Sign");
  EXPECT_NE(text_of(*authority, NID_subject_key_identifier), "none");
  EXPECT_EQ(text_of(*server, NID_basic_constraints), "critical CA:FALSE");
  EXPECT_EQ(text_of(*server, NID_key_usage), "critical Digital Signature");
  EXPECT_EQ(text_of(*server, NID_ext_key_usage), "TLS Web Server Authentication");
  EXPECT_EQ(text_of(*server, NID_subject_alt_name), "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
  const std::string keyid = text_of(*server, NID_authority_key_identifier);
  EXPECT_NE(keyid.find(text_of(*authority, NID_subject_key_identifier)), std::string::npos) << keyid;
  EXPECT_NE(identity().key.find("BEGIN PRIVATE KEY"), std::string::npos);
}

TEST(ThrowawayAuthority, IsAnotherEachTime) {
  const TlsIdentity other = make_tls_identity({}).value();
  EXPECT_NE(other.authority, identity().authority);
  EXPECT_NE(other.key, identity().key);
  const auto one = certificate_of(identity().authority), two = certificate_of(other.authority);
  ASSERT_TRUE(one && two);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(one.get()), X509_get0_serialNumber(two.get())), 0);
  EXPECT_EQ(text_of(*certificate_of(other.certificate), NID_subject_alt_name), "DNS:localhost");
  const auto refused = make_tls_identity({"127.0.0.1", "localhost"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("make certificate localhost: expected a numeric address"), std::string::npos)
      << refused.error().message();
}

}  // namespace
}  // namespace stampede
