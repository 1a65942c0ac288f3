// Where the model m0 of 10 bytes stands in a cache, for tests.
#ifndef STAMPEDE_CLI_NAMES_FOR_TEST_H
#define STAMPEDE_CLI_NAMES_FOR_TEST_H

#include <string>

#include "cache/key.h"
#include "harness/faults/scripted_peers.h"
#include "harness/plan/model.h"

namespace stampede {

inline const std::string kKey = modelcache::key_of(generated_model("m0", 10).sha256);
inline const std::string kUrlKey = modelcache::key_of_url(ScriptedPeers::url(generated_model("m0", 10)));
inline const std::string kEntry = "entries/" + kKey, kLock = "locks/" + kKey + ".lock";

}  // namespace stampede

#endif  // STAMPEDE_CLI_NAMES_FOR_TEST_H
