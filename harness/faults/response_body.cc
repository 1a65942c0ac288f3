// Changes contents and frames them (RFC 9112, 6 and 7; gzip: RFC 1952 with stored blocks, RFC 1951, 3.2.4).
#include "harness/faults/response_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <string_view>
#include <utility>

namespace stampede {
namespace {

constexpr std::uint64_t kZeroedBytesMax = 4096;
// A version differs in one byte of each block, so that no half of it passes for a half of another.
constexpr std::uint64_t kVersionBlockBytes = 4096;
constexpr std::uint64_t kStoredBlockBytesMax = 65'535;
// At least four chunks where there are four bytes, so that there is a middle.
constexpr std::uint64_t kChunksMin = 4;
constexpr std::uint64_t kChunkBytesMax = 64 * 1024;

std::uint64_t size_of(const BodyPiece& piece) {
  if (const auto* text = std::get_if<SendText>(&piece)) return text->bytes.size();
  const auto& range = std::get<SendBody>(piece);
  return range.end - range.begin;
}

Body whole(const Model& model) {
  Body body;
  if (!model.bytes->empty()) body.emplace_back(SendBody{0, model.bytes->size()});
  return body;
}

// The model with the bytes from `begin` on replaced by `text`.
Body replaced(const Model& model, std::uint64_t begin, std::string text) {
  const std::uint64_t end = begin + text.size();
  const Body all = whole(model);
  Body body = slice_of(all, 0, begin);
  append(body, std::move(text));
  append(body, slice_of(all, end, model.bytes->size()));
  return body;
}

Body flipped(const Model& model, std::uint64_t at_bytes) {
  const Bytes& bytes = *model.bytes;
  if (bytes.empty()) return {};
  const std::uint64_t at = std::min<std::uint64_t>(at_bytes, bytes.size() - 1);
  return replaced(model, at, std::string(1, static_cast<char>(~bytes[at])));
}

Body zeroed(const Model& model, std::uint64_t at_bytes) {
  const std::uint64_t size = model.bytes->size();
  const std::uint64_t begin = std::min(at_bytes, size);
  return replaced(model, begin, std::string(std::min(kZeroedBytesMax, size - begin), '\0'));
}

Body swapped(const Model& model) {
  const Body all = whole(model);
  const std::uint64_t half = model.bytes->size() / 2;
  Body body = slice_of(all, half, model.bytes->size());
  append(body, slice_of(all, 0, half));
  return body;
}

Body other_version(const Model& model, std::uint64_t version) {
  const Bytes& bytes = *model.bytes;
  if (version == 0) return whole(model);
  const std::byte difference{static_cast<unsigned char>((version - 1) % 255 + 1)};
  Body body;
  for (std::uint64_t begin = 0; begin < bytes.size(); begin += kVersionBlockBytes) {
    append(body, std::string(1, static_cast<char>(bytes[begin] ^ difference)));
    const std::uint64_t end = std::min<std::uint64_t>(begin + kVersionBlockBytes, bytes.size());
    if (begin + 1 < end) body.emplace_back(SendBody{begin + 1, end});
  }
  return body;
}

std::string little_endian(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((number >> (8 * i)) & 0xff);
  return text;
}

Body gzipped(const Model& model) {
  const std::uint64_t size = model.bytes->size();
  Body body;
  append(body, std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
  std::uint64_t begin = 0;
  do {
    const std::uint64_t end = std::min(begin + kStoredBlockBytesMax, size);
    const std::uint64_t length = end - begin;
    append(body, (end == size ? "\x01" : std::string(1, '\0')) + little_endian(length, 2) + little_endian(~length, 2));
    if (length > 0) body.emplace_back(SendBody{begin, end});
    begin = end;
  } while (begin < size);
  boost::crc_32_type checksum;
  checksum.process_bytes(model.bytes->data(), size);
  append(body, little_endian(checksum.checksum(), 4) + little_endian(size, 4));
  return body;
}

// A line that says a chunk's size, the chunk, a line end.
void append_chunk(Body& wire, const std::string& size_line, const Body& data) {
  append(wire, size_line + "\r\n");
  append(wire, data);
  append(wire, "\r\n");
}

FramedBody chunked(const Body& body, FaultKind kind) {
  const std::uint64_t size = size_of(body);
  const std::uint64_t step = std::clamp<std::uint64_t>(size / kChunksMin, 1, kChunkBytesMax);
  const std::uint64_t count = (size + step - 1) / step;
  FramedBody result{.fields = "Transfer-Encoding: chunked\r\n", .wire = {}, .is_cut = false};
  result.is_cut = kind == FaultKind::chunked_cut || kind == FaultKind::chunked_no_last;
  if (kind == FaultKind::chunked_trailers) result.fields += "Trailer: X-Served-By\r\n";
  const bool is_bad = kind == FaultKind::chunked_bad_size;
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool is_middle = i == count / 2;
    if (is_middle && kind == FaultKind::chunked_cut) return result;
    const Body data = slice_of(body, i * step, std::min(size, (i + 1) * step));
    append_chunk(result.wire, is_middle && is_bad ? "some" : fmt::format("{:x}", size_of(data)), data);
  }
  if (result.is_cut) return result;
  append(result.wire, is_bad && count == 0 ? "none\r\n" : "0\r\n");
  append(result.wire, kind == FaultKind::chunked_trailers ? "X-Served-By: stampede\r\n\r\n" : "\r\n");
  return result;
}

std::string length_field(std::uint64_t length) { return fmt::format("Content-Length: {}\r\n", length); }

}  // namespace

std::uint64_t size_of(const Body& body) {
  std::uint64_t size = 0;
  for (const BodyPiece& piece : body) size += size_of(piece);
  return size;
}

Body slice_of(const Body& body, std::uint64_t begin, std::uint64_t end) {
  Body slice;
  std::uint64_t at = 0;  // of the piece
  for (const BodyPiece& piece : body) {
    const std::uint64_t from = std::max(begin, at) - at;
    const std::uint64_t to = std::min(end, at + size_of(piece)) - std::min(end, at);
    at += size_of(piece);
    if (from >= to) continue;
    if (const auto* text = std::get_if<SendText>(&piece)) {
      slice.emplace_back(SendText{text->bytes.substr(from, to - from)});
    } else {
      const std::uint64_t base = std::get<SendBody>(piece).begin;
      slice.emplace_back(SendBody{base + from, base + to});
    }
  }
  return slice;
}

void append(Body& body, const Body& more) { body.insert(body.end(), more.begin(), more.end()); }

void append(Body& body, std::string text) {
  if (!text.empty()) body.emplace_back(SendText{std::move(text)});
}

std::uint64_t version_of(const FaultTurn& turn, std::uint64_t requests_before) {
  for (const FaultKind kind : {FaultKind::other_version_same_etag, FaultKind::other_version_new_etag}) {
    if (const NetworkFault* part = find_part(turn, kind)) return part->count > 0 ? part->count : requests_before;
  }
  return 0;
}

Body content_of(const FaultTurn& turn, const Model& model, std::uint64_t version) {
  for (const NetworkFault& part : turn.parts) {
    switch (part.kind) {
      case FaultKind::flip_byte:
        return flipped(model, part.at_bytes);
      case FaultKind::zero_bytes:
        return zeroed(model, part.at_bytes);
      case FaultKind::swap_halves:
        return swapped(model);
      case FaultKind::other_version_same_etag:
      case FaultKind::other_version_new_etag:
        return other_version(model, version);
      case FaultKind::content_encoding:
        return gzipped(model);
      default:
        break;
    }
  }
  return whole(model);
}

FramedBody framed(const FaultTurn& turn, const Body& body) {
  const std::uint64_t size = size_of(body);
  for (const NetworkFault& part : turn.parts) {
    switch (part.kind) {
      case FaultKind::length_too_short:
        return {.fields = length_field(size == 0 ? 0 : size - 1), .wire = body};
      case FaultKind::length_too_long:
        return {.fields = length_field(size + 1), .wire = body};
      case FaultKind::length_missing:
        return {.fields = "", .wire = body};
      case FaultKind::length_twice:
        return {.fields = length_field(size) + length_field(size + 1), .wire = body};
      case FaultKind::length_not_a_number:
        return {.fields = "Content-Length: many\r\n", .wire = body};
      case FaultKind::chunked_bad_size:
      case FaultKind::chunked_no_last:
      case FaultKind::chunked_cut:
      case FaultKind::chunked_trailers:
        return chunked(body, part.kind);
      default:
        break;
    }
  }
  return {.fields = length_field(size), .wire = body};
}

}  // namespace stampede
