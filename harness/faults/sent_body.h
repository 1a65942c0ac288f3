// Decides, from the bytes that were really written, whether a connection sent the whole model.
#ifndef STAMPEDE_FAULTS_SENT_BODY_H
#define STAMPEDE_FAULTS_SENT_BODY_H

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "harness/plan/model.h"

namespace stampede {

// Believes no script: it reads the response as a client would, head, framing and chunks, and compares the content with
// the model, byte by byte. A lenient client, where HTTP leaves a choice: bare LF and folded lines are read, equal
// lengths said twice are one, bytes after the end are ignored. Owned by one thread.
class SentBody {
 public:
  explicit SentBody(std::shared_ptr<const Bytes> model) : model_(std::move(model)) {}

  // The next bytes as they went out, in any pieces.
  void sent(std::string_view bytes);
  // A FIN: the end of a body whose length was not declared.
  void sent_fin() { is_closed_ = true; }

  // Status 200 without a content coding, every byte of the model in order and nothing else, and framing by which that
  // is complete.
  [[nodiscard]] bool is_full() const;

 private:
  enum class Phase { head, fixed, until_close, chunk_size, chunk, chunk_end, trailers, complete, unreadable };

  void end_line();
  void end_head();
  void end_chunk_size();
  void take_content(std::string_view content);

  std::shared_ptr<const Bytes> model_;
  Phase phase_ = Phase::head;
  std::string lines_;                // of the head; of a chunk's size; of the trailers
  std::uint64_t remaining_ = 0;      // of the declared body or of the chunk
  std::uint64_t content_bytes_ = 0;  // so far, all of them right
  bool is_right_ = true;
  bool is_closed_ = false;
};

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_SENT_BODY_H
