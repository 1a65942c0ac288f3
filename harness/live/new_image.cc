// Finds the vDSO's functions in our own, which is the same file, and writes system calls over them.
#include "harness/live/new_image.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/live/owned_fd.h"
#include "harness/live/process_memory.h"

namespace stampede {
namespace {

struct ReplacedFunction {
  std::uint64_t offset = 0;  // from the vDSO's first byte
  std::vector<unsigned char> code;
};

#if defined(__x86_64__)
// mov eax, number; syscall; ret
std::vector<unsigned char> code_of_call(std::uint32_t number) {
  std::vector<unsigned char> code{0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0xc3};
  std::memcpy(code.data() + 1, &number, sizeof number);
  return code;
}
// mov rax, -ENOSYS; ret
std::vector<unsigned char> code_of_refusal() {
  std::vector<unsigned char> code{0x48, 0xc7, 0xc0, 0, 0, 0, 0, 0xc3};
  const std::int32_t value = -ENOSYS;
  std::memcpy(code.data() + 3, &value, sizeof value);
  return code;
}
constexpr std::string_view kPrefix = "__vdso_";
#else
std::vector<unsigned char> code_of(std::span<const std::uint32_t> instructions) {
  std::vector<unsigned char> code(instructions.size_bytes());
  std::memcpy(code.data(), instructions.data(), code.size());
  return code;
}
constexpr std::uint32_t kRet = 0xd65f03c0;
// movz x8, number; svc 0; ret
std::vector<unsigned char> code_of_call(std::uint32_t number) {
  const std::array<std::uint32_t, 3> instructions{0xd2800008 | number << 5, 0xd4000001, kRet};
  return code_of(instructions);
}
// movn x0, ENOSYS - 1; ret
std::vector<unsigned char> code_of_refusal() {
  const std::array<std::uint32_t, 2> instructions{0x92800000 | (ENOSYS - 1) << 5, kRet};
  return code_of(instructions);
}
constexpr std::string_view kPrefix = "__kernel_";
#endif

std::vector<unsigned char> replacement_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return {};
  name.remove_prefix(kPrefix.size());
  if (name == "clock_gettime") return code_of_call(__NR_clock_gettime);
  if (name == "gettimeofday") return code_of_call(__NR_gettimeofday);
#ifdef __NR_time
  if (name == "time") return code_of_call(__NR_time);
#endif
  if (name == "getrandom") return code_of_refusal();  // libraries then use the system call
  return {};
}

// Every ELF file that the kernel maps as vDSO has dynamic symbols with their names, and all functions in one segment.
std::vector<ReplacedFunction> find_functions() {
  std::vector<ReplacedFunction> found;
  const auto* const base = reinterpret_cast<const unsigned char*>(::getauxval(AT_SYSINFO_EHDR));
  if (base == nullptr) return found;
  const auto& header = *reinterpret_cast<const ElfW(Ehdr)*>(base);
  const auto* const segments = reinterpret_cast<const ElfW(Phdr)*>(base + header.e_phoff);
  const ElfW(Dyn)* dynamic = nullptr;
  std::uint64_t load_address = 0;
  for (int i = 0; i < header.e_phnum; ++i) {
    if (segments[i].p_type == PT_LOAD) load_address = segments[i].p_vaddr - segments[i].p_offset;
    if (segments[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(base + segments[i].p_offset);
    }
  }
  if (dynamic == nullptr) return found;
  const char* names = nullptr;
  const ElfW(Sym)* symbols = nullptr;
  const auto at = [&](ElfW(Addr) address) { return base + (address - load_address); };
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(at(dynamic->d_un.d_ptr));
    if (dynamic->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(at(dynamic->d_un.d_ptr));
  }
  if (names == nullptr || symbols == nullptr) return found;
  // The table of names follows that of symbols, in every vDSO so far; a hash table would tell its size.
  const auto count = static_cast<std::size_t>(reinterpret_cast<const unsigned char*>(names) -
                                              reinterpret_cast<const unsigned char*>(symbols)) /
                     sizeof(ElfW(Sym));
  constexpr std::size_t kSymbolsMax = 64;
  for (std::size_t i = 0; i < count && i < kSymbolsMax; ++i) {
    if (symbols[i].st_shndx == SHN_UNDEF) continue;
    std::vector<unsigned char> code = replacement_of(names + symbols[i].st_name);
    if (!code.empty() && symbols[i].st_size >= code.size()) {
      found.push_back({symbols[i].st_value - load_address, std::move(code)});
    }
  }
  return found;
}

// Of /proc/PID/auxv; 0 where there is none.
struct ImageAddresses {
  std::uint64_t vdso = 0, random = 0;
};
bool find_addresses(const std::string& directory, ImageAddresses& addresses) {
  std::array<ElfW(auxv_t), 64> vector{};
  const OwnedFd file(::open((directory + "/auxv").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return false;
  const ssize_t size = ::read(file.get(), vector.data(), sizeof vector);
  if (size <= 0) return false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(size) / sizeof vector[0]; ++i) {
    if (vector[i].a_type == AT_SYSINFO_EHDR) addresses.vdso = vector[i].a_un.a_val;
    if (vector[i].a_type == AT_RANDOM) addresses.random = vector[i].a_un.a_val;
  }
  return true;
}

}  // namespace

const char* tame_new_image(pid_t process, std::uint64_t seed) {
  static const std::vector<ReplacedFunction> functions = find_functions();
  const std::string directory = "/proc/" + std::to_string(process);
  ImageAddresses addresses;
  if (!find_addresses(directory, addresses)) return "its auxiliary vector cannot be read";
  if (addresses.random != 0) {
    const std::array<std::uint64_t, 2> bytes{seed, ~seed};
    (void)write_value(process, addresses.random, bytes);
  }
  if (addresses.vdso == 0) return nullptr;
  if (functions.empty()) return "the functions of the vDSO are not where they used to be";
  const OwnedFd memory(::open((directory + "/mem").c_str(), O_RDWR | O_CLOEXEC));
  if (!memory.is_open()) return "its memory cannot be written";
  for (const ReplacedFunction& function : functions) {
    const auto place = static_cast<off_t>(addresses.vdso + function.offset);
    if (::pwrite(memory.get(), function.code.data(), function.code.size(), place) !=
        static_cast<ssize_t>(function.code.size())) {
      return "this kernel lets nobody write into its vDSO (proc_mem.force_override)";
    }
  }
  return nullptr;
}

}  // namespace stampede
