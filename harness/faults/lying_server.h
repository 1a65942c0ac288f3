// A TCP server on the loopback that answers GETs by response scripts and keeps a ledger of what it did.
#ifndef STAMPEDE_FAULTS_LYING_SERVER_H
#define STAMPEDE_FAULTS_LYING_SERVER_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/faults/response_script.h"
#include "harness/plan/fault_turn.h"
#include "harness/plan/ledger.h"
#include "harness/plan/model.h"

namespace stampede {

struct LyingServerOptions {
  std::string address = "127.0.0.1";  // numeric
  std::vector<std::uint16_t> ports = {
      0};                          // one listener each; 0 is a free one. The laboratory gives each process its own
  std::vector<Model> models = {};  // GET /<name>
  FaultSequence faults = {};       // by order of acceptance over all listeners
  // By model's name, and by order of the requests for it: stands in place of the connection's turn, unless that came
  // before the request. Requests that follow a redirect of this server get what it leads to, and are not counted.
  std::map<std::string, FaultSequence, std::less<>> model_faults = {};
  // TLS with a certificate for `address` from an authority that exists for this server alone; faults and the ledger are
  // about what is inside. Cuts end the connection without a close_notify, good ends with one.
  bool is_https = false;
  std::size_t requests_header_bytes_max = 16 * 1024;
  // Called on the server's thread, when a connection's script is done.
  std::function<void(const LedgerEntry&)> on_end = {};
  // What is played; asked at the request, or at acceptance with an empty model for turns that come before the request.
  std::function<ResponseScript(const FaultTurn&, const Model&, const RequestFacts&)> script_of = compile;
};

// Runs on a thread of its own from `start` to `stop`; its methods may be called from any other thread, not from
// `on_end`.
// Connections are accepted in one order over all listeners, and that order is the ledger's.
class LyingServer {
 public:
  // ERRORS: invalid_argument (address, bad or duplicate model names, a fault that is `refused` or contradicts itself, a
  // model's that comes before the request), denied, exhausted, io ("Address already in use" names the port).
  static modelcache::Result<std::unique_ptr<LyingServer>> start(LyingServerOptions options);
  ~LyingServer();  // stops
  LyingServer(const LyingServer&) = delete;
  LyingServer& operator=(const LyingServer&) = delete;

  // What an HTTPS client must trust, in PEM; empty without HTTPS.
  [[nodiscard]] const std::string& authority() const;
  [[nodiscard]] std::uint16_t port(std::size_t listener = 0) const;
  // "http://127.0.0.1:4711/"
  [[nodiscard]] std::string base_url(std::size_t listener = 0) const;
  // "http://127.0.0.1:4711/m1.onnx"
  [[nodiscard]] std::string url(std::size_t listener, const Model& model) const;
  // "http://127.0.0.2:4712": where redirect_other_host leads clients of that listener; empty where no fault does so.
  [[nodiscard]] std::string other_origin(std::size_t listener = 0) const;
  // A URL of that shape whose port is reserved but refuses every connection, until the server ends.
  [[nodiscard]] std::string refused_url(const Model& model) const;

  // From the next accepted connection on, the sequence starts anew, models have no faults of their own, and requests
  // are counted from 0; the ledger is emptied. REQUIRES: no open connection (`drain` first), turns that `start` would
  // take; redirect_other_host only where it was among the faults at the start.
  void restart(FaultSequence faults);
  // A copy; entries of open connections included, with what was sent so far.
  [[nodiscard]] Ledger ledger() const;
  // Waits until every connection that reached the server has ended and its socket is closed, so that the ledger is
  // complete; those that still wait to be accepted are served first. REQUIRES: the clients are gone.
  void drain();
  // Closes everything. Idempotent.
  void stop();

 private:
  class Impl;
  explicit LyingServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_LYING_SERVER_H
