// A TCP server on the loopback that answers GETs by response scripts and keeps a ledger of what it did.
#ifndef STAMPEDE_FAULTS_LYING_SERVER_H
#define STAMPEDE_FAULTS_LYING_SERVER_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/faults/response_script.h"
#include "harness/plan/ledger.h"
#include "harness/plan/model.h"
#include "harness/plan/network_fault.h"

namespace stampede {

struct LyingServerOptions {
  std::string address = "127.0.0.1";  // numeric
  std::vector<std::uint16_t> ports = {
      0};                          // one listener each; 0 is a free one. The laboratory gives each process its own
  std::vector<Model> models = {};  // GET /<name>
  FaultSequence faults = {};       // by order of acceptance over all listeners
  std::size_t requests_header_bytes_max = 16 * 1024;
  // Called on the server's thread, when a connection's script is done.
  std::function<void(const LedgerEntry&)> on_end = {};
  // What is played; asked at acceptance with an empty model (for scripts that read no request) and at the request.
  std::function<ResponseScript(const NetworkFault&, const Model&)> script_of = compile;
};

// Runs on a thread of its own from `start` to `stop`; its methods may be called from any other thread, not from
// `on_end`.
// Connections are accepted in one order over all listeners, and that order is the ledger's.
class LyingServer {
 public:
  // ERRORS: invalid_argument (address, bad or duplicate model names, a fault that is `refused`), denied, exhausted, io
  // ("Address already in use" names the port).
  static modelcache::Result<std::unique_ptr<LyingServer>> start(LyingServerOptions options);
  ~LyingServer();  // stops
  LyingServer(const LyingServer&) = delete;
  LyingServer& operator=(const LyingServer&) = delete;

  [[nodiscard]] std::uint16_t port(std::size_t listener = 0) const;
  // "http://127.0.0.1:4711/"
  [[nodiscard]] std::string base_url(std::size_t listener = 0) const;
  // "http://127.0.0.1:4711/m1.onnx"
  [[nodiscard]] std::string url(std::size_t listener, const Model& model) const;
  // A URL of that shape whose port is reserved but refuses every connection, until the server ends.
  [[nodiscard]] std::string refused_url(const Model& model) const;

  // From the next accepted connection on, the sequence starts anew; the ledger is emptied. REQUIRES: no open
  // connection (`drain` first), no fault that is `refused`.
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
