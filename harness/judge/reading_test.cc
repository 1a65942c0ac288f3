// How facts of the free world are read, and the parts of the judge that audit a directory at rest.
#include "harness/judge/reading.h"

#include <functional>
#include <set>

#include "harness/judge/good_run_for_test.h"
#include "harness/judge/invariants.h"

namespace stampede {
namespace {

using Lines = std::vector<std::string>;

TEST(Reading, PairsWhatWasPlannedWithWhatWasReported) {
  GoodRun run;
  const auto names = [&] {
    std::string text;
    for (const Get& get : gets_of(run.facts.run)) {
      text += describe(run.facts, get) + " in " + std::to_string(get.planned.directory) +
              (get.report->claims_hit ? "!" : "") + "; ";
    }
    return text;
  };
  run.facts.run.planned[1].operations[1].directory = 4;
  EXPECT_EQ(names(),
            "process 0, get 0 of a in 0; process 0, get 1 of b in 0; process 1, get 0 of a in 0!; "
            "process 1, get 1 of b in 4!; ");
  run.facts.run.processes[1].report->pop_back();
  run.facts.run.processes[0].report->push_back({});
  EXPECT_EQ(names(), "process 0, get 0 of a in 0; process 0, get 1 of b in 0; process 1, get 0 of a in 0!; ");
  run.facts.run.processes[0].report.reset();
  EXPECT_EQ(names(), "process 1, get 0 of a in 0!; ");
  run.facts.run.processes.pop_back();
  EXPECT_EQ(names(), "");
}

TEST(Reading, FindsTheRequestsOfAGet) {
  GoodRun run;
  StageFacts& stage = run.facts.run;
  const std::vector<Get> gets = gets_of(stage);
  ASSERT_EQ(gets.size(), 4U);
  LedgerEntry unasked;
  unasked.listener = 1;
  stage.ledger.push_back(unasked);
  unasked.listener = 0;
  stage.ledger.push_back(unasked);
  LedgerEntry other = stage.ledger[0];
  other.listener = 1;
  stage.ledger.push_back(other);
  using Entries = std::vector<const LedgerEntry*>;
  EXPECT_EQ(requests_of(stage, gets[0]), Entries{&stage.ledger[0]});
  EXPECT_EQ(requests_of(stage, gets[1]), Entries{&stage.ledger[1]});
  EXPECT_EQ(requests_of(stage, gets[2]), Entries{&stage.ledger[4]});
  EXPECT_EQ(requests_of(stage, gets[3]), Entries{});
  stage.ledger[0].requested = false;
  EXPECT_EQ(requests_of(stage, gets[0]), Entries{});
  EXPECT_EQ(unasked_connections_of(stage, 0), (Entries{&stage.ledger[0], &stage.ledger[3]}));
  EXPECT_EQ(unasked_connections_of(stage, 1), Entries{&stage.ledger[2]});
}

TEST(Reading, SortsRequestsByPlace) {
  GoodRun run;
  StageFacts& stage = run.facts.run;
  stage.planned[1].operations[1].directory = 3;
  const auto places = [&] {
    std::string text;
    for (const auto& [place, requests] : requests_by_model(stage)) {
      text += std::to_string(place.first) + "/" + std::to_string(place.second) + ":";
      for (const LedgerEntry* entry : requests) text += " " + std::to_string(entry - stage.ledger.data());
      text += "; ";
    }
    return text;
  };
  EXPECT_EQ(places(), "0/0: 0; 0/1: 1; 3/1:; ");
  LedgerEntry entry = stage.ledger[1];  // the second operation
  entry.listener = 1;
  stage.ledger.push_back(entry);
  EXPECT_EQ(places(), "0/0: 0; 0/1: 1; 3/1: 2; ");
  entry.requested = false;
  stage.ledger.push_back(entry);
  entry.requested = true;
  entry.listener = 2;  // nobody's
  stage.ledger.push_back(entry);
  entry.listener = 1;
  entry.target = "/b" + query_of(2);  // none of its operations
  stage.ledger.push_back(entry);
  entry.target = "/b";
  stage.ledger.push_back(entry);
  EXPECT_EQ(places(), "0/0: 0; 0/1: 1; 3/1: 2; ");
}

TEST(Reading, FindsNames) {
  GoodRun run;
  StageFacts& stage = run.facts.run;
  Census& census = stage.censuses.at(0);
  Lines entries;
  for (const FoundName* entry : entries_of(census)) entries.push_back(entry->path);
  EXPECT_EQ(entries, (Lines{run.entry(0), run.entry(1)}));
  EXPECT_EQ(find_name(census, "entries"), &census.names[0]);
  EXPECT_EQ(find_name(census, "manifest.json"), &run.found("manifest.json"));
  EXPECT_EQ(find_name(census, "manifest"), nullptr);
  const std::vector<Get> gets = gets_of(stage);
  ASSERT_EQ(gets.size(), 4U);
  EXPECT_EQ(name_below_directory(stage, gets[1]), run.entry(1));
  EXPECT_EQ(found_at(stage, gets[1]), &run.found(run.entry(1)));
  run.report(0, 1).path = "/d/x";
  EXPECT_EQ(name_below_directory(stage, gets[1]), "x");
  EXPECT_EQ(found_at(stage, gets[1]), nullptr);
  for (const char* path : {"/dx", "d/x", "", "/d"}) {
    run.report(0, 1).path = path;
    EXPECT_EQ(name_below_directory(stage, gets[1]), std::nullopt) << path;
    EXPECT_EQ(found_at(stage, gets[1]), nullptr) << path;
  }
  Get elsewhere = gets[0];
  elsewhere.planned.directory = 1;
  EXPECT_EQ(name_below_directory(stage, elsewhere), std::nullopt);
  stage.censuses.push_back(census);
  stage.censuses[1].directory = "/e";
  EXPECT_EQ(name_below_directory(stage, elsewhere), std::nullopt);
  run.report(0, 0).path = "/e/" + run.entry(0);
  EXPECT_EQ(name_below_directory(stage, elsewhere), run.entry(0));
  EXPECT_EQ(found_at(stage, elsewhere), &stage.censuses[1].names[1]);
}

TEST(Reading, KnowsWhoEndedWell) {
  const std::pair<bool, std::function<void(ProcessRecord&)>> rows[] = {
      {true, [](ProcessRecord&) {}},
      {false, [](ProcessRecord& record) { record.reason = ExitReason::signalled; }},
      {false, [](ProcessRecord& record) { record.reason = ExitReason::killed_by_plan; }},
      {false, [](ProcessRecord& record) { record.exit_value = 1; }},
      {false, [](ProcessRecord& record) { record.report.reset(); }},
      {true, [](ProcessRecord& record) { record.reaped = false; }}};
  for (const auto& [is_well, change] : rows) {
    GoodRun run;
    change(run.facts.run.processes[1]);
    EXPECT_EQ(all_ended_well(run.facts.run), is_well) << &change - &rows[0].second;
  }
}

TEST(Reading, KnowsWhoWentWithoutALock) {
  GoodRun run;
  EXPECT_FALSE(someone_went_without_lock(run.facts.run));
  run.report(1, 1).error_code = "timed_out";
  EXPECT_FALSE(someone_went_without_lock(run.facts.run));
  run.report(1, 1).error_code = "lock_timeout";
  EXPECT_TRUE(someone_went_without_lock(run.facts.run));
  run.report(1, 1).error_code = "";
  run.report(1, 1).went_without_lock = true;
  EXPECT_TRUE(someone_went_without_lock(run.facts.run));
  run.facts.run.processes[0].report.reset();
  EXPECT_TRUE(someone_went_without_lock(run.facts.run));
  run.facts.run.processes[1].report.reset();
  EXPECT_FALSE(someone_went_without_lock(run.facts.run));
}

TEST(Reading, HasStagesInOrder) {
  GoodRun run;
  RunFacts& facts = run.facts;
  using Stages = std::vector<const StageFacts*>;
  EXPECT_EQ(stages_of(facts), (Stages{&facts.run, &*facts.epilogue}));
  facts.warm_up = facts.run;
  EXPECT_EQ(stages_of(facts), (Stages{&*facts.warm_up, &facts.run, &*facts.epilogue}));
  facts.epilogue.reset();
  EXPECT_EQ(stages_of(facts), (Stages{&*facts.warm_up, &facts.run}));
}

// What objects to one name alone; "" is a name that may stand there.
TEST(JudgeOfADirectory, KnowsEachName) {
  const std::string key = "sha256-" + std::string(64, 'a');
  const struct {
    std::string path;
    NameType type;
    std::string_view objection;
  } rows[] = {{"entries", NameType::directory, ""},
              {"tmp", NameType::directory, ""},
              {"locks", NameType::directory, ""},
              {"entries", NameType::regular, "is no directory"},
              {"tmp", NameType::symlink, "is no directory"},
              {"locks", NameType::other, "is no directory"},
              {"manifest.json", NameType::regular, ""},
              {"manifest.json", NameType::directory, "is no file"},
              {"manifest.json.bad", NameType::regular, "is a manifest that was set aside"},
              {"manifest.json.bad.3/x", NameType::regular, "is a manifest that was set aside"},
              {"core", NameType::regular, "is no name of a cache"},
              {"core/x", NameType::regular, "is no name of a cache"},
              {"tmp/x", NameType::regular, "is left over"},
              {"locks/manifest.lock", NameType::regular, ""},
              {"locks/" + key + ".lock", NameType::regular, ""},
              {"locks/" + key, NameType::regular, "is no lock"},
              {"locks/x.lock", NameType::regular, "is no lock"},
              {"entries/" + key, NameType::regular, ""},
              {"entries/x", NameType::regular, "is no entry"}};
  for (const auto& row : rows) {
    const Census census{
        .directory = "/d", .names = {{.path = row.path, .type = row.type}}, .manifest = {}, .problems = {}};
    const Lines told = {"/d/" + row.path + " " + std::string(row.objection)};
    for (const bool is_excused : {false, true}) {
      Finding finding;
      judge_names(census, is_excused ? Excuse([&](const FoundName& name) { return name.path == row.path; }) : Excuse{},
                  finding);
      EXPECT_EQ(finding.judged, 1U) << row.path;
      EXPECT_EQ(finding.violations, row.objection.empty() || is_excused ? Lines{} : told) << row.path;
    }
    Finding other;
    judge_names(census, [](const FoundName& name) { return name.path == "other"; }, other);
    EXPECT_EQ(other.violations, row.objection.empty() ? Lines{} : told) << row.path;
  }
}

TEST(JudgeOfADirectory, KnowsModes) {
  const struct {
    const char* path;
    NameType type;
    unsigned mode;
    const char* told;  // with umask 027; null where it is not judged
  } rows[] = {{"x", NameType::regular, 0640, ""},
              {"x", NameType::regular, 0644, "/d/x has mode 0644, expected 0640"},
              {"x", NameType::regular, 02640, "/d/x has mode 2640, expected 0640"},
              {"x", NameType::directory, 0750, ""},
              {"x", NameType::directory, 02750, ""},
              {"x", NameType::directory, 01750, "/d/x has mode 1750, expected 0750"},
              {"x", NameType::directory, 0640, "/d/x has mode 0640, expected 0750"},
              {"tmp", NameType::directory, 0700, "/d/tmp has mode 0700, expected 0750"},
              {"tmp/x", NameType::regular, 0600, nullptr},
              {"x", NameType::symlink, 0777, nullptr},
              {"x", NameType::other, 0777, nullptr}};
  for (const auto& row : rows) {
    const Census census{.directory = "/d",
                        .names = {{.path = row.path, .type = row.type, .mode = row.mode}},
                        .manifest = {},
                        .problems = {}};
    Finding finding;
    judge_modes(census, 027, finding);
    EXPECT_EQ(finding.judged, row.told == nullptr ? 0U : 1U) << row.path << " " << row.mode;
    const bool is_told = row.told != nullptr && *row.told != 0;
    EXPECT_EQ(finding.violations, is_told ? Lines{row.told} : Lines{}) << row.path << " " << row.mode;
  }
}

TEST(JudgeOfADirectory, ExcusesUnlistedEntriesOneByOne) {
  GoodRun run;
  Census& census = run.facts.run.censuses.at(0);
  const std::string good = *census.manifest;
  const Excuse first = [&](const FoundName& name) { return name.path == run.entry(0); };
  const Excuse all = [](const FoundName&) { return true; };
  const std::string d0 = "/d/" + run.entry(0), d1 = "/d/" + run.entry(1);
  const std::string empty = modelcache::Manifest{}.print();
  const struct {
    std::optional<std::string> manifest;
    Excuse excuse;
    std::uint64_t judged;
    Lines told;
  } rows[] = {{good, {}, 7, {}},
              {good, all, 7, {}},
              {empty, {}, 3, {d0 + " is not listed", d1 + " is not listed"}},
              {empty, first, 3, {d1 + " is not listed"}},
              {empty, all, 3, {}},
              {std::nullopt, {}, 1, {"/d has 2 entries and no manifest"}},
              {std::nullopt, first, 1, {"/d has 1 entries and no manifest"}},
              {std::nullopt, all, 1, {}},
              {"x", all, 1, {"/d: the manifest does not parse: no JSON at byte 1"}}};
  for (const auto& row : rows) {
    census.manifest = row.manifest;
    Finding finding;
    judge_manifest(census, row.excuse, finding);
    EXPECT_EQ(finding.judged, row.judged);
    EXPECT_EQ(finding.violations, row.told);
  }
  census.manifest = good;
  run.found(run.entry(1)).sha256.reset();  // an excuse is for what is not listed, not for what is listed wrongly
  Finding finding;
  judge_manifest(census, all, finding);
  EXPECT_EQ(finding.violations, Lines{d1 + " is not what the manifest says"});
}

TEST(JudgeOfADirectory, KnowsEntries) {
  GoodRun run;
  Census& census = run.facts.run.censuses.at(0);
  const auto found = [&] {
    Finding finding;
    judge_entries_complete(census, finding);
    finding.violations.push_back(std::to_string(finding.judged));
    return finding.violations;
  };
  EXPECT_EQ(found(), Lines{"4"});
  census.names.push_back({.path = "entries/" + modelcache::key_of_url("x"), .sha256 = modelcache::Sha256Digest{}});
  EXPECT_EQ(found(), Lines{"5"});  // whose bytes nobody knows
  census.names.back().type = NameType::symlink;
  EXPECT_EQ(found(), (Lines{"/d/" + census.names.back().path + " is no readable entry", "5"}));
  census.names.back() = {.path = "entries/" + modelcache::key_of_url("x")};
  EXPECT_EQ(found(), (Lines{"/d/" + census.names.back().path + " is no readable entry", "5"}));
  census.names.pop_back();
  run.found(run.entry(1)).sha256.reset();
  EXPECT_EQ(found(), (Lines{"/d/" + run.entry(1) + " is no readable entry", "3"}));
}

// Each kind after which nobody has the model, and no other.
TEST(FaultsWerePlayed, IsJudgedForThoseThatTakeTheModel) {
  const std::set<FaultKind> takes = {
      FaultKind::reset_on_accept,  FaultKind::close_on_accept, FaultKind::status,          FaultKind::redirect_loop,
      FaultKind::redirect_to_file, FaultKind::length_too_long, FaultKind::chunked_no_last, FaultKind::garbage_before};
  for (const FaultKind kind : all_fault_kinds()) {
    for (const bool is_sent : {true, false}) {
      GoodRun run;
      run.facts.run.ledger.push_back(run.request(0));
      LedgerEntry& entry = run.facts.run.ledger.back();
      entry.connection = 17;
      entry.fault = NetworkFault{.kind = kind};
      entry.full_body_sent = is_sent;
      const Finding finding = faults_were_played(run.facts);
      EXPECT_EQ(finding.judged, takes.contains(kind) ? 1U : 0U) << name_of(kind);
      const Lines told = {"connection 17 was to meet " + print(entry.fault) + " and was sent the whole model"};
      EXPECT_EQ(finding.violations, takes.contains(kind) && is_sent ? told : Lines{}) << name_of(kind);
    }
  }
  GoodRun run;  // one of several parts is enough
  run.request(0).fault = parse_turn("drip:3+length_too_long").value();
  EXPECT_EQ(faults_were_played(run.facts).violations,
            Lines{"connection 0 was to meet drip:3+length_too_long and was sent the whole model"});
}

}  // namespace
}  // namespace stampede
