// The manifest as it stands in a world, parsed once for each text.
#ifndef STAMPEDE_JUDGE_MANIFEST_READING_H
#define STAMPEDE_JUDGE_MANIFEST_READING_H

#include <cstddef>
#include <string>
#include <vector>

#include "cache/manifest.h"
#include "harness/world/disk_view.h"

namespace stampede {

struct ReadManifest {
  bool is_good = false;
  modelcache::Manifest manifest;  // where it is good
  std::string problem;            // where it is not
};

// Owned by one thread. Keeps its memory from run to run: many schedules of a plan write the same few texts.
class ManifestReading {
 public:
  ManifestReading();
  // Null where there is none. Valid until the next call.
  const ReadManifest* read(const DiskView& disk);

 private:
  struct Slot {
    std::string text;
    bool is_used = false;
    ReadManifest read;
  };
  std::vector<Slot> slots_;  // by a hash of the text
};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_MANIFEST_READING_H
