// Whose bytes a file holds: looked at once for each version of a file.
#ifndef STAMPEDE_JUDGE_FILE_CONTENTS_H
#define STAMPEDE_JUDGE_FILE_CONTENTS_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cache/sha256.h"
#include "harness/plan/model.h"
#include "harness/world/disk_view.h"

namespace stampede {

// Owned by one thread. Keeps its memory from run to run.
class FileContents {
 public:
  // A run begins. `models` outlives it. `lies` are the sizes that a body may have which is none of the models' and
  // which nobody without a checksum can tell from one.
  void begin(const std::vector<Model>& models, const std::vector<std::uint64_t>& lies);

  // The model whose bytes a regular file holds, by index; nothing where it holds none's.
  std::optional<std::size_t> model_in(FileNumber file, const DiskView& disk);
  // Of its bytes, computed by hashing only where they are no model's.
  const modelcache::Sha256Digest& digest_of(FileNumber file, const DiskView& disk);
  // Whether a file may have that entry's key: by digest its bytes decide; by URL they must be a model's, or a lie's
  // size. False for what is no regular file, and for what is no key.
  bool is_entry_complete(std::string_view key, FileNumber file, const DiskView& disk);
  // Whether its bytes are the model's; with `by_url` a lie passes, too.
  bool is_model(std::size_t model, bool by_url, FileNumber file, const DiskView& disk);

 private:
  enum class Whose : std::uint8_t { unknown, models, nobodys };
  struct Known {
    std::uint64_t version = 0;
    Whose whose = Whose::unknown;
    bool is_hashed = false;
    std::size_t model = 0;
    modelcache::Sha256Digest digest{};  // where it is hashed
  };
  Known& look_at(FileNumber file, const DiskView& disk);
  bool is_lie(FileNumber file, const DiskView& disk) const;

  const std::vector<Model>* models_ = nullptr;
  std::vector<std::uint64_t> lies_;
  std::vector<Known> known_;  // by file number
};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_FILE_CONTENTS_H
