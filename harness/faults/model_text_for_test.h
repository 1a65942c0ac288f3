// The bytes of a model as text, to compare with what a server sent.
#ifndef STAMPEDE_FAULTS_MODEL_TEXT_FOR_TEST_H
#define STAMPEDE_FAULTS_MODEL_TEXT_FOR_TEST_H

#include <string>

#include "harness/plan/model.h"

namespace stampede {

inline std::string text_of(const Model& model) {
  return {reinterpret_cast<const char*>(model.bytes->data()), model.bytes->size()};
}

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_MODEL_TEXT_FOR_TEST_H
