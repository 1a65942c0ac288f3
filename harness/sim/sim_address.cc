// Numeric addresses of both families by hand: the system's own function belongs to the real door.
#include "harness/sim/sim_address.h"

#include <algorithm>

namespace stampede {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Takes the text before the next `separator`, or all of it.
std::string_view next_part(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool is_v4(std::string_view text) {
  if (std::count(text.begin(), text.end(), '.') != 3) return false;
  for (int i = 0; i < 4; ++i) {
    const std::string_view part = next_part(text, '.');
    if (part.empty() || part.size() > 3 || !std::all_of(part.begin(), part.end(), is_digit)) return false;
    if (part.size() > 1 && part[0] == '0') return false;
    if (part.size() == 3 && part > "255") return false;
  }
  return true;
}

// Groups of up to four hexadecimal digits between colons, the last of which may be a v4 address. -1 for anything else.
int groups_of(std::string_view text, bool may_end_in_v4) {
  if (text.empty()) return 0;
  if (text.back() == ':') return -1;
  int groups = 0;
  while (!text.empty()) {
    const std::string_view part = next_part(text, ':');
    if (text.empty() && may_end_in_v4 && is_v4(part)) return groups + 2;
    if (part.empty() || part.size() > 4 || !std::all_of(part.begin(), part.end(), is_hex)) return -1;
    ++groups;
  }
  return groups;
}

bool is_v6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return groups_of(text, true) == 8;
  const int before = groups_of(text.substr(0, gap), false);
  const int after = groups_of(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after < 8;
}

}  // namespace

bool is_numeric_address(std::string_view text) { return is_v4(text) || is_v6(text); }

}  // namespace stampede
