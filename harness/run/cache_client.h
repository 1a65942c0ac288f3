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
#include "harness/plan/subject_plugin.h"

namespace stampede {

// One process. Owned by it; everything given must outlive it. Takes its idle steps and then opens the directory at its
// first operation; where that fails, each operation fails with that error, and the next one tries again.
class CacheClient final : public SubjectClient {
 public:
  explicit CacheClient(const ClientSetting& setting)
      : os_(setting.os),
        directory_(setting.directory),
        process_(setting.process),
        models_(setting.models),
        url_of_(setting.url_of),
        idle_steps_left_(setting.process.idle_steps) {}

  OperationOutcome perform(const Operation& operation) override;

 private:
  void idle();
  modelcache::Result<modelcache::Cache*> opened();
  void get(const Operation& operation, modelcache::Cache& cache, OperationOutcome& outcome);
  [[nodiscard]] std::string relative(const std::string& path) const;

  modelcache::Os& os_;
  std::string directory_;
  const PlanProcess& process_;
  const std::vector<Model>& models_;
  std::string (*url_of_)(const Model&);
  std::uint32_t idle_steps_left_;
  std::optional<modelcache::Cache> cache_;
};

// The cache that this program, or this plugin, was linked with. Its stamp is empty: nobody but a loader compares it.
const SubjectPlugin& built_in_subject();

}  // namespace stampede

#endif  // STAMPEDE_RUN_CACHE_CLIENT_H
