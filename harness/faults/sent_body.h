// Decides, from the bytes that were really written, whether a connection sent the whole model.
#ifndef STAMPEDE_FAULTS_SENT_BODY_H
#define STAMPEDE_FAULTS_SENT_BODY_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace stampede {

// Believes no script: it reads the head as a client would, and follows the body's ranges as they go out.
// Owned by one thread.
class SentBody {
 public:
  explicit SentBody(std::uint64_t model_size_bytes) : model_size_bytes_(model_size_bytes) {}

  // The whole head, once all of it was written. Called at most once, before anything of the body.
  void sent_head(std::string_view head);
  // `count` bytes of the model from `begin` on.
  void sent_model(std::uint64_t begin, std::uint64_t count);
  // Bytes that are not the model's.
  void sent_other(std::uint64_t count);
  // A FIN: the end of a body whose length was not declared.
  void sent_fin() { is_closed_ = true; }

  // Status 200, every byte of the model in order and nothing else, and framing by which that is complete.
  [[nodiscard]] bool is_full() const;

 private:
  std::uint64_t model_size_bytes_;
  std::uint64_t in_order_bytes_ = 0;
  std::optional<std::uint64_t> declared_bytes_;
  bool is_good_head_ = false;
  bool is_right_ = true;
  bool is_closed_ = false;
};

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_SENT_BODY_H
