// What `stampede doctor` says of each thing that a machine has or has not: as text, as JSON, and as advice.
#include "harness/cli/doctor_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/live/command_world.h"

namespace stampede {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// All is there; every figure is another one.
Diagnosis well() {
  Diagnosis found;
  found.machine = {.kernel = "6.7.8-nine",
                   .has_notification = true,
                   .has_killable_wait = true,
                   .has_sync_wake_up = true,
                   .has_process_numbers = true,
                   .tames_vdso = true,
                   .cores = 3,
                   .memory_directory = "/dev/memory",
                   .memory_free_bytes = (5UL << 20) + 7,
                   .descriptors_max = 1021,
                   .processes_max = 2039};
  found.tools = {{"curl", true}, {"rr", false}, {"gcc", true}, {"flock", false}};
  return found;
}

using Rows = std::map<std::string, std::string>;
Rows rows_of(const Diagnosis& found) {
  Rows rows;
  std::istringstream lines(text_of(found));
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    const std::size_t begin = line.find_first_not_of(' '), end = std::max(line.find("  ", begin), begin);
    rows[line.substr(begin, end - begin)] = line.substr(std::min(line.find_first_not_of(' ', end), line.size()));
  }
  return rows;
}
json said(const Diagnosis& found) { return json::parse(json_of(found), nullptr, false); }

TEST(DoctorText, HasARowForEachThing) {
  EXPECT_EQ(rows_of(well()), (Rows{{"live world, forked processes", "runs here"},
                                   {"live world, executed commands", "runs here"},
                                   {"kernel", "6.7.8-nine"},
                                   {"seccomp user notification", "yes"},
                                   {"WAIT_KILLABLE_RECV (5.19)", "yes"},
                                   {"SYNC_WAKE_UP (6.6)", "yes"},
                                   {"namespaces of process numbers", "yes"},
                                   {"clocks of executed programs", "taken in hand"},
                                   {"cores", "3"},
                                   {"memory for live directories", "/dev/memory, 5 MiB free"},
                                   {"descriptors, processes at most", "1021, 2039"},
                                   {"tools", "curl gcc"},
                                   {"not found", "rr flock"}}));
}

TEST(DoctorText, SaysTheSameInJson) {
  json expected = {{"live", {{"runs_here", true}, {"why_not", ""}}},
                   {"live_commands", {{"runs_here", true}, {"why_not", ""}}},
                   {"kernel", "6.7.8-nine"},
                   {"seccomp", {{"user_notification", true}, {"wait_killable_recv", true}, {"sync_wake_up", true}}},
                   {"process_namespaces", true},
                   {"tames_vdso", true},
                   {"cores", 3},
                   {"memory_directory", "/dev/memory"},
                   {"memory_free_bytes", (5UL << 20) + 7},
                   {"limits", {{"descriptors", 1021}, {"processes", 2039}}},
                   {"tools", {{"curl", true}, {"rr", false}, {"gcc", true}, {"flock", false}}},
                   {"not_controlled", json::array()}};
  for (const std::string_view thing : uncontrolled_things()) expected.at("not_controlled").push_back(thing);
  EXPECT_EQ(said(well()), expected);
  EXPECT_TRUE(json_of(well()).ends_with("}\n"));
}

TEST(DoctorText, IsUtf8InJsonWhateverTheMachineSays) {
  Diagnosis found = well();
  found.why_no_live = "caf\xc3\xa9 \xff";
  EXPECT_THAT(json_of(found), HasSubstr("\"caf\xc3\xa9 \xef\xbf\xbd\""));
}

