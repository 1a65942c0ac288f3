// Which subjects are known, where they are described, and which can run on this machine.
#ifndef STAMPEDE_RUN_SUBJECT_CATALOGUE_H
#define STAMPEDE_RUN_SUBJECT_CATALOGUE_H

#include <string>
#include <string_view>
#include <vector>

#include "cache/result.h"
#include "harness/plan/subject.h"

namespace stampede {

// Where the descriptions that come with this program are: "subjects" beside the directory of the program.
std::string shipped_subjects_directory();

// The built-in one, and those described in the directory's *.json files, by name. An absent directory has none.
// ERRORS: those of read_subject, for a file that is there.
modelcache::Result<std::vector<Subject>> known_subjects(const std::string& directory);

// What has a slash or ends in ".json" is a file, all else the name of a known subject. ERRORS: not_found, with the
// names that are known; those of read_subject.
modelcache::Result<Subject> find_subject(std::string_view name_or_file, const std::string& directory);

// What is not on this machine.
std::vector<SubjectNeed> missing_needs(const Subject& subject);
// "aria2c (Debian: aria2), ..."
std::string describe(const std::vector<SubjectNeed>& needs);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SUBJECT_CATALOGUE_H
