// Accepts TCP clients on several ports, on one thread.
#ifndef STAMPEDE_FAULTS_LISTENERS_H
#define STAMPEDE_FAULTS_LISTENERS_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cache/result.h"
#include "harness/faults/wire.h"

namespace stampede {

// Ports are opened first, then `run` is called on the server's thread. From then on everything but `post` and
// `release` belongs to that thread.
class Listeners {
 public:
  using OnClient = std::function<void(std::size_t listener, std::shared_ptr<Wire> wire)>;

  // May throw where this machine has no more descriptors.
  explicit Listeners(OnClient on_client);
  ~Listeners();
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  // Listens at a numeric address; port 0 is a free one. Several ports may have the same number `listener`, which is
  // what `on_client` gets. Returns the port. ERRORS: invalid_argument, denied, exhausted, io.
  modelcache::Result<std::uint16_t> open(const std::string& address, std::uint16_t port, std::size_t listener);
  // A port that is bound and never listens: connections to it are refused, and nobody else gets it. ERRORS: as `open`.
  modelcache::Result<std::uint16_t> reserve_refusing(const std::string& address);

  // Accepts, and does what is posted, until `release` was called and every wire is closed.
  void run();
  void release();
  void post(std::function<void()> action);

  // Takes what already waits in the kernel's queues, whose clients may be gone.
  void accept_waiting();
  void stop_accepting();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The second loopback address, for redirects to another host; `address` itself where it is no IPv4 loopback address.
std::string other_address_of(const std::string& address);

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_LISTENERS_H