// What is missing changes its own row, and its own key.
TEST(DoctorText, SaysWhichThingIsMissing) {
  const struct {
    bool MachineOffer::* is_there;
    std::string row, text, key;
  } cases[] = {
      {&MachineOffer::has_notification, "seccomp user notification", "no", "/seccomp/user_notification"},
      {&MachineOffer::has_killable_wait, "WAIT_KILLABLE_RECV (5.19)", "no", "/seccomp/wait_killable_recv"},
      {&MachineOffer::has_sync_wake_up, "SYNC_WAKE_UP (6.6)", "no: a step costs more", "/seccomp/sync_wake_up"},
      {&MachineOffer::has_process_numbers, "namespaces of process numbers", "no: numbers of commands differ",
       "/process_namespaces"},
      {&MachineOffer::tames_vdso, "clocks of executed programs", "not: their runs are uncontrolled", "/tames_vdso"},
  };
  for (const auto& c : cases) {
    Diagnosis found = well();
    found.machine.*c.is_there = false;
    Rows rows = rows_of(well());
    rows[c.row] = c.text;
    EXPECT_EQ(rows_of(found), rows);
    json expected = said(well());
    expected[json::json_pointer(c.key)] = false;
    EXPECT_EQ(said(found), expected);
  }
}

TEST(DoctorText, SaysWhatHasNoLimitAndWhereThereIsNoMemory) {
  Diagnosis found = well();
  found.machine.descriptors_max = UINT64_MAX;
  found.machine.memory_directory.clear();
  EXPECT_EQ(rows_of(found).at("descriptors, processes at most"), "unlimited, 2039");
  EXPECT_EQ(rows_of(found).at("memory for live directories"),
            "none: they lie in the directory for temporary files, and are slower");
  EXPECT_EQ(said(found).at("limits"), (json{{"descriptors", nullptr}, {"processes", 2039}}));
  EXPECT_EQ(said(found).at("memory_directory"), "");
  found.machine.processes_max = UINT64_MAX;
  EXPECT_EQ(rows_of(found).at("descriptors, processes at most"), "unlimited, unlimited");
  EXPECT_EQ(said(found).at("limits").at("processes"), nullptr);
  for (auto& tool : found.tools) tool.is_there = true;
  EXPECT_EQ(rows_of(found).at("tools"), "curl rr gcc flock");
  EXPECT_FALSE(rows_of(found).contains("not found"));
}

TEST(DoctorText, ListsWhatIsNotControlled) {
  std::string expected = "\n\nnot controlled in live runs of commands\n";
  for (const std::string_view thing : uncontrolled_things()) expected += "  " + std::string(thing) + "\n";
  EXPECT_TRUE(text_of(well()).ends_with(expected)) << text_of(well());
}

TEST(DoctorText, SaysWhyAWorldDoesNotRunAndWhatToChange) {
  const std::string advice = "\nsee the reasons above; --world sim and --world free run all the same\n";
  Diagnosis found = well();
  EXPECT_TRUE(found.is_well());
  found.why_no_live = "no luck";
  EXPECT_FALSE(found.is_well());
  EXPECT_EQ(rows_of(found).at("live world, forked processes"), "no luck");
  EXPECT_EQ(rows_of(found).at("live world, executed commands"), "runs here");
  EXPECT_EQ(said(found).at("live"), (json{{"runs_here", false}, {"why_not", "no luck"}}));
  EXPECT_EQ(said(found).at("live_commands"), (json{{"runs_here", true}, {"why_not", ""}}));
  EXPECT_TRUE(text_of(found).ends_with(advice));
  found = well();
  found.why_no_commands = "no way";
  EXPECT_FALSE(found.is_well());
  EXPECT_EQ(rows_of(found).at("live world, forked processes"), "runs here");
  EXPECT_EQ(rows_of(found).at("live world, executed commands"), "no way");
  EXPECT_EQ(said(found).at("live"), (json{{"runs_here", true}, {"why_not", ""}}));
  EXPECT_EQ(said(found).at("live_commands"), (json{{"runs_here", false}, {"why_not", "no way"}}));
  EXPECT_TRUE(text_of(found).ends_with(advice));
  for (bool MachineOffer::* const needed : {&MachineOffer::has_notification, &MachineOffer::has_killable_wait}) {
    Diagnosis old = found;
    old.machine.*needed = false;
    EXPECT_THAT(text_of(old), HasSubstr("\nthe live world needs Linux 5.19 with seccomp user notification; in a "));
    EXPECT_THAT(text_of(old), Not(HasSubstr("see the reasons above")));
  }
}

}  // namespace
}  // namespace stampede
