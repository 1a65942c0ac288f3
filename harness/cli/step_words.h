// Says in words what a step did, for people who never saw the code.
#ifndef STAMPEDE_CLI_STEP_WORDS_H
#define STAMPEDE_CLI_STEP_WORDS_H

#include <map>
#include <string>

#include "harness/plan/plan.h"
#include "harness/plan/step.h"

namespace stampede {

// Knows the names that a plan's models have in the cache directory. Owned by one thread.
class StepWords {
 public:
  explicit StepWords(const Plan& plan);

  // "takes the lock of m0", "looks for the entry of m0 and finds none".
  [[nodiscard]] std::string of(const Step& step) const;
  // "the entry of m0", "a temporary of m0", "the manifest", "the folder entries".
  [[nodiscard]] std::string place(const std::string& path) const;
  // A line of the judge, with models for the digests in names of files: "entries/(m0)".
  [[nodiscard]] std::string shortened(std::string text) const;

 private:
  [[nodiscard]] std::string name_in(const std::string& path) const;  // of the model that a path's last part is made of

  bool is_command_;  // whose names are its own; who keeps a model under its digest is understood
  std::map<std::string, std::string> models_;  // key -> name
};

}  // namespace stampede

#endif  // STAMPEDE_CLI_STEP_WORDS_H
