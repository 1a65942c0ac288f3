// The permission bits of a file, as people write them.
#ifndef STAMPEDE_JUDGE_OCTAL_H
#define STAMPEDE_JUDGE_OCTAL_H

#include <array>
#include <cstdio>
#include <string>

namespace stampede {

// Four digits: "0644".
inline std::string octal(unsigned mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_OCTAL_H
