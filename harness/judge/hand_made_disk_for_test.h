// A small disk made by hand, for tests of judges.
#ifndef STAMPEDE_JUDGE_HAND_MADE_DISK_FOR_TEST_H
#define STAMPEDE_JUDGE_HAND_MADE_DISK_FOR_TEST_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/model.h"
#include "harness/world/disk_view.h"

namespace stampede {

// A flat directory tree with numbered files.
class HandMadeDisk final : public DiskView {
 public:
  HandMadeDisk();
  [[nodiscard]] FileNumber file_at(std::string_view path) const override;
  [[nodiscard]] StepStat stat(FileNumber file) const override { return files_.at(file).stat; }
  [[nodiscard]] std::span<const std::byte> bytes(FileNumber file) const override { return files_.at(file).bytes; }
  [[nodiscard]] std::uint64_t version(FileNumber file) const override { return files_.at(file).version; }
  void for_each_name(const std::function<void(std::string_view path, FileNumber file)>& visit) const override;
  [[nodiscard]] std::uint64_t open_descriptors() const override { return descriptors; }

  FileNumber make(const std::string& path, modelcache::FileType type, unsigned mode);
  void set_bytes(FileNumber file, Bytes bytes);
  void set_mode(FileNumber file, unsigned mode) { files_.at(file).stat.mode = mode; }
  // Takes `from` away where it is a move; an empty `to` removes.
  FileNumber move(const std::string& from, const std::string& to, bool keeps_from);

  std::uint64_t descriptors = 0;

 private:
  struct File {
    StepStat stat;
    Bytes bytes;
    std::uint64_t version = 0;
  };
  std::vector<File> files_;  // by number; the first is none
  std::map<std::string, FileNumber, std::less<>> names_;
};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_HAND_MADE_DISK_FOR_TEST_H
