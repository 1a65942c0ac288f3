// The seed and the number of cases of properties where RC_PARAMS does not say them: the same cases each time, in
// seconds.
#include <cstdlib>
#include <string>

namespace {

// A test of a pull request must say the same twice; scripts/nightly.sh draws fresh cases. RapidCheck reads the variable
// when the first property begins, and takes a text that reproduces a case as it is.
int complete_parameters() {
  const char* const given = std::getenv("RC_PARAMS");
  std::string parameters = given == nullptr ? "" : given;
  if (parameters.find("reproduce=") != std::string::npos) return 0;
  if (parameters.find("seed=") == std::string::npos) parameters += " seed=20261124";
  if (parameters.find("max_success=") == std::string::npos) parameters += " max_success=" STAMPEDE_CASES;
  return setenv("RC_PARAMS", parameters.c_str(), 1);
}

[[maybe_unused]] const int kIsComplete = complete_parameters();

}  // namespace
