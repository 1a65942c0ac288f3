// Test support: a loopback HTTP server that gives the i-th connection the i-th answer.
#ifndef MODELCACHE_COMMAND_CANNED_SERVER_H
#define MODELCACHE_COMMAND_CANNED_SERVER_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace modelcache {

struct CannedAnswer {
  std::string bytes;        // the whole response, or as much of it as is ever sent
  bool keeps_open = false;  // after the bytes: silent rather than closed
};

// "HTTP/1.1 200 OK" with a Content-Length and `body`.
CannedAnswer whole_answer(const std::string& body);

// Runs on its own thread until destroyed. Connections beyond the last answer are closed at once.
class CannedServer {
 public:
  explicit CannedServer(std::vector<CannedAnswer> answers);
  ~CannedServer();
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  [[nodiscard]] std::string url(const std::string& path) const;  // "http://127.0.0.1:<port>" and `path`
  // Connections accepted so far.
  [[nodiscard]] std::size_t connections() const;
  // Returns when the answers to the first `count` connections have been handed to the kernel.
  void wait_for_answers(std::size_t count);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_CANNED_SERVER_H
