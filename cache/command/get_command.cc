// `modelcache get` and `modelcache path`: one model's file.
#include "cache/command/commands.h"
#include "cache/command/json_output.h"

namespace modelcache {
namespace {

CommandResult found(const Arguments& arguments, const GetResult& result, Instant begun, Instant ended) {
  CommandResult answer;
  answer.output = arguments.json ? json_of_get(result, ended - begun) : result.entry.path + '\n';
  answer.notes = result.notes;
  return answer;
}

}  // namespace

CommandResult failed(const Arguments& arguments, Error error) {
  CommandResult answer;
  answer.status = exit_status(error.code);
  if (arguments.json) answer.output = json_of_error(error);
  answer.errors.push_back(std::move(error));
  return answer;
}

CommandResult run_get(Os& os, const Arguments& arguments, const CacheDirectory& directory,
                      const ProgressBar::Terminal* terminal) {
  std::optional<ProgressBar> bar;
  auto request = arguments.request;
  if (terminal != nullptr) {
    bar.emplace(os, *terminal);
    request.progress = [&bar](const Progress& progress) { bar->show(progress); };
  }
  const auto begun = os.now();
  auto cache = Cache::open(os, directory.path, arguments.options, true);
  if (!cache) return failed(arguments, cache.error());
  const auto result = cache->get(request);
  const auto ended = os.now();
  if (!result) return failed(arguments, result.error());
  auto answer = found(arguments, *result, begun, ended);
  if (request.accept_unverified) {
    answer.notes.insert(answer.notes.begin(), "no --sha256: checked for its declared length only");
  }
  return answer;
}

CommandResult run_path(Os& os, const Arguments& arguments, const CacheDirectory& directory) {
  const auto begun = os.now();
  auto cache = Cache::open(os, directory.path, arguments.options, false);
  if (!cache) return failed(arguments, cache.error());
  const auto result = cache->find(arguments.request);
  const auto ended = os.now();
  if (!result) return failed(arguments, result.error());
  return found(arguments, *result, begun, ended);
}

}  // namespace modelcache
