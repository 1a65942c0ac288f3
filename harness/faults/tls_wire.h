// TLS over any wire: what is written is encrypted, and what the script says about the end is done below it.
#ifndef STAMPEDE_FAULTS_TLS_WIRE_H
#define STAMPEDE_FAULTS_TLS_WIRE_H

#include <memory>

#include "cache/result.h"
#include "harness/faults/throwaway_authority.h"
#include "harness/faults/wire.h"

namespace stampede {

// The server's side: certificate, key, TLS 1.2 or newer. Outlives its wires. Owned by the server's thread.
class TlsServer {
 public:
  // ERRORS: io, what OpenSSL says.
  static modelcache::Result<std::unique_ptr<TlsServer>> make(const TlsIdentity& identity);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  // Shakes hands within the first `read`; a client that does not finish that looks like one that has left. Counts are
  // of plaintext. OpenSSL's memory BIOs rather than a TLS stream of Asio: so a close_notify is sent exactly where a
  // script wants it, while a read is under way.
  std::shared_ptr<Wire> wrap(std::shared_ptr<Wire> inner);

 private:
  struct Context;
  explicit TlsServer(std::unique_ptr<Context> context);
  std::unique_ptr<Context> context_;
};

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_TLS_WIRE_H
