// A main that gives files to a fuzz target, each once: the corpus as a test, and findings without an engine.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

// All regular files at or below `path`, sorted. Empty, with a message, when there is none.
std::vector<fs::path> inputs_at(const fs::path& path) {
  std::vector<fs::path> files;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      if (it->is_regular_file()) files.push_back(it->path());
    }
    std::sort(files.begin(), files.end());
  } else if (fs::exists(path, error)) {
    files.push_back(path);
  }
  if (error) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), error.message().c_str());
    return {};
  }
  if (files.empty()) std::fprintf(stderr, "%s: no input there\n", path.c_str());
  return files;
}

bool read_count(std::string_view text, std::size_t& count) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc() && end == text.data() + text.size();
}

bool replay(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) {
    std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
    return false;
  }
  // A copy of exactly this size, so that a sanitizer sees one byte read too far.
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  std::fprintf(stderr, "%s\n", file.c_str());  // the last line before a crash names the input
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  return true;
}

int run(int argc, char** argv) {
  const bool is_counted = argc > 2 && std::string_view(argv[1]) == "--expect";
  std::size_t expected = 0;
  const int first = is_counted ? 3 : 1;
  if (argc <= first || argv[first][0] == '-' || (is_counted && !read_count(argv[2], expected))) {
    std::fprintf(stderr,
                 "usage: %s [--expect COUNT] FILE|FOLDER...\n"
                 "exit status: 0 all held; 1 no input, unreadable, or another count; 2 usage\n",
                 argv[0]);
    return 2;
  }
  std::size_t count = 0;
  bool all_read = true;
  for (int i = first; i < argc; ++i) {
    const auto files = inputs_at(argv[i]);
    all_read = all_read && !files.empty();
    for (const auto& file : files) {
      if (replay(file)) {
        ++count;
      } else {
        all_read = false;
      }
    }
  }
  std::printf("%zu inputs replayed\n", count);
  if (is_counted && count != expected) std::fprintf(stderr, "there are %zu, so the caller counted\n", expected);
  return all_read && (!is_counted || count == expected) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
  }
}
