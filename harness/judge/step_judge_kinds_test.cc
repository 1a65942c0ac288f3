// Each kind of step that a watcher listens to trips it, at that step.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "harness/judge/history_for_test.h"
#include "harness/judge/watchers.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::OpenMode;
using Lines = std::vector<std::string>;

// Of process 0, which gets the first model, as process 1 does; the first is warm, and there is a second.
struct Row {
  std::string_view id;
  StepKind kind;
  std::function<void(History&)> steps;
  Lines lines;  // what the last step adds, {0} and {1} for the entries' paths
};

Step on_path(StepKind kind, const char* path) {
  Step step;
  step.kind = kind;
  step.path = path;
  return step;
}

const Bytes kGarbage(3, std::byte{'x'});

std::string bad_manifest(History& h) {
  const std::string temporary = h.temporary("manifest");
  h.open(temporary, OpenMode::create_new);
  h.write(temporary, h.disk().file_at(temporary), kGarbage);
  h.sync_file(temporary, h.disk().file_at(temporary));
  return temporary;
}

const std::vector<Row>& rows_of_files() {
  static const std::vector<Row> all = {
      {"visible_means_complete",
       StepKind::open,
       [](History& h) { h.open(h.entry(1), OpenMode::open_or_create); },
       {"visible_means_complete of m1 at run 32 by 0: {1} holds 0 bytes with SHA-256 "
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},
      {"visible_means_complete",
       StepKind::rename,
       [](History& h) { h.rename(opened_temporary(h), h.entry(1)); },
       {"visible_means_complete of m1 at run 33 by 0: {1} holds 0 bytes with SHA-256 "
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},
      {"visible_means_complete",
       StepKind::link,
       [](History& h) { h.link(opened_temporary(h), h.entry(1)); },
       {"visible_means_complete of m1 at run 33 by 0: {1} holds 0 bytes with SHA-256 "
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},
      {"visible_means_complete",
       StepKind::write,
       [](History& h) { h.write("x", h.disk().file_at(h.entry(0)), Bytes(100)); },
       {"visible_means_complete of m0 at run 32 by 0: {0} holds 100 bytes with SHA-256 "
        "cd00e292c5970d3c5e2f0ffa5171e555bc46bfc4faddfb4a418b6840b86e79a3",
        "published_bytes_never_change of x at run 32 by 0: process 0 changed the published file that it opened as x"}},
      {"visible_means_complete",
       StepKind::truncate,
       [](History& h) { h.truncate("x", h.disk().file_at(h.entry(0)), 99); },
       {"visible_means_complete of m0 at run 32 by 0: {0} holds 99 bytes with SHA-256 "
        "2e2a43a2e0b68288d2c972d00cbbb4139c679774aa68f1381984a7e175726c1d",
        "published_bytes_never_change of x at run 32 by 0: process 0 changed the published file that it opened as x"}},
      {"visible_means_complete",
       StepKind::make_directory,
       [](History& h) { h.make_directory("entries/x"); },
       {"visible_means_complete of entries/x at run 32 by 0: entries/x is a directory"}},
      {"published_bytes_never_change",
       StepKind::write,
       [](History& h) { h.write(h.entry(0), h.disk().file_at(h.entry(0)), *h.model(0).bytes); },
       {"published_bytes_never_change of m0 at run 32 by 0: process 0 changed the published file that it opened as "
        "{0}"}},
      {"published_bytes_never_change",
       StepKind::truncate,
       [](History& h) { h.truncate("manifest.json", h.disk().file_at("manifest.json"), 0); },
       {"published_bytes_never_change of manifest.json at run 32 by 0: process 0 changed the published file that it "
        "opened as manifest.json",
        "manifest_always_parses of manifest.json at run 32 by 0: process 0 left a manifest that does not parse: no "
        "JSON at byte 1"}},
      {"no_entry_vanishes",
       StepKind::unlink,
       [](History& h) { h.unlink(h.entry(0)); },
       {"no_entry_vanishes of m0 at run 32 by 0: process 0 took the good entry {0} away, and nobody told it to"}},
      {"no_entry_vanishes",
       StepKind::rename,
       [](History& h) { h.rename(h.entry(0), "tmp/x"); },
       {"no_entry_vanishes of m0 at run 32 by 0: process 0 took the good entry {0} away, and nobody told it to"}},
      {"only_the_dead_are_swept",
       StepKind::unlink,
       [](History& h) {
         const std::string temporary = h.stage(1);
         h.by(1).unlink(temporary);
       },
       {"only_the_dead_are_swept of m1 at run 35 by 1: process 1 took "
        "tmp/sha256-9393e30255992b81a82a52a2a21a22b58ac9c5958ecf56ba31f5e2582e5a4b71.1.64.1.3.tmp away from process 0, "
        "which lives"}},
      {"only_the_dead_are_swept",
       StepKind::rename,
       [](History& h) {
         const std::string temporary = h.stage(1);
         h.by(1).rename(temporary, "tmp/x");
       },
       {"only_the_dead_are_swept of m1 at run 35 by 1: process 1 took "
        "tmp/sha256-9393e30255992b81a82a52a2a21a22b58ac9c5958ecf56ba31f5e2582e5a4b71.1.64.1.3.tmp away from process 0, "
        "which lives"}},
      {"published_modes",
       StepKind::make_directory,
       [](History& h) {
         h.disk().make("x", modelcache::FileType::directory, 0700);
         h.take(on_path(StepKind::make_directory, "x"));
       },
       {"published_modes of x at run 32 by 0: x has mode 0700"}},
      {"published_modes",
       StepKind::rename,
       [](History& h) {
         const std::string temporary = h.stage(1);
         h.disk().set_mode(h.disk().file_at(temporary), 0600);
         h.rename(temporary, h.entry(1));
       },
       {"published_modes of m1 at run 35 by 0: {1} has mode 0600"}},
      {"published_modes",
       StepKind::link,
       [](History& h) {
         const std::string temporary = h.stage(1);
         h.disk().set_mode(h.disk().file_at(temporary), 0666);
         h.link(temporary, h.entry(1));
       },
       {"published_modes of m1 at run 35 by 0: {1} has mode 0666"}},
      {"manifest_always_parses",
       StepKind::open,
       [](History& h) {
         h.disk().move("manifest.json", "", false);
         h.open("manifest.json", OpenMode::open_or_create);
       },
       {"manifest_always_parses of manifest.json at run 32 by 0: process 0 left a manifest that does not parse: no "
        "JSON at byte 1"}},
      {"manifest_always_parses",
       StepKind::rename,
       [](History& h) { h.rename(bad_manifest(h), "manifest.json"); },
       {"manifest_always_parses of manifest.json at run 35 by 0: process 0 left a manifest that does not parse: no "
        "JSON at byte 1"}},
      {"manifest_always_parses",
       StepKind::rename,
       [](History& h) { h.rename("manifest.json", "manifest.json.bad"); },
       {"manifest_always_parses of manifest.json at run 32 by 0: process 0 took a good manifest away: who reads now "
        "takes it for an empty one"}},
      {"manifest_always_parses",
       StepKind::link,
       [](History& h) { h.link(bad_manifest(h), "manifest.json"); },
       {"manifest_always_parses of manifest.json at run 35 by 0: process 0 left a manifest that does not parse: no "
        "JSON at byte 1"}},
      {"manifest_always_parses",
       StepKind::unlink,
       [](History& h) { h.unlink("manifest.json"); },
       {"manifest_always_parses of manifest.json at run 32 by 0: process 0 took a good manifest away: who reads now "
        "takes it for an empty one"}},
      {"manifest_always_parses",
       StepKind::write,
       [](History& h) { h.write("x", h.disk().file_at("manifest.json"), kGarbage); },
       {"published_bytes_never_change of x at run 32 by 0: process 0 changed the published file that it opened as x",
        "manifest_always_parses of manifest.json at run 32 by 0: process 0 left a manifest that does not parse: no "
        "JSON at byte 1"}},
      {"manifest_always_parses",
       StepKind::truncate,
       [](History& h) { h.truncate("x", h.disk().file_at("manifest.json"), 1); },
       {"published_bytes_never_change of x at run 32 by 0: process 0 changed the published file that it opened as x",
        "manifest_always_parses of manifest.json at run 32 by 0: process 0 left a manifest that does not parse: no "
        "JSON at byte 2"}},
      {"temporaries_are_few",
       StepKind::open,
       [](History& h) {
         for (int i = 0; i < 3; ++i) opened_temporary(h);
       },
       {"temporaries_are_few of process 0 at run 34 by 0: process 0 has 3 temporaries at a time"}},
  };
  return all;
}

const std::vector<Row>& rows_of_the_rest() {
  static const std::vector<Row> all = {
      {"published_bytes_are_synced",
       StepKind::rename,
       [](History& h) {
         const std::string temporary = h.stage(1);
         h.write(temporary, h.disk().file_at(temporary), *h.model(1).bytes);
         h.rename(temporary, h.entry(1));
       },
       {"published_bytes_are_synced of m1 at run 36 by 0: process 0 gave "
        "tmp/sha256-9393e30255992b81a82a52a2a21a22b58ac9c5958ecf56ba31f5e2582e5a4b71.1.64.1.3.tmp the name {1}, and "
        "its last bytes were not synced: a power loss may leave the name and take the bytes"}},
      {"published_bytes_are_synced",
       StepKind::link,
       [](History& h) {
         const std::string temporary = h.stage(1);
         h.write(temporary, h.disk().file_at(temporary), *h.model(1).bytes);
         h.link(temporary, h.entry(1));
       },
       {"published_bytes_are_synced of m1 at run 36 by 0: process 0 gave "
        "tmp/sha256-9393e30255992b81a82a52a2a21a22b58ac9c5958ecf56ba31f5e2582e5a4b71.1.64.1.3.tmp the name {1}, and "
        "its last bytes were not synced: a power loss may leave the name and take the bytes"}},
      {"listed_entries_are_durable",
       StepKind::rename,
       [](History& h) {
         h.rename(h.stage(1), h.entry(1));
         const std::string temporary = h.stage_list();
         h.rename(temporary, "manifest.json");
       },
       {"listed_entries_are_durable of m1 at run 39 by 0: process 0 listed {1}, whose name was not synced: a power "
        "loss may leave the listing and take the file"}},
      {"listed_entries_are_durable",
       StepKind::link,
       [](History& h) {
         h.rename(h.stage(1), h.entry(1));
         const std::string temporary = h.stage_list();
         h.disk().move("manifest.json", "", false);
         h.link(temporary, "manifest.json");
       },
       {"listed_entries_are_durable of m1 at run 39 by 0: process 0 listed {1}, whose name was not synced: a power "
        "loss may leave the listing and take the file"}},
      {"one_download",
       StepKind::connect,
       [](History& h) {
         h.lock(0);
         h.connect("none", false, History::is_told(ENETUNREACH));
       },
       {"one_download of m0 at run 34 by 0: process 0 downloads m0, which is there already"}},
      {"retries_are_bounded",
       StepKind::connect,
       [](History& h) {
         h.disk().move(h.entry(0), "", false);
         h.unlink(h.stage(0));
         for (int i = 0; i < 56; ++i) h.connect("none", false, History::is_told(ENETUNREACH));
       },
       {"one_download of m0 at run 36 by 0: process 0 downloads m0 without its lock, and has not waited for it",
        "retries_are_bounded of process 0 at run 91 by 0: process 0 connected for the 56th time in one operation, and "
        "55 are allowed"}},
      {"models_download_side_by_side",
       StepKind::try_lock,
       [](History& h) { h.try_lock(h.lock_path(1), History::is_told(EWOULDBLOCK)); },
       {"models_download_side_by_side of m1 at run 32 by 0: process 0 tries to lock "
        "locks/sha256-9393e30255992b81a82a52a2a21a22b58ac9c5958ecf56ba31f5e2582e5a4b71.lock, which others need who "
        "want another model"}},
      {"models_download_side_by_side",
       StepKind::connect,
       [](History& h) {
         h.open("locks/manifest.lock", OpenMode::open_or_create);
         h.try_lock("locks/manifest.lock");
         h.connect("none", false, History::is_told(ENETUNREACH));
       },
       {"one_download of m0 at run 34 by 0: process 0 downloads m0 without its lock, and has not waited for it",
        "models_download_side_by_side of locks/manifest.lock at run 34 by 0: process 0 asks the network, and keeps "
        "locks/manifest.lock, which others need who want another model"}},
      {"one_holder_per_lock",
       StepKind::try_lock,
       [](History& h) {
         h.lock(0);
         h.by(1).try_lock(h.lock_path(0));
       },
       {"one_holder_per_lock of m0 at run 34 by 1: process 1 holds "
        "locks/sha256-f265745be0ac36c44b10b573078fa5527dca389215be42586bcf21235e507e88.lock, and so does process 0"}},
      {"confined_to_the_directory",
       StepKind::open,
       [](History& h) { h.open("/x", OpenMode::read, History::is_told(1)); },
       {"confined_to_the_directory of /x at run 32 by 0: process 0 tried to open /x, outside of the cache directory"}},
      {"confined_to_the_directory",
       StepKind::read,
       [](History& h) { h.take(on_path(StepKind::read, "/x")); },
       {"confined_to_the_directory of /x at run 32 by 0: process 0 tried to read /x, outside of the cache directory"}},
      {"confined_to_the_directory",
       StepKind::write,
       [](History& h) { h.write("/x", 0, {}, History::is_told(1)); },
       {"confined_to_the_directory of /x at run 32 by 0: process 0 tried to write /x, outside of the cache directory"}},
      {"confined_to_the_directory",
       StepKind::truncate,
       [](History& h) { h.truncate("/x", 0, 0, History::is_told(1)); },
       {"confined_to_the_directory of /x at run 32 by 0: process 0 tried to truncate /x, outside of the cache "
        "directory"}},
      {"confined_to_the_directory",
       StepKind::rename,
       [](History& h) { h.rename("x", "/y", History::is_told(1)); },
       {"confined_to_the_directory of /y at run 32 by 0: process 0 tried to rename x as /y, outside of the cache "
        "directory"}},
      {"confined_to_the_directory",
       StepKind::rename,
       [](History& h) { h.rename("../x", "y", History::is_told(1)); },
       {"confined_to_the_directory of ../x at run 32 by 0: process 0 tried to rename ../x as y, outside of the cache "
        "directory"}},
      {"confined_to_the_directory",
       StepKind::link,
       [](History& h) { h.link("x", "/y", History::is_told(1)); },
       {"confined_to_the_directory of /y at run 32 by 0: process 0 tried to link x as /y, outside of the cache "
        "directory"}},
      {"confined_to_the_directory",
       StepKind::link,
       [](History& h) { h.link("/x", "y", History::is_told(1)); },
       {"confined_to_the_directory of /x at run 32 by 0: process 0 tried to link /x as y, outside of the cache "
        "directory"}},
      {"confined_to_the_directory",
       StepKind::unlink,
       [](History& h) { h.unlink("/x", History::is_told(1)); },
       {"confined_to_the_directory of /x at run 32 by 0: process 0 tried to unlink /x, outside of the cache "
        "directory"}},
      {"confined_to_the_directory",
       StepKind::make_directory,
       [](History& h) { h.make_directory("/x", History::is_told(1)); },
       {"confined_to_the_directory of /x at run 32 by 0: process 0 tried to make_directory /x, outside of the cache "
        "directory"}},
      {"confined_to_the_directory",
       StepKind::list,
       [](History& h) { h.take(on_path(StepKind::list, "/x")); },
       {"confined_to_the_directory of /x at run 32 by 0: process 0 tried to list /x, outside of the cache directory"}},
      {"confined_to_the_directory",
       StepKind::stat_name,
       [](History& h) { h.take(on_path(StepKind::stat_name, "/x")); },
       {"confined_to_the_directory of /x at run 32 by 0: process 0 tried to stat_name /x, outside of the cache "
        "directory"}},
  };
  return all;
}

std::vector<Row> rows() {
  std::vector<Row> all = rows_of_files();
  all.insert(all.end(), rows_of_the_rest().begin(), rows_of_the_rest().end());
  return all;
}

Plan two_of_two() {
  Plan plan = plan_of({OperationKind::get}, true);
  plan.models.push_back({"m1", 20});
  plan.processes.push_back({.operations = {{OperationKind::get, 0}}});
  return plan;
}

TEST(EachStep, ThatAWatcherListensToTripsIt) {
  for (const Row& row : rows()) {
    History history(two_of_two());
    warm_up(history);
    row.steps(history.by(0));
    EXPECT_EQ(history.last_kind(), row.kind) << row.id;
    EXPECT_EQ(history.lines(), history.filled(row.lines)) << row.id << " " << name_of(row.kind);
    ASSERT_FALSE(history.violations().empty()) << row.id << " " << name_of(row.kind);
    EXPECT_EQ(history.violations().back().step, history.steps()) << row.id << " " << name_of(row.kind);
  }
}

TEST(EachStep, OfAnotherProcessTripsItLater) {
  for (const Row& row : rows()) {
    History history(History::shifted_plan(two_of_two()));
    warm_up(history);
    history.shift();
    row.steps(history.by(0));
    EXPECT_EQ(history.lines(), History::shifted(history.filled(row.lines))) << row.id << " " << name_of(row.kind);
  }
}

TEST(EachStep, ThatAWatcherListensToHasARow) {
  std::set<std::pair<std::string, std::string>> listened, tripped;
  RunRecord record;
  for (const WatchedRow& watched : watched_rows()) {
    const StepKinds kinds = watched.make(record)->kinds();
    for (std::size_t i = 0; i < kStepKinds; ++i) {
      const auto kind = static_cast<StepKind>(i);
      if (kinds.contains(kind)) listened.emplace(watched.invariant.id, name_of(kind));
    }
  }
  for (const Row& row : rows()) {
    const bool trips = std::any_of(row.lines.begin(), row.lines.end(),
                                   [&](const std::string& line) { return line.starts_with(row.id); });
    if (trips) tripped.emplace(row.id, name_of(row.kind));
  }
  tripped.emplace("manifest_is_complete", "rename");  // which excuses: NeedNotListWhatSomebodyBeganToRemove
  EXPECT_EQ(tripped, listened);
}

}  // namespace
}  // namespace stampede
