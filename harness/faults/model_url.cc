// Where a model is: on its own, so that a process that only asks for models links no server.
#include <string>
#include <string_view>

#include "harness/faults/request_head.h"
#include "harness/faults/scripted_peers.h"

namespace stampede {

std::string target_of(std::string_view name) {
  constexpr std::string_view kPlain = "-._~/0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string target = "/";
  for (const char c : name) {
    if (kPlain.find(c) != std::string_view::npos) {
      target += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    target += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return target;
}

std::string ScriptedPeers::origin_of(std::string_view host) {
  return "http://" + std::string(host) + ":" + std::to_string(kPort);
}

std::string ScriptedPeers::url(const Model& model) { return origin_of(kHost) + target_of(model.name); }

}  // namespace stampede
