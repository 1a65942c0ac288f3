// The contract of Os in the simulated world: the suite that the real door passes.
#include <memory>
#include <string>

#include "cache/os_contract_test.h"
#include "harness/sim/sim_fiber.h"
#include "harness/sim/sim_for_test.h"

namespace stampede {
namespace {

using modelcache::OsContract;
using modelcache::OsWorld;
using modelcache::OsWorldFactory;

// The world runs on a fiber of its own, and its one process stands still in the middle of its body: the test makes the
// calls of that process from outside. With nobody else to move, no call of it leaves the test's stack.
class SimContractWorld final : public OsWorld {
 public:
  SimContractWorld() {
    world_.clear(peers_);
    process_.body = [this](modelcache::Os& os) {
      os_ = &os;
      SimContext::go(process_context_, test_);
      if (root_) (void)os.close(*root_);
    };
    fiber_.set_body(&SimContractWorld::run, this);
    // Taken on the process's own fiber, control must come back to it.
    SimContext::go(test_, fiber_.context());
    root_ = open_root();
  }
  ~SimContractWorld() override { SimContext::go(test_, process_context_); }

  modelcache::Os& os() override { return *os_; }
  modelcache::Fd root() override { return *root_; }
  void make_symlink(const std::string& name, const std::string& target) override { world_.make_symlink(name, target); }
  void make_fifo(const std::string& name) override { world_.make_fifo(name); }
  void set_umask(unsigned mask) override { world_.set_umask(0, mask); }

 private:
  static SimContext& run(void* self) {
    auto& world = *static_cast<SimContractWorld*>(self);
    DefaultStrategy strategy;
    Recorder recorder;
    Stage stage;
    stage.processes = {&world.process_, 1};
    (void)world.world_.run(stage, strategy, recorder);
    return world.test_;
  }
  modelcache::Fd open_root() {
    const modelcache::Fd parent = os_->open(modelcache::kWorkingDirectory, "/sim", modelcache::OpenMode::root).value();
    EXPECT_EQ(error_of(os_->make_directory(parent, "cache")), 0);
    EXPECT_EQ(error_of(os_->close(parent)), 0);
    return os_->open(modelcache::kWorkingDirectory, kSimCacheDirectory, modelcache::OpenMode::root).value();
  }

  ListedPeers peers_;
  SimWorld world_;
  StageProcess process_;
  SimContext test_, process_context_;
  SimFiber fiber_;
  modelcache::Os* os_ = nullptr;
  std::optional<modelcache::Fd> root_;
};

std::unique_ptr<OsWorld> make_sim_world() { return std::make_unique<SimContractWorld>(); }
INSTANTIATE_TEST_SUITE_P(Sim, OsContract, testing::Values(OsWorldFactory(make_sim_world)),
                         [](const auto&) { return "Files"; });

}  // namespace
}  // namespace stampede
