// Reads the description of a command subject: a JSON file, explained in harness/subjects/README.md.
#ifndef STAMPEDE_RUN_SUBJECT_FILE_H
#define STAMPEDE_RUN_SUBJECT_FILE_H

#include <string>
#include <string_view>

#include "cache/result.h"
#include "harness/plan/subject.h"

namespace stampede {

// `path` is named in errors, and its directory is what "{here}" stands for.
// ERRORS: invalid_argument: no JSON, a key that is unknown, missing or of another type, an unknown word in braces, or
// an unknown invariant; the message has the file, the key, and what was expected.
modelcache::Result<Subject> parse_subject(std::string_view text, const std::string& path);

// ERRORS: as above; not_found: no such file, or one that cannot be read.
modelcache::Result<Subject> read_subject(const std::string& path);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SUBJECT_FILE_H
