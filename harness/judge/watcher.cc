// Words and look-ups that several watchers need.
#include "harness/judge/watcher.h"

namespace stampede {

ErrorCodes possible_codes(const RunRecord& record, const Ledger& ledger, const EndedOperation& ended) {
  ErrorCodes codes = ended.codes;
  const bool has_checksum = ended.operation.kind != OperationKind::get_by_url;
  for_each_connection(record, ledger, ended.process, ended.index, [&](const LedgerEntry& entry) {
    codes |= has_checksum ? codes_of(entry) : codes_without_checksum(entry);
  });
  return codes;
}

std::uint32_t redirects(const RunRecord& record, const Ledger& ledger, const EndedOperation& ended) {
  std::uint32_t count = 0;
  for_each_connection(record, ledger, ended.process, ended.index,
                      [&](const LedgerEntry& entry) { count += entry.status / 100 == 3 ? 1 : 0; });
  return count;
}

std::string process_name(std::uint32_t process) { return "process " + std::to_string(process); }

std::string object_of(const RunRecord& record, const EndedOperation& ended) {
  if (!names_model(ended.operation.kind)) return std::string(name_of(ended.operation.kind));
  return record.models()[ended.operation.model].name;
}

std::string describe(const RunRecord& record, const EndedOperation& ended) {
  std::string text = process_name(ended.process) + ", operation " + std::to_string(ended.index) + " (" +
                     std::string(name_of(ended.operation.kind));
  if (names_model(ended.operation.kind)) text += " of " + record.models()[ended.operation.model].name;
  return text + ")";
}

}  // namespace stampede
