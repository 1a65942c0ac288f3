// Which steps write, make files, or open directories.
#ifndef STAMPEDE_JUDGE_WRITING_STEPS_H
#define STAMPEDE_JUDGE_WRITING_STEPS_H

#include "harness/plan/step.h"

namespace stampede {

// Makes the file that it opens, if there is none.
inline bool may_create(const Step& step) {
  const auto mode = static_cast<modelcache::OpenMode>(step.mode);
  return mode == modelcache::OpenMode::create_new || mode == modelcache::OpenMode::open_or_create;
}

// Whether a step writes, or would if it could. The directory itself is made when the cache is opened, whatever for.
inline bool is_writing(const Step& step) {
  switch (step.kind) {
    case StepKind::make_directory:
      return !step.path.empty();
    case StepKind::write:
    case StepKind::truncate:
    case StepKind::rename:
    case StepKind::link:
    case StepKind::unlink:
      return true;
    case StepKind::open:
      return may_create(step) || static_cast<modelcache::OpenMode>(step.mode) == modelcache::OpenMode::read_write;
    default:
      return false;
  }
}

// The cache's own directories, and those above it.
inline bool opens_directory(const Step& step) {
  const auto mode = static_cast<modelcache::OpenMode>(step.mode);
  return mode == modelcache::OpenMode::root || mode == modelcache::OpenMode::directory;
}

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_WRITING_STEPS_H
