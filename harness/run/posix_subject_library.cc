// Opens a shared library and looks at where the dynamic linker has bound it.
#include "harness/run/posix_subject_library.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include "harness/run/subject_stamp.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::Result;

tl::unexpected<modelcache::Error> refuse(const std::string& file, std::string_view detail) {
  return modelcache::fail(ErrorCode::invalid_argument, "load subject", file, detail);
}

// Where the object that an address belongs to begins in memory; 0 for an address of none.
std::uintptr_t object_of(const void* address) {
  Dl_info info;
  return ::dladdr(address, &info) != 0 ? reinterpret_cast<std::uintptr_t>(info.dli_fbase) : 0;
}

std::string readable(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(symbol, nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 ? text.get() : symbol;
}

// As mangled names spell the namespaces of the cache and of the laboratory.
bool is_of_ours(std::string_view symbol) {
  return symbol.find("10modelcache") != std::string_view::npos || symbol.find("8stampede") != std::string_view::npos;
}

// The tables of a loaded object that say which symbols it refers to, and where their addresses were written.
class Bindings {
 public:
  explicit Bindings(const link_map& library) : begin_(library.l_addr) {
    for (const ElfW(Dyn)* entry = library.l_ld; entry->d_tag != DT_NULL; ++entry) take(*entry);
  }

  // The first symbol of ours that was bound to another object; nothing where there is none. AddressSanitizer puts zones
  // that must not be read between variables, and the table of addresses lies among them.
  [[nodiscard]] __attribute__((no_sanitize("address"))) std::optional<std::string> foreign_symbol() const {
    for (const Table& table : {data_, calls_}) {
      for (std::size_t i = 0; i < table.bytes / sizeof(ElfW(Rela)); ++i) {
        const auto& place = reinterpret_cast<const ElfW(Rela)*>(table.begin)[i];
        const std::size_t number = number_of(place.r_info);
        if (number == 0) continue;
        const char* const name = text_ + reinterpret_cast<const ElfW(Sym)*>(symbols_)[number].st_name;
        const void* bound = nullptr;
        std::memcpy(static_cast<void*>(&bound), reinterpret_cast<const void*>(begin_ + place.r_offset), sizeof bound);
        if (is_of_ours(name) && object_of(bound) != begin_) return readable(name);
      }
    }
    return std::nullopt;
  }

 private:
  struct Table {
    std::uintptr_t begin = 0;
    std::size_t bytes = 0;
  };

  static std::size_t number_of(std::uint64_t info) {
    constexpr unsigned kBits = sizeof(void*) == 8 ? 32 : 8;  // ELF64_R_SYM, ELF32_R_SYM
    return static_cast<std::size_t>(info >> kBits);
  }

  void take(const ElfW(Dyn) & entry) {
    switch (entry.d_tag) {
      case DT_SYMTAB:
        symbols_ = entry.d_un.d_ptr;
        break;
      case DT_STRTAB:
        text_ = reinterpret_cast<const char*>(entry.d_un.d_ptr);
        break;
      case DT_RELA:
        data_.begin = entry.d_un.d_ptr;
        break;
      case DT_RELASZ:
        data_.bytes = entry.d_un.d_val;
        break;
      case DT_JMPREL:
        calls_.begin = entry.d_un.d_ptr;
        break;
      case DT_PLTRELSZ:
        calls_.bytes = entry.d_un.d_val;
        break;
      default:
        break;
    }
  }

  std::uintptr_t begin_;
  std::uintptr_t symbols_ = 0;
  const char* text_ = nullptr;
  Table data_, calls_;
};

Result<void> check_code(const std::string& file, const link_map& library, const SubjectPlugin& subject) {
  if (const auto foreign = Bindings(library).foreign_symbol()) {
    return refuse(file, "it would use another library's or the program's " + *foreign +
                            " instead of its own; build it with hidden visibility and -Bsymbolic");
  }
  if (subject.code_count == 0) return refuse(file, "it names no function of its cache, so nobody can tell whose runs");
  for (std::size_t i = 0; i < subject.code_count; ++i) {
    if (object_of(subject.code[i]) == library.l_addr) continue;
    return refuse(file, "function " + std::to_string(i) +
                            " of those that it names as its cache's lies outside of it; build it with hidden "
                            "visibility and -Bsymbolic");
  }
  if (object_of(reinterpret_cast<const void*>(subject.make_client)) != library.l_addr) {
    return refuse(file, "what makes its clients lies outside of it");
  }
  return {};
}

}  // namespace

std::string build_stamp() { return kSubjectStamp; }

Result<const SubjectPlugin*> load_subject(const std::string& file) {
  std::error_code error;
  const std::string path = std::filesystem::absolute(file, error).string();  // without a slash it would be searched for
  if (error || !std::filesystem::is_regular_file(path, error)) {
    return modelcache::fail(ErrorCode::not_found, "load subject", file, "no such file");
  }
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const reason = ::dlerror();
    return refuse(file, fmt::format("no shared library that can be used: {}", reason != nullptr ? reason : "?"));
  }
  link_map* library = nullptr;
  void* const symbol = ::dlsym(handle, kSubjectPluginSymbol);
  if (symbol == nullptr || ::dlinfo(handle, RTLD_DI_LINKMAP, static_cast<void*>(&library)) != 0 ||
      object_of(symbol) != library->l_addr) {
    return refuse(file, fmt::format("no subject plugin: expected a function {}", kSubjectPluginSymbol));
  }
  const SubjectPlugin* const subject = reinterpret_cast<const SubjectPlugin* (*)()>(symbol)();
  if (subject == nullptr || subject->version != kSubjectPluginVersion) {
    return refuse(file, fmt::format("of another version of the interface: expected {}, got {}", kSubjectPluginVersion,
                                    subject != nullptr ? std::to_string(subject->version) : "none"));
  }
  if (subject->stamp == nullptr || kSubjectStamp != std::string_view(subject->stamp)) {
    return refuse(file, fmt::format("of another build than this program: expected {}, got {}; build both again",
                                    kSubjectStamp, subject->stamp != nullptr ? subject->stamp : "none"));
  }
  if (auto checked = check_code(file, *library, *subject); !checked) return modelcache::fail(checked.error());
  return subject;
}

}  // namespace stampede
