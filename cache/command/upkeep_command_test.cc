// The command as a process, looking after a directory: verify, rm and doctor, also beside others.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cache/command/json_line_for_test.h"
#include "cache/command/run_command.h"
#include "cache/open_file.h"
#include "cache/posix_os.h"

namespace modelcache {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kOtherDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(UpkeepCommand, VerifiesTheOthersWhereAnEntryCannotBeReadAndRemovesIt) {
  if (!can_run_without_root(kCommand)) GTEST_SKIP() << "not applicable here: nobody may not run " << kCommand;
  TemporaryDirectory directory;
  const auto key = std::string("sha256-") + kOtherDigest;
  for (const auto* const name : {"entries", "tmp", "locks"}) {
    fs::create_directory(directory.path() + '/' + name);
    give_to_nobody(directory.path() + '/' + name);
  }
  give_to_nobody(directory.path());
  std::ofstream(directory.path() + "/entries/" + key).close();
  std::ofstream(directory.path() + "/entries/sha256-" + std::string(64, 'f')).close();
  fs::permissions(directory.path() + "/entries/" + key, fs::perms::none);
  ProgramCall call;
  call.without_root = true;
  call.arguments = {"verify", "--json", "--cache-dir", directory.path()};
  const auto json = run_program(kCommand, call);
  EXPECT_EQ(json.status, 1) << json.output;
  EXPECT_EQ(only_object(json.output)["unreadable"], 1);
  EXPECT_EQ(only_object(json.output)["bad"], 1);
  call.arguments = {"verify", "--cache-dir", directory.path()};
  const auto text = run_program(kCommand, call);
  EXPECT_NE(text.output.find("0 good, 1 bad, 1 unreadable\n"), std::string::npos) << text.output;
  call.arguments = {"doctor", "--json", "--cache-dir", directory.path()};
  const auto doctor = run_program(kCommand, call);
  EXPECT_EQ(doctor.status, 1) << doctor.output;
  const auto report = only_object(doctor.output);
  EXPECT_EQ(report["recovery"]["entries_unreadable"], 1);
  EXPECT_NE(report["problems"].dump().find("cannot be read"), std::string::npos) << doctor.output;
  call.arguments = {"rm", kOtherDigest, "--cache-dir", directory.path()};
  EXPECT_EQ(run_program(kCommand, call).status, 0);
  EXPECT_FALSE(fs::exists(directory.path() + "/entries/" + key));
}

// Someone holds a lock of the cache while a command runs.
class HeldLock {
 public:
  HeldLock(const std::string& directory, const std::string& name) : os_(make_posix_os()) {
    fs::create_directories(directory + "/locks");
    const OpenFile locks(*os_, *os_->open(kWorkingDirectory, directory + "/locks", OpenMode::root));
    file_ = OpenFile(*os_, *os_->open(locks.fd(), name, OpenMode::open_or_create));
    EXPECT_TRUE(os_->try_lock(file_.fd(), LockMode::exclusive));
  }

 private:
  std::unique_ptr<Os> os_;
  OpenFile file_;
};

TEST(UpkeepCommand, WaitsForLocksAsLongAsItIsTold) {
  TemporaryDirectory directory;
  fs::create_directory(directory.path() + "/entries");
  const auto key = std::string("sha256-") + kOtherDigest;
  std::ofstream(directory.path() + "/entries/" + key) << "rotten";
  const HeldLock held(directory.path(), key + ".lock");
  const auto removed = run_command({"rm", kOtherDigest, "--lock-wait", "0.05", "--cache-dir", directory.path()});
  EXPECT_EQ(removed.status, 30) << removed.errors;
  EXPECT_NE(removed.errors.find("held by"), std::string::npos) << removed.errors;
  EXPECT_NE(removed.errors.find("hint: --lock-wait"), std::string::npos) << removed.errors;
  EXPECT_EQ(removed.errors.find("--only-wait"), std::string::npos) << "rm has no such option: " << removed.errors;
  const auto repaired = run_command({"verify", "--repair", "--lock-wait", "0.05", "--cache-dir", directory.path()});
  EXPECT_EQ(repaired.status, 1) << repaired.errors;
  EXPECT_NE(repaired.output.find("not removed: "), std::string::npos) << repaired.output;
  EXPECT_NE(run_command({"doctor", "--help"}).output.find("(default 5)"), std::string::npos);
}

TEST(UpkeepCommand, SaysOnATerminalWhatItWaitsFor) {
  TemporaryDirectory directory;
  for (const auto* const name : {"/entries", "/tmp", "/locks"}) fs::create_directory(directory.path() + name);
  const HeldLock held(directory.path(), "manifest.lock");
  ProgramCall call;
  call.arguments = {"doctor", "--lock-wait", "0.05", "--cache-dir", directory.path()};
  call.environment = {{"TERM", "xterm"}};
  call.terminal = true;
  const auto shown = run_program(kCommand, call);
  EXPECT_EQ(shown.status, 0) << shown.output;
  EXPECT_NE(shown.output.find("manifest.lock is held by"), std::string::npos) << shown.output;
  EXPECT_NE(shown.errors.find("waiting up to 0.05 s for "), std::string::npos) << shown.errors;
  call.terminal = false;
  EXPECT_EQ(run_program(kCommand, call).errors, "");
}

TEST(UpkeepCommand, DoctorCallsALaterVersionsManifestAProblem) {
  TemporaryDirectory directory;
  std::ofstream(directory.path() + "/manifest.json") << "{\"modelcache_manifest\": 2}";
  const auto run = run_command({"doctor", "--cache-dir", directory.path()});
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_NE(run.output.find("version 2"), std::string::npos) << run.output;
}

TEST(UpkeepCommand, DoctorSaysWhichDirectoryItIsAndWhetherLocksWorkThere) {
  TemporaryDirectory directory;
  const auto absent = run_command({"doctor"}, {{"MODELCACHE_DIR", directory.path() + "/c"}});
  EXPECT_EQ(absent.status, 0);
  EXPECT_NE(absent.output.find("MODELCACHE_DIR"), std::string::npos) << absent.output;
  EXPECT_FALSE(fs::exists(directory.path() + "/c"));
  fs::create_directory(directory.path() + "/c");
  const auto run = run_command({"doctor", "--json"}, {{"MODELCACHE_DIR", directory.path() + "/c"}});
  EXPECT_EQ(run.status, 0) << run.output;
  const auto report = only_object(run.output);
  EXPECT_EQ(report["directory"], directory.path() + "/c");
  EXPECT_EQ(report["chosen_by"], "MODELCACHE_DIR");
  EXPECT_EQ(report["writable"], true);
  EXPECT_EQ(report["locks"], "works");
  EXPECT_TRUE(report["free_bytes"].is_number_unsigned());
  EXPECT_TRUE(fs::is_empty(directory.path() + "/c/tmp")) << "the trial file stayed";
}

}  // namespace
}  // namespace modelcache
