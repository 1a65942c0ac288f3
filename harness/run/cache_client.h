// The built-in subject: performs the operations of a plan's process on modelcache, over any Os.
#ifndef STAMPEDE_RUN_CACHE_CLIENT_H
#define STAMPEDE_RUN_CACHE_CLIENT_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cache/cache.h"
#include "cache/os.h"
#include "harness/plan/model.h"
#include "harness/plan/operation_outcome.h"
#include "harness/plan/plan.h"

namespace stampede {

// One process. Owned by it; everything given must outlive it. Takes its idle steps and then opens the directory at its
// first operation; where that fails, each operation fails with that error, and the next one tries again.
class CacheClient {
 public:
  CacheClient(modelcache::Os& os, std::string directory, const PlanProcess& process, const std::vector<Model>& models)
      : os_(os),
        directory_(std::move(directory)),
        process_(process),
        models_(models),
        idle_steps_left_(process.idle_steps) {}

  // Fills in what the cache returned; who performed it, and when, is the caller's.
  OperationOutcome perform(const Operation& operation);

 private:
  void idle();
  modelcache::Result<modelcache::Cache*> opened();
  void get(const Operation& operation, modelcache::Cache& cache, OperationOutcome& outcome);
  [[nodiscard]] std::string relative(const std::string& path) const;

  modelcache::Os& os_;
  std::string directory_;
  const PlanProcess& process_;
  const std::vector<Model>& models_;
  std::uint32_t idle_steps_left_;
  std::optional<modelcache::Cache> cache_;
};

}  // namespace stampede

#endif  // STAMPEDE_RUN_CACHE_CLIENT_H
