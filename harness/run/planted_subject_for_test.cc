// Defines the built-in subject, so that the linker takes no other.
#include "harness/run/planted_subject_for_test.h"

#include <memory>

#include "harness/run/cache_client.h"

namespace stampede {
namespace {

class PlantedClient final : public SubjectClient {
 public:
  explicit PlantedClient(const ClientSetting& setting) : client_(setting), lie_(planted_lie()) {
    static int forgetful = 0;
    if (lie_ == PlantedLie::forgets && forgetful++ % 3 == 0) (void)setting.os.wall_time();
  }
  OperationOutcome perform(const Operation& operation) override {
    if (lie_ != PlantedLie::says_it_has || operation.kind != OperationKind::get) return client_.perform(operation);
    OperationOutcome outcome;
    outcome.operation = operation;
    return outcome;
  }

 private:
  CacheClient client_;
  PlantedLie lie_;
};

}  // namespace

PlantedLie& planted_lie() {
  static PlantedLie lie = PlantedLie::none;
  return lie;
}

const SubjectPlugin& built_in_subject() {
  static constexpr SubjectPlugin kSubject{
      .version = kSubjectPluginVersion,
      .stamp = "",
      .make_client = [](const ClientSetting& setting) -> std::unique_ptr<SubjectClient> {
        return std::make_unique<PlantedClient>(setting);
      },
      .warm_up = [] {},
      .code = nullptr,
      .code_count = 0};
  return kSubject;
}

}  // namespace stampede
