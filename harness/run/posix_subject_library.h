// Loads a subject from a shared library, and refuses one that would not be what it says.
#ifndef STAMPEDE_RUN_POSIX_SUBJECT_LIBRARY_H
#define STAMPEDE_RUN_POSIX_SUBJECT_LIBRARY_H

#include <string>

#include "cache/result.h"
#include "harness/plan/subject_plugin.h"

namespace stampede {

// Stays loaded, and valid, until the process ends: what it has handed out may point into it. A file that was loaded
// before is not loaded again. ERRORS: not_found; invalid_argument, saying why: no shared library, no subject plugin, of
// another version or build, or not the owner of its code. The last one is found by looking where the addresses that it
// names lie, and where each symbol of the namespaces `modelcache` and `stampede` that it refers to was found: a library
// that shows such symbols, or lacks some, runs the host's good code under the name of a mutant.
modelcache::Result<const SubjectPlugin*> load_subject(const std::string& file);

// Of this program; see SubjectPlugin::stamp.
std::string build_stamp();

}  // namespace stampede

#endif  // STAMPEDE_RUN_POSIX_SUBJECT_LIBRARY_H
