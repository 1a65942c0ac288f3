// Bytes of a file that written and durable state share until one of them changes.
#ifndef STAMPEDE_SIM_SHARED_BYTES_H
#define STAMPEDE_SIM_SHARED_BYTES_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace stampede {

// Buffers that keep their memory from one use to the next. Owned by one thread; outlives the SharedBytes made of it.
class BytesPool {
 public:
  struct Buffer {
    std::vector<std::byte> bytes;
    std::uint32_t users = 0;
  };

  Buffer* take() {
    if (free_.empty()) {
      buffers_.push_back(std::make_unique<Buffer>());
      free_.push_back(buffers_.back().get());
    }
    Buffer* const buffer = free_.back();
    free_.pop_back();
    buffer->users = 1;
    return buffer;
  }
  void give_back(Buffer* buffer) {
    if (--buffer->users > 0) return;
    buffer->bytes.clear();
    if (buffer->bytes.capacity() > kKeptBytesMax) std::vector<std::byte>().swap(buffer->bytes);
    free_.push_back(buffer);
  }

 private:
  // Larger buffers go back to the heap: a run has at most a few of them.
  static constexpr std::size_t kKeptBytesMax = 64 * 1024;

  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<Buffer*> free_;
};

// A value: copies are cheap, and a change of one is not seen in the others. Empty without a buffer.
class SharedBytes {
 public:
  SharedBytes() = default;
  SharedBytes(const SharedBytes& other) : pool_(other.pool_), buffer_(other.buffer_) {
    if (buffer_ != nullptr) ++buffer_->users;
  }
  SharedBytes& operator=(const SharedBytes& other) {
    if (buffer_ == other.buffer_) return *this;
    clear();
    pool_ = other.pool_;
    buffer_ = other.buffer_;
    if (buffer_ != nullptr) ++buffer_->users;
    return *this;
  }
  ~SharedBytes() { clear(); }

  [[nodiscard]] const std::vector<std::byte>& get() const {
    static const std::vector<std::byte> nothing;
    return buffer_ == nullptr ? nothing : buffer_->bytes;
  }
  // To change them; `pool` gives the memory.
  std::vector<std::byte>& own(BytesPool& pool) {
    if (buffer_ == nullptr) {
      buffer_ = pool.take();
    } else if (buffer_->users > 1) {
      BytesPool::Buffer* const copy = pool.take();
      copy->bytes = buffer_->bytes;
      --buffer_->users;
      buffer_ = copy;
    }
    pool_ = &pool;
    return buffer_->bytes;
  }
  void clear() {
    if (buffer_ != nullptr) pool_->give_back(std::exchange(buffer_, nullptr));
  }
  [[nodiscard]] bool shares_with(const SharedBytes& other) const { return buffer_ == other.buffer_; }

 private:
  BytesPool* pool_ = nullptr;
  BytesPool::Buffer* buffer_ = nullptr;
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SHARED_BYTES_H
