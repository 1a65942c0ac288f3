// Writes an explanation for people: what breaks, how, what would have gone well, and which order decides.
#ifndef STAMPEDE_CLI_EXPLANATION_TEXT_H
#define STAMPEDE_CLI_EXPLANATION_TEXT_H

#include <string>

#include "harness/run/explanation.h"

namespace stampede {

// Lines of at most 100 columns.
std::string text_of(const Explanation& explanation);

}  // namespace stampede

#endif  // STAMPEDE_CLI_EXPLANATION_TEXT_H
