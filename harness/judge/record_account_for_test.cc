// Prints each field of a record's facts.
#include "harness/judge/record_account_for_test.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace stampede {
namespace {

constexpr std::string_view kPlaces[] = {"outside", "root",     "directory", "entry",  "temporary",
                                        "lock",    "manifest", "set_aside", "unknown"};

std::string text_of(VirtualTime time) { return print_time(time); }
std::string text_of(ErrorCodes codes) { return "(" + codes.text() + ")"; }
std::string text_of(Place place) { return std::string(kPlaces[static_cast<std::size_t>(place)]); }
template <class Number>
  requires std::is_integral_v<Number>
std::string text_of(Number number) {
  return std::to_string(number);
}
template <class Value>
std::string text_of(const std::optional<Value>& value) {
  return value ? text_of(*value) : "none";
}

// "name=value" for what is not as at first.
class Line {
 public:
  explicit Line(std::string head) : text_(std::move(head)) {}
  template <class Value>
  Line& add(const char* name, const Value& value, const Value& first = {}) {
    if (!(value == first)) text_ += std::string(" ") + name + "=" + text_of(value);
    return *this;
  }
  Line& say(bool holds, const std::string& what) {
    if (holds) text_ += " " + what;
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string text_of(const modelcache::FileStamp& stamp) {
  return std::to_string(stamp.size_bytes) + "/" + std::to_string(stamp.inode);
}

std::string text_of(const RunRecord& record, std::uint32_t number, const ProcessFacts& facts) {
  Line line("process " + std::to_string(number) + ":");
  line.say(!facts.is_alive, "dead").add("ended_at", facts.ended_at).say(facts.has_begun, "begun");
  line.add("own_steps", facts.own_steps).add("operations", facts.operations_ended);
  line.add("start", facts.start.moment).add("start_time", facts.start.time).add("start_step", facts.start.own_step);
  line.add("last", facts.last_at).add("previous", facts.previous_at);
  line.add("codes", facts.codes).add("opening", facts.opening_codes);
  for (const auto& [step, codes] : facts.early_codes) line.say(true, "early@" + text_of(step) + text_of(codes));
  line.add("opened", facts.opened).add("closed", facts.closed);
  line.add("connects", facts.connects).add("tries", facts.tries).add("interrupted", facts.interrupted);
  line.add("network_wait", facts.network_wait, kNoWait).add("signal", facts.signal_at);
  line.add("last_write", facts.last_write).add("swept", facts.swept);
  if (facts.blocked_by) line.say(true, "blocked_by=" + record.locks().at(*facts.blocked_by).name);
  line.say(facts.writes_in_place, "writes_in_place").say(facts.met_failure, "met_failure");
  line.say(facts.met_any_failure, "met_any_failure");
  for (const std::size_t lock : facts.gave_up) line.say(true, "gave_up=" + record.locks().at(lock).name);
  line.add("entries_synced", facts.entries_synced_at).add("files", facts.open_files);
  line.add("directories", facts.open_directories).add("temporaries", facts.temporaries);
  line.add("unremoved", facts.unremoved).say(facts.is_after_connect, "after_connect");
  line.add("connection", facts.connection);
  for (const Pause& pause : facts.pauses) {
    line.say(true, "pause=" + text_of(pause.asked) + "/" + text_of(pause.connection));
  }
  for (const FailedStep& failed : facts.failed) {
    line.say(true, "failed=" + std::string(name_of(failed.kind)) + "/" + text_of(failed.file) + "@" +
                       text_of(failed.own_step));
  }
  for (const FileNumber file : facts.published) line.say(true, "published=" + text_of(file));
  return line.text();
}

std::string text_of(const RunRecord& record, const EntryFacts& entry) {
  Line line("entry " + entry.key + ":");
  line.add("model", entry.model).add("file", entry.file).add("version", entry.version);
  for (const auto& [name, truth] : {std::pair{"present", &entry.present}, std::pair{"good", &entry.good},
                                    std::pair{"listed", &entry.listed}, std::pair{"recorded", &entry.recorded}}) {
    line.say(truth->now(), name);
    // When it was the other last.
    for (Moment moment = record.moment() + 1; moment-- > 0;) {
      if (truth->was(!truth->now(), moment)) {
        line.say(true, std::string(name) + "_other_until=" + text_of(moment));
        break;
      }
    }
  }
  line.add("losses", entry.losses).add("changed", entry.changed_at).add("named", entry.named_at);
  line.add("by", entry.named_by).say(!entry.is_name_durable, "not_durable").say(entry.had_no_lock, "had_no_lock");
  if (entry.record) line.say(true, "record=" + text_of(*entry.record));
  if (entry.stale_record) line.say(true, "stale=" + text_of(*entry.stale_record));
  line.say(record.is_unguarded(entry), "unguarded").say(record.does_lock_lie(entry), "lock_lies");
  return line.text();
}

std::string text_of(const RunRecord& record, const Change& change) {
  Line line("change:");
  line.add("place", change.place, Place::root).add("to", change.to_place, Place::root);
  if (change.entry != nullptr) line.say(true, "entry=" + change.entry->key);
  line.add("had", change.entry_had).say(change.entry_was_good, "was_good").say(change.gave_name, "gave_name");
  if (change.lost != nullptr) line.say(true, "lost=" + change.lost->key);
  line.say(change.lost_was_good, "lost_was_good").say(change.is_manifest, "manifest");
  line.say(change.manifest_was_good, "manifest_was_good").say(change.is_published, "is_published");
  line.add("robbed", change.robbed).add("other_holder", change.other_holder);
  if (change.lock != 0) line.say(true, "lock=" + record.locks().at(change.lock).name);
  return line.text();
}

std::string text_of_run(const RunRecord& record) {
  Line line("run:");
  line.say(true, std::string(name_of(record.stage())));
  line.add("moment", record.moment()).add("now", record.now()).add("by", record.last_process());
  line.say(record.do_locks_lie(), "locks_lie").say(record.does_manifest_lock_lie(), "manifest_lock_lies");
  line.say(!record.is_clean(), "not_clean").say(record.has_given_up_manifest(), "gave_up_manifest");
  line.say(record.may_lie_by_url(), "may_lie_by_url");
  line.add("manifest_by", record.manifest_named_by()).add("manifest_named", record.manifest_named_at());
  line.add("manifest_changed", record.manifest_changed_at());
  line.add("first_connection", record.first_connection_of_stage());
  line.say(!record.durability().is_root_named, "root_unnamed");
  line.say(!record.durability().is_entries_named, "entries_unnamed");
  line.say(!record.durability().is_manifest_named, "manifest_unnamed");
  return line.text();
}

}  // namespace

std::vector<std::string> account_of(History& history) {
  const RunRecord& record = history.record();
  std::vector<std::string> lines = {text_of_run(record), text_of(record, record.change())};
  std::uint32_t number = 0;
  for (const ProcessFacts& facts : record.processes()) lines.push_back(text_of(record, number++, facts));
  for (const EntryFacts& entry : record.entries()) lines.push_back(text_of(record, entry));
  for (const LockFacts& lock : record.locks()) {
    Line line("lock " + lock.name + ":");
    line.add("holder", lock.holder).say(lock.is_shared, "shared").say(lock.lies, "lies");
    lines.push_back(line.text());
  }
  for (const TemporaryFacts& each : record.temporaries()) {
    Line line("temporary " + each.path + ":");
    line.add("file", each.file).add("owner", each.owner).say(!each.is_of_stage, "earlier");
    line.add("made", each.made_at).add("refused", each.refused_at).say(each.lies, "lies");
    lines.push_back(line.text());
  }
  for (const ConnectionFacts& each : record.connections()) {
    lines.push_back("connection of " + text_of(each.process) + "." + text_of(each.operation) + " at " +
                    text_of(each.moment));
  }
  for (std::string& line : lines) {
    for (std::size_t model = 0; model <= history.plan().models.size(); ++model) {
      const std::string key = history.key(model);
      for (std::size_t at = line.find(key); at != std::string::npos; at = line.find(key)) {
        line.replace(at, key.size(), "{" + std::to_string(model) + "}");
      }
    }
  }
  return lines;
}

void expect_accounts(const std::vector<AccountRow>& rows) {
  Plan plan = plan_of({OperationKind::get, OperationKind::get});
  plan.models.push_back({"m1", 20});
  plan.processes.push_back({.operations = {{OperationKind::get, 1}, {OperationKind::get_by_url, 0}}});
  for (const AccountRow& row : rows) {
    History history(plan);
    history.record();
    row.steps(history.by(0));
    EXPECT_EQ(account_of(history), row.lines) << row.what;
  }
}

}  // namespace stampede
