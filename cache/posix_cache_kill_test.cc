// A process killed before each step of a get: what it leaves is sound, and the next get needs no hands.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "cache/scratch_cache.h"

namespace modelcache {
namespace {

using testing::IsEmpty;

class CacheKill : public ScratchCache {
 public:
  // In a process of its own: gets the model, and dies by SIGKILL before its n-th step. Returns whether it came that
  // far.
  bool killed_before_step(std::size_t n) {
    const pid_t child = fork();
    if (child == 0) {
      ScriptedOs os(posix.get());
      os.conversations.push_back(answers(ok_response(body)));
      os.before_step = [&](std::size_t step) {
        if (step == n) (void)raise(SIGKILL);
      };
      _exit(get(os, request()) ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) return true;
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return false;
  }
};

TEST_F(CacheKill, LeavesNothingThatTheNextGetCannotDealWith) {
  std::size_t kills = 0;
  std::size_t leftovers = 0;
  while (killed_before_step(kills)) {
    SCOPED_TRACE("killed before step " + std::to_string(kills));
    expect_sound("after the kill");
    leftovers += names_in(root / "tmp").size();
    const bool published = std::filesystem::exists(entry);
    const auto next = get_good();
    ASSERT_TRUE(next) << next.error().message();
    EXPECT_EQ(next->hit, published);
    EXPECT_TRUE(read_file(entry) == body);
    if (!published) {
      EXPECT_THAT(names_in(root / "tmp"), IsEmpty());
    }
    auto cache = Cache::open(*posix, root.string(), quick_options(), false);
    ASSERT_TRUE(cache && cache->recover());
    EXPECT_THAT(names_in(root / "tmp"), IsEmpty());
    EXPECT_TRUE(get_good()->entry.listed);
    expect_sound("after recovery");
    std::filesystem::remove_all(root);
    ++kills;
  }
  EXPECT_GT(kills, 60U);
  EXPECT_GT(leftovers, 10U);  // kills did hit temporaries
}

}  // namespace
}  // namespace modelcache
