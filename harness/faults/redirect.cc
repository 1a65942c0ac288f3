// Makes Location fields, and finds their mark in targets again.
#include "harness/faults/redirect.h"

namespace stampede {
namespace {

constexpr std::string_view kWell = "redirected=well";
constexpr std::string_view kLoop = "redirected=loop";

bool has_parameter(std::string_view target, std::string_view parameter) {
  for (std::size_t at = target.find('?'); at != std::string_view::npos;) {
    const std::size_t end = target.find('&', at + 1);
    if (target.substr(at + 1, end == std::string_view::npos ? end : end - at - 1) == parameter) return true;
    at = end;
  }
  return false;
}

std::string marked(std::string_view target, std::string_view mark) {
  if (has_parameter(target, mark)) return std::string(target);
  const char divider = target.find('?') == std::string_view::npos ? '?' : '&';
  return std::string(target) + divider + std::string(mark);
}

// From the directory of `target` on: "./c?x" for "/a/b/c?x".
std::string relative_to_itself(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return "." + std::string(target.substr(path.rfind('/')));
}

}  // namespace

Redirected redirected_of(std::string_view target) {
  if (has_parameter(target, kWell)) return Redirected::to_be_served_well;
  return has_parameter(target, kLoop) ? Redirected::in_a_loop : Redirected::no;
}

std::string location_of(FaultKind redirect, std::string_view target, std::string_view other_origin) {
  switch (redirect) {
    case FaultKind::redirect_relative:
      return marked(relative_to_itself(target), kWell);
    case FaultKind::redirect_other_host:
      return std::string(other_origin) + marked(target, kWell);
    case FaultKind::redirect_loop:
      return marked(target, kLoop);
    default:
      return "file:///etc/hostname";
  }
}

}  // namespace stampede
