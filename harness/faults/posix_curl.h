// Test support: the program curl, run as people run it.
#ifndef STAMPEDE_FAULTS_POSIX_CURL_H
#define STAMPEDE_FAULTS_POSIX_CURL_H

#include <string>
#include <vector>

namespace stampede {

struct CurlRun {
  int status = -1;   // its exit status; 128 plus the signal that ended it
  std::string body;  // its standard output
};

// Runs curl without a configuration file, proxies and progress, and waits for its end. Its standard input is a file
// without a name that holds `input`; as /dev/stdin it can be read again and again. Aborts the test program where curl
// cannot be started: scripts/setup.sh installs it.
CurlRun run_curl(const std::vector<std::string>& arguments, const std::string& input = "");

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_POSIX_CURL_H
