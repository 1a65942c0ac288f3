// The cache under test, as data: the built-in one, or a command that someone described.
#ifndef STAMPEDE_PLAN_SUBJECT_H
#define STAMPEDE_PLAN_SUBJECT_H

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stampede {

// What must be there for a subject to run: a program sought in PATH, or, where it has a slash, that file.
struct SubjectNeed {
  std::string program;
  std::string package;  // Debian's, that has it
};

// How a command gets one model. All strings but the timeout are templates; see `expand`.
struct SubjectCommand {
  std::vector<std::string> argv;  // a list: no shell, no quoting
  std::map<std::string, std::string> environment;
  std::string artifact;  // where the model is afterwards; empty: the last line that it prints is the path
  std::chrono::milliseconds timeout{20'000};  // of one get; what takes longer is killed
};

struct Subject {
  std::string name = "modelcache";
  std::string summary = "the model cache of this project, built in";
  std::string homepage;
  std::string here;  // the directory of its description; empty for the built-in one
  std::vector<SubjectNeed> needs;
  std::optional<SubjectCommand> command;  // absent: built in
  // Names below the cache directory that may stay beside the models (fnmatch(3); `*` matches slashes too).
  std::vector<std::string> may_stay;
  // Every invariant that can be judged is owed, but for these: id -> why its makers never said so. They are judged all
  // the same, and reported apart.
  std::map<std::string, std::string> not_promised;
};

// What the words in braces stand for: url, sha256, cache (directory), output (a path of this get alone), operation (its
// number in its process), here (the directory of the description).
using TemplateValues = std::map<std::string, std::string, std::less<>>;
const std::vector<std::string>& template_words();

// `text` with the value of each "{word}" that `values` has. Braces around anything but lower-case letters and digits
// are what they are.
std::string expand(std::string_view text, const TemplateValues& values);

// The words in braces, in order, known or not.
std::vector<std::string> words_in(std::string_view text);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_SUBJECT_H
