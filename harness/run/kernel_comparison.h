// Runs call sequences on the simulator and on the kernel, and compares every result and the tree that is left.
#ifndef STAMPEDE_RUN_KERNEL_COMPARISON_H
#define STAMPEDE_RUN_KERNEL_COMPARISON_H

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cache/os.h"
#include "harness/run/kernel_calls.h"

namespace stampede {

// Something that performs calls. Owned by one thread.
class CallWorld {
 public:
  virtual ~CallWorld() = default;
  // From an empty directory: a line for each call that says all that the caller is told, then one for each name in the
  // tree that is left. Files are numbered in the order in which results name them.
  virtual std::vector<std::string> run(const CallSequence& sequence) = 0;
};

// `is_root`: whether user 0 of a sequence passes every permission. `compares_times`: whether stats say which times have
// changed since the file's last one; every call then comes at a tick of its own of the clock that stamps files.
std::unique_ptr<CallWorld> make_sim_call_world(bool is_root, bool compares_times);

// Where they differ first, in lines for people; nothing where they agree.
std::optional<std::string> disagreement(const CallSequence& sequence, CallWorld& simulator, CallWorld& kernel);
// The same disagreement with fewer calls: each is left out if they still differ without it.
CallSequence shrink(CallSequence sequence, CallWorld& simulator, CallWorld& kernel);

// What both worlds share: performs calls on doors, and says what came of them.
class CallPerformer {
 public:
  // `directory` is the absolute path of the directory.
  CallPerformer(std::string directory, bool compares_times)
      : directory_(std::move(directory)), compares_times_(compares_times) {}

  void open_directory(modelcache::Os& os, std::uint32_t process);
  std::string perform(modelcache::Os& os, const KernelCall& call);
  void close_all(modelcache::Os& os, std::uint32_t process);
  // All that is below the directory, with bytes. `set_mode` is called for what could not be read otherwise, and again
  // when it was.
  using SetMode = std::function<void(const std::string& path, std::uint32_t mode)>;
  void describe_tree(modelcache::Os& os, const SetMode& set_mode, std::vector<std::string>& lines);

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const;
  [[nodiscard]] modelcache::Fd descriptor(std::uint32_t process, std::uint32_t place) const;
  std::string open(modelcache::Os& os, const KernelCall& call);
  std::string close(modelcache::Os& os, const KernelCall& call);
  std::string stat_text(const modelcache::FileStat& stat, bool with_changes);
  void describe_below(modelcache::Os& os, const std::string& path, const std::string& shown, const SetMode& set_mode,
                      std::vector<std::string>& lines);

  struct Seen {
    std::size_t number = 0;
    std::chrono::nanoseconds mtime{}, ctime{};
  };
  std::string directory_;
  bool compares_times_;
  std::array<std::vector<modelcache::Fd>, kCallProcesses> open_;  // oldest first, the directory before them
  std::map<std::uint64_t, Seen> seen_;                            // by inode
};

}  // namespace stampede

#endif  // STAMPEDE_RUN_KERNEL_COMPARISON_H
