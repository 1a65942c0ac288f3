// A phrase for each kind of step, and one for each place of a cache directory.
#include "harness/cli/step_words.h"

#include <fmt/format.h>

#include <cerrno>
#include <ranges>
#include <string_view>

#include "cache/key.h"
#include "cache/os.h"
#include "harness/faults/scripted_peers.h"
#include "harness/plan/model.h"

namespace stampede {
namespace {

std::string opened(const Step& step, const std::string& place) {
  if (step.error == ENOENT) return "looks for " + place + " and finds none";
  switch (static_cast<modelcache::OpenMode>(step.mode)) {
    case modelcache::OpenMode::create_new:
      return "creates " + place;
    case modelcache::OpenMode::open_or_create:
      return "opens or creates " + place;
    default:
      return "opens " + place;
  }
}

std::string locked(const Step& step, const std::string& place) {
  if (step.error == EWOULDBLOCK) return "tries to lock " + place + ", which somebody else holds";
  return "locks " + place;
}

std::string on_network(const Step& step) {
  switch (step.kind) {
    case StepKind::connect:
      return "connects to the server";
    case StepKind::send:
      return "sends its request";
    case StepKind::receive:
      if (step.error != 0) return "asks for more of the response";
      return step.result == 0 ? "sees the end of the response" : fmt::format("receives {} bytes", step.result);
    default:
      return "looks up the server's name";
  }
}

// How a failure goes on, where the phrase does not say it by itself.
std::string failure(const Step& step) {
  const bool is_said = step.error == 0 || (step.kind == StepKind::open && step.error == ENOENT) ||
                       (step.kind == StepKind::try_lock && step.error == EWOULDBLOCK);
  if (is_said) return "";
  if (step.error == EEXIST) return ", but that name is taken";
  if (step.error == ENOENT) return ", but there is none";
  if (step.error == ECONNREFUSED) return ", but nobody listens";
  if (step.error == ECONNRESET) return ", but the connection is reset";
  if (step.error == ETIMEDOUT) return ", but nothing comes in time";
  const std::string_view name = errno_name(step.error);
  return name == "?" ? ", which fails" : fmt::format(", which fails ({})", name);
}

}  // namespace

StepWords::StepWords(const Plan& plan) : is_command_(!plan.subject.empty()) {
  for (const PlanModel& each : plan.models) {
    const Model model = generated_model(each.name, each.size_bytes);
    models_.emplace(modelcache::key_of(model.sha256), each.name);
    models_.emplace(modelcache::key_of_url(ScriptedPeers::url(model)), each.name + " (by URL)");
    if (is_command_) models_.emplace(model.sha256.hex(), each.name);
  }
}

std::string StepWords::name_in(const std::string& path) const {
  const std::string name = path.substr(path.rfind('/') + 1);
  const auto found = models_.find(name.substr(0, name.find('.')));
  return found == models_.end() ? "" : found->second;
}

std::string StepWords::place(const std::string& path) const {
  const std::string model = name_in(path);
  const std::string of_model = " of " + (model.empty() ? "another file" : model);
  if (path.empty()) return "the cache directory";
  if (path == modelcache::kManifestName) return "the manifest";
  if (path == "locks/" + std::string(modelcache::kManifestLockName)) return "the lock file of the manifest";
  if (path.starts_with("entries/")) return "the entry" + of_model;
  if (path.starts_with("locks/")) return "the lock file" + of_model;
  if (path.starts_with("tmp/manifest")) return "a temporary of the manifest";
  if (path.starts_with("tmp/")) return "a temporary" + of_model;
  if (is_command_)
    return model.empty() || path.find_first_of("/.") != std::string::npos ? shortened(path) : "the file" + of_model;
  if (path.find_first_of("/.") == std::string::npos) return "the folder " + path;
  return path;
}

std::string StepWords::of(const Step& step) const {
  const std::string where = place(step.path);
  std::string text;
  switch (step.kind) {
    case StepKind::open:
      text = opened(step, where);
      break;
    case StepKind::read:
      text = step.result == 0 && step.error == 0 ? "comes to the end of " + where : "reads " + where;
      break;
    case StepKind::write:
      text = fmt::format("writes {} bytes to {}", step.result, where);
      break;
    case StepKind::truncate:
      text = step.size == 0 ? "empties " + where : fmt::format("cuts {} to {} bytes", where, step.size);
      break;
    case StepKind::sync_file:
    case StepKind::sync_directory:
      text = "makes sure that " + where + " is on disk";
      break;
    case StepKind::rename:
    case StepKind::link:
      text =
          fmt::format("{} {} to {}", step.kind == StepKind::rename ? "renames" : "links", where, place(step.to_path));
      break;
    case StepKind::unlink:
      text = "removes " + where;
      break;
    case StepKind::stat:
    case StepKind::stat_name:
      text = "looks at " + where;
      break;
    case StepKind::list:
      text = "lists " + where;
      break;
    case StepKind::make_directory:
      text = "makes " + where;
      break;
    case StepKind::try_lock:
      text = locked(step, where);
      break;
    case StepKind::unlock:
      text = "unlocks " + where;
      break;
    case StepKind::close:
      text = step.connection != 0 ? "closes its connection" : "closes " + where;
      break;
    case StepKind::sleep_until:
      text = "sleeps";
      break;
    case StepKind::connect:
    case StepKind::send:
    case StepKind::receive:
    case StepKind::resolve:
      text = on_network(step);
      break;
    default:
      text = fmt::format("asks the system ({})", name_of(step.kind));
  }
  return text + failure(step);
}

std::string StepWords::shortened(std::string text) const {
  // From the longest on: a digest is the end of a key.
  for (const auto& [key, name] : models_ | std::views::reverse) {
    for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key)) {
      text.replace(at, key.size(), "(" + name + ")");
    }
  }
  return text;
}

}  // namespace stampede
