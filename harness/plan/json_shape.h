// What is wrong with a text as JSON, before any of it is kept.
#ifndef STAMPEDE_PLAN_JSON_SHAPE_H
#define STAMPEDE_PLAN_JSON_SHAPE_H

#include <cstddef>
#include <string>
#include <string_view>

namespace stampede {

struct JsonBounds {
  std::size_t depth_max = 0;
  std::size_t keys_max = 0;  // of one object
};

// What was expected, with the path or the line where it was not so: "disk[2].nth: expected each key once, got it
// again". Empty where the text is JSON (comments are allowed), no key comes twice, and the bounds are kept: the library
// by itself keeps one of two equal keys, and builds whatever fits into memory. Keeps nothing of the text.
std::string json_shape_problem(std::string_view text, const JsonBounds& bounds);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_JSON_SHAPE_H
