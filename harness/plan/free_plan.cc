// How an operation is named in its URL, and read back from the ledger.
#include "harness/plan/free_plan.h"

#include <charconv>
#include <string_view>

namespace stampede {
namespace {

constexpr std::string_view kQuery = "?operation=";

}  // namespace

std::string query_of(std::size_t operation) { return std::string(kQuery) + std::to_string(operation); }

std::optional<std::size_t> operation_of(const LedgerEntry& entry) {
  const std::size_t at = entry.target.find(kQuery);
  if (at == std::string::npos) return std::nullopt;
  const char* const begin = entry.target.data() + at + kQuery.size();
  const char* const end = entry.target.data() + entry.target.size();
  std::size_t operation = 0;
  const auto [stop, error] = std::from_chars(begin, end, operation);
  if (error != std::errc() || (stop != end && *stop != '&')) return std::nullopt;
  return operation;
}

bool served_well(const LedgerEntry& entry) {
  if (redirects_well(entry.fault)) return false;  // the connection that follows is the one that serves
  if (is_harmless(entry)) return true;
  const bool resets =
      has_part(entry.fault, FaultKind::reset_in_body) || has_part(entry.fault, FaultKind::headers_then_reset);
  return entry.full_body_sent && !resets && !is_refusable(entry.fault);
}

}  // namespace stampede
