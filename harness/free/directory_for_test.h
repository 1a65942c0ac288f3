// A temporary directory for a test, and scripts in it that play workers.
#ifndef STAMPEDE_FREE_DIRECTORY_FOR_TEST_H
#define STAMPEDE_FREE_DIRECTORY_FOR_TEST_H

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "harness/free/posix_scratch_directory.h"

namespace stampede {

// Gone after success; stays, with its path printed, after failure.
class TestDirectory {
 public:
  TestDirectory() : scratch_(PosixScratchDirectory::make().value()) {}
  ~TestDirectory() {
    if (::testing::Test::HasFailure()) std::printf("left for a look: %s\n", scratch_.keep().c_str());
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return scratch_.path(); }

  std::string file(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = std::filesystem::path(scratch_.path()) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }

  // A program that runs `lines` in a shell.
  std::string script(std::string_view lines) const {
    const std::string path = file("worker.sh", "#!/bin/sh\n" + std::string(lines) + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

 private:
  PosixScratchDirectory scratch_;
};

}  // namespace stampede

#endif  // STAMPEDE_FREE_DIRECTORY_FOR_TEST_H
