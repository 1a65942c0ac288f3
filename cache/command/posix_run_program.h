// Test support: runs a program as a real process, and reserves what such tests need.
#ifndef MODELCACHE_COMMAND_POSIX_RUN_PROGRAM_H
#define MODELCACHE_COMMAND_POSIX_RUN_PROGRAM_H

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace modelcache {

struct ProgramRun {
  int status = -1;  // of exit; 128 plus the number of the signal that ended it
  std::string output;
  std::string errors;
};

struct ProgramCall {
  std::vector<std::string> arguments;              // without the program's name
  std::map<std::string, std::string> environment;  // all of it
  std::string working_directory;                   // where it starts; empty: here
  std::string output_file;                         // opened for its standard output; empty: into ProgramRun::output
  bool without_root = false;                       // where the test runs as root, the program runs as nobody
  bool terminal = false;                           // its standard error is a terminal of 60 columns
  // Called with the process's number once it runs, while it runs; nothing when empty.
  std::function<void(int)> meanwhile;
};

// Starts `program`, waits for its end and returns what it wrote. It never has more than the descriptors 0 to 2, and all
// signals are at their defaults. Aborts the test program when the system refuses to start a process.
ProgramRun run_program(const std::string& program, const ProgramCall& call);

void send_interrupt(int process);

// A directory of its own, removed with everything in it at the end of a test that passed.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A loopback port that is taken but not listened on, so that connections to it are refused.
class RefusingPort {
 public:
  RefusingPort();
  ~RefusingPort();
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;
  [[nodiscard]] std::uint16_t number() const { return number_; }

 private:
  int socket_ = -1;
  std::uint16_t number_ = 0;
};

// Whether a program that runs as nobody could be started at all: folders above it may be closed to others.
bool can_run_without_root(const std::string& program);
void give_to_nobody(const std::string& path);

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_POSIX_RUN_PROGRAM_H
