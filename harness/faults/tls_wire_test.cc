// HTTPS on the wire: who is trusted, and which ends come with a close_notify.
#include "harness/faults/tls_wire.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <set>
#include <thread>

#include "harness/faults/lying_server.h"
#include "harness/faults/model_text_for_test.h"
#include "harness/faults/posix_curl.h"
#include "harness/faults/wire_client.h"

namespace stampede {
namespace {

std::unique_ptr<LyingServer> serve(const Model& model, const char* turn) {
  return LyingServer::start(
             {.models = {model}, .faults = {.faults = {parse_turn(turn).value()}, .repeats = true}, .is_https = true})
      .value();
}

enum class End { close_notify, bare_close, reset };

struct TlsReply {
  bool is_connected = false;
  std::string bytes;
  End end = End::bare_close;
};

// A blocking GET with OpenSSL, which trusts the server's authority alone.
TlsReply get_over_tls(const LyingServer& server, const char* target) {
  TlsReply reply;
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  BIO* const pem = BIO_new_mem_buf(server.authority().data(), static_cast<int>(server.authority().size()));
  X509* const authority = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL* const ssl = SSL_new(context);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), "127.0.0.1");
  BIO* const connection = BIO_new_connect(("127.0.0.1:" + std::to_string(server.port())).c_str());
  SSL_set_bio(ssl, connection, connection);
  reply.is_connected = BIO_do_connect(connection) == 1 && SSL_connect(ssl) == 1;
  if (reply.is_connected) {
    const std::string request = "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n";
    SSL_write(ssl, request.data(), static_cast<int>(request.size()));
    char buffer[4096];
    int count = 0;
    while (ERR_clear_error(), errno = 0, (count = SSL_read(ssl, buffer, sizeof(buffer))) > 0) {
      reply.bytes.append(buffer, static_cast<std::size_t>(count));
    }
    const int error = SSL_get_error(ssl, count);
    reply.end = error == SSL_ERROR_ZERO_RETURN ? End::close_notify : errno == ECONNRESET ? End::reset : End::bare_close;
  }
  SSL_free(ssl);
  X509_free(authority);
  BIO_free(pem);
  SSL_CTX_free(context);
  return reply;
}

TEST(Tls, EndsWithACloseNotifyWhereTheResponseEndsWell) {
  const Model model = generated_model("m", 700'001);
  struct Row {
    const char* turn;
    End end;
    std::size_t body_bytes;
  };
  for (const Row& row :
       {Row{"none", End::close_notify, 700'001}, Row{"length_missing", End::close_notify, 700'001},
        Row{"drip:100000", End::close_notify, 700'001}, Row{"length_too_long", End::close_notify, 700'001},
        Row{"status:503", End::close_notify, 24}, Row{"headers_then_close", End::bare_close, 0},
        Row{"close_in_body:300000", End::bare_close, 300'000},
        Row{"length_missing+close_in_body:5", End::bare_close, 5}, Row{"reset_in_body:300000", End::reset, 300'000}}) {
    SCOPED_TRACE(row.turn);
    const auto server = serve(model, row.turn);
    const TlsReply reply = get_over_tls(*server, "/m");
    ASSERT_TRUE(reply.is_connected);
    EXPECT_EQ(reply.end, row.end);
    server->drain();
    const LedgerEntry entry = server->ledger().at(0);
    // Of plaintext; a reset takes with it what was on its way.
    EXPECT_EQ(entry.body_bytes_sent, row.body_bytes);
    EXPECT_EQ(entry.ending, row.end == End::reset ? Ending::reset : Ending::finished);
    if (row.end == End::reset) continue;
    EXPECT_EQ(reply.bytes.size(), entry.head_bytes_sent + entry.body_bytes_sent);
    if (row.body_bytes > 24) {
      EXPECT_TRUE(reply.bytes.substr(entry.head_bytes_sent) == text_of(model).substr(0, row.body_bytes));
    }
  }
}

TEST(Tls, KnowsThatAPlainClientIsNone) {
  const auto server = serve(generated_model("m", 10), "none");
  WireClient client(server->port());
  ASSERT_TRUE(client.send_get("/m"));
  EXPECT_EQ(client.receive_all().bytes.find("HTTP"), std::string::npos);
  client.close();
  server->drain();
  const LedgerEntry entry = server->ledger().at(0);
  EXPECT_EQ(entry.ending, Ending::no_request);
  EXPECT_EQ(entry.head_bytes_sent, 0U);
}

TEST(Tls, StopsWithOpenHandshakesAndResponses) {
  const auto server = serve(generated_model("m", 10), "stall_in_body:5");
  WireClient silent(server->port());
  WireClient half(server->port());
  ASSERT_TRUE(half.send("\x16\x03\x01"));
  while (server->ledger().size() < 2) std::this_thread::yield();
  server->stop();
  for (const LedgerEntry& entry : server->ledger()) EXPECT_EQ(entry.ending, Ending::server_stopped);
}

// curl that trusts the server's authority alone.
CurlRun curl(const LyingServer& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--cacert", "/dev/stdin", "--fail", "--location"});
  return run_curl(arguments, server.authority());
}

TEST(TlsWithCurl, TrustsTheServerOfTheAuthorityAlone) {
  const Model model = generated_model("m", 100'000);
  const auto server = serve(model, "none");
  const auto other = serve(model, "none");
  const CurlRun trusted = curl(*server, {server->url(0, model)});
  EXPECT_EQ(trusted.status, 0);
  EXPECT_TRUE(trusted.body == text_of(model));
  // 60: the certificate cannot be checked with what is known.
  EXPECT_EQ(run_curl({server->url(0, model)}).status, 60);
  EXPECT_EQ(curl(*other, {server->url(0, model)}).status, 60);  // another run's
  EXPECT_EQ(server->url(0, model).rfind("https://127.0.0.1:", 0), 0U);
  EXPECT_NE(server->authority().find("BEGIN CERTIFICATE"), std::string::npos);
}

TEST(TlsWithCurl, MeetsTheSameFaultsInside) {
  const Model model = generated_model("m", 100'000);
  struct Row {
    const char* turn;
    std::set<int> statuses;
  };
  // 35: the handshake failed. Debian's curl takes a bare close for an end, as long as the length fits.
  for (const Row& row :
       {Row{"reset_on_accept", {7, 35, 56}}, Row{"close_on_accept", {35}}, Row{"close_in_body:1000", {18, 56}},
        Row{"reset_in_body:1000", {56}}, Row{"redirect_other_host", {0}}, Row{"redirect_loop", {47}},
        Row{"length_twice", {18}}, Row{"interim:3+chunked_trailers+drip:999", {0}}, Row{"garbage_before", {1}}}) {
    SCOPED_TRACE(row.turn);
    const auto server = serve(model, row.turn);
    const CurlRun run = curl(*server, {"--max-redirs", "5", server->url(0, model)});
    EXPECT_TRUE(row.statuses.contains(run.status)) << run.status;
    if (run.status == 0) {
      EXPECT_TRUE(run.body == text_of(model));
    }
  }
}

TEST(ThrowawayAuthority, NeedsNumericAddresses) {
  const auto identity = make_tls_identity({"127.0.0.1", "localhost"});
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, modelcache::ErrorCode::invalid_argument);
  EXPECT_TRUE(make_tls_identity({"127.0.0.1", "::1"}));
}

}  // namespace
}  // namespace stampede
