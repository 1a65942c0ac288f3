// The request side of the server: where a header section ends, and which model it asks for (RFC 9112, 2 to 5).
#ifndef STAMPEDE_FAULTS_REQUEST_HEAD_H
#define STAMPEDE_FAULTS_REQUEST_HEAD_H

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stampede {

enum class HeadState {
  incomplete,  // read on
  complete,    // ends with an empty line; `size` bytes with it
  malformed,   // holds a line that ends in LF without CR, or a NUL: no header section will come of it
  too_long,    // more than the limit
};

struct HeadEnd {
  HeadState state = HeadState::incomplete;
  std::size_t size = 0;
};

// Judges what has come so far. ENSURES: how the bytes were cut on their way changes no final state.
HeadEnd find_head_end(std::string_view bytes, std::size_t size_max);

struct RequestHead {
  int refusal = 0;     // 400 or 405; 0 for a well-formed GET
  std::string target;  // as it came; empty where there is none
  std::string name;    // its path without the first '/' and the query, percent-decoded; empty unless refusal is 0
  // Values of the fields of these names; a field that comes twice has none that could be relied on.
  std::optional<std::string> range = {}, if_range = {};
};

// REQUIRES: `head` is complete, its final empty line included.
RequestHead parse_request_head(std::string_view head);

// "/a/my%20model.onnx" for "a/my model.onnx": what `parse_request_head` takes back to the name.
std::string target_of(std::string_view name);

// Parts divided by '/', none of them empty, "." or ".."; no NUL.
bool is_model_name(std::string_view name);

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_REQUEST_HEAD_H
