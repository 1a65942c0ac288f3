// The phrase of every kind of step, and of every place.
#include "harness/cli/step_words.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "cache/key.h"
#include "harness/cli/names_for_test.h"
#include "harness/faults/scripted_peers.h"
#include "harness/plan/model.h"

namespace stampede {
namespace {

using modelcache::LockMode;
using modelcache::OpenMode;
using modelcache::RenameMode;

const std::string kDigest = generated_model("m0", 10).sha256.hex();

Plan plan_of(const std::string& subject = "") {
  Plan plan;
  plan.models = {{"m0", 10}, {"m1", 20}};
  plan.subject = subject;
  return plan;
}

TEST(StepWords, TakeNamesOfCommandsAsTheyAre) {
  Plan plan;
  plan.models = {{"m0", 10}};
  plan.subject = "pooch";
  const StepWords words(plan);
  const std::string digest = generated_model("m0", 10).sha256.hex();
  EXPECT_EQ(words.place(digest), "the file of m0");
  EXPECT_EQ(words.place(digest + ".part"), "(m0).part");
  EXPECT_EQ(words.place("tmpwhztl1gk"), "tmpwhztl1gk");
  EXPECT_EQ(words.place("entries/sha256-" + digest), "the entry of m0");
  EXPECT_EQ(words.shortened("entries/sha256-" + digest + ", " + digest), "entries/(m0), (m0)");
}

TEST(StepWords, NameEachPlace) {
  const StepWords words(plan_of());
  const std::string key1 = modelcache::key_of(generated_model("m1", 20).sha256);
  const std::pair<std::string, std::string> cases[] = {
      {"", "the cache directory"},
      {"manifest.json", "the manifest"},
      {"locks/manifest.lock", "the lock file of the manifest"},
      {"entries/" + kKey, "the entry of m0"},
      {"entries/" + key1, "the entry of m1"},
      {"entries/" + kUrlKey, "the entry of m0 (by URL)"},
      {"entries/sha256-0", "the entry of another file"},
      {"locks/" + kKey + ".lock", "the lock file of m0"},
      {"locks/" + kUrlKey + ".lock", "the lock file of m0 (by URL)"},
      {"locks/sha256-0.lock", "the lock file of another file"},
      {"tmp/" + kKey + ".1.2.3.tmp", "a temporary of m0"},
      {"tmp/sha256-0.1.2.3.tmp", "a temporary of another file"},
      {"tmp/manifest.1.2.3.tmp", "a temporary of the manifest"},
      {"entries", "the folder entries"},
      {"manifest.json.bad", "manifest.json.bad"},
      {"/etc/hosts", "/etc/hosts"},
      {kDigest, "the folder " + kDigest},  // of the built-in cache no entry has that name
  };
  for (const auto& [path, place] : cases) EXPECT_EQ(words.place(path), place) << path;
}

TEST(StepWords, NamePlacesOfCommandsByWhatIsInThem) {
  const StepWords words(plan_of("pooch"));
  EXPECT_EQ(words.place("below/" + kDigest), "below/(m0)");
  EXPECT_EQ(words.place("entries"), "entries");
  EXPECT_EQ(words.place("a.txt"), "a.txt");
  EXPECT_EQ(words.place(""), "the cache directory");
}

TEST(StepWords, ShortenEveryNameInAText) {
  const StepWords words(plan_of());
  EXPECT_EQ(words.shortened("process 1 took entries/" + kKey + " away, twice"),
            "process 1 took entries/(m0) away, twice");
  EXPECT_EQ(words.shortened(kKey + " " + kUrlKey + " " + kKey), "(m0) (m0 (by URL)) (m0)");
  EXPECT_EQ(words.shortened("nothing " + kDigest), "nothing " + kDigest);
}

struct Said {
  Step step;
  std::string text;
};
Step step_at(StepKind kind, const std::string& path, int error = 0) {
  Step step;
  step.kind = kind;
  step.path = path;
  step.error = error;
  return step;
}
Step opened(OpenMode mode, int error = 0) {
  Step step = step_at(StepKind::open, kEntry, error);
  step.mode = static_cast<std::uint32_t>(mode);
  return step;
}
Step moved(StepKind kind, std::uint64_t result, int error = 0) {
  Step step = step_at(kind, kEntry, error);
  step.result = result;
  return step;
}
Step cut(std::uint64_t size) {
  Step step = moved(StepKind::truncate, 99);
  step.size = size;
  return step;
}
Step named(StepKind kind) {
  Step step = step_at(kind, "tmp/" + kKey + ".1.2.3.tmp");
  step.to_path = kEntry;
  return step;
}
Step of_connection(StepKind kind) {
  Step step = step_at(kind, kEntry);
  step.connection = 3;
  return step;
}

// The kinds of these cases, each of which must be told as they say.
void expect_said(std::span<const Said> cases, std::set<StepKind>& told) {
  const StepWords words(plan_of());
  for (const Said& c : cases) {
    EXPECT_EQ(words.of(c.step), c.text);
    told.insert(c.step.kind);
  }
}

TEST(StepWords, SayWhatEachKindOfStepDid) {
  std::set<StepKind> told;
  const Said on_files[] = {
      {opened(OpenMode::read), "opens the entry of m0"},
      {opened(OpenMode::read_write), "opens the entry of m0"},
      {opened(OpenMode::create_new), "creates the entry of m0"},
      {opened(OpenMode::open_or_create), "opens or creates the entry of m0"},
      {opened(OpenMode::directory), "opens the entry of m0"},
      {opened(OpenMode::create_new, ENOENT), "looks for the entry of m0 and finds none"},
      {opened(OpenMode::create_new, EEXIST), "creates the entry of m0, but that name is taken"},
      {moved(StepKind::read, 7), "reads the entry of m0"},
      {moved(StepKind::read, 0), "comes to the end of the entry of m0"},
      {moved(StepKind::read, 0, EIO), "reads the entry of m0, which fails (EIO)"},
      {moved(StepKind::write, 7), "writes 7 bytes to the entry of m0"},
      {moved(StepKind::write, 0, ENOSPC), "writes 0 bytes to the entry of m0, which fails (ENOSPC)"},
      {cut(0), "empties the entry of m0"},
      {cut(5), "cuts the entry of m0 to 5 bytes"},
      {step_at(StepKind::sync_file, kEntry), "makes sure that the entry of m0 is on disk"},
      {step_at(StepKind::sync_directory, "entries"), "makes sure that the folder entries is on disk"},
      {named(StepKind::rename), "renames a temporary of m0 to the entry of m0"},
      {named(StepKind::link), "links a temporary of m0 to the entry of m0"},
      {step_at(StepKind::unlink, kEntry), "removes the entry of m0"},
      {step_at(StepKind::unlink, kEntry, ENOENT), "removes the entry of m0, but there is none"},
      {step_at(StepKind::stat, kEntry), "looks at the entry of m0"},
      {step_at(StepKind::stat_name, kEntry), "looks at the entry of m0"},
      {step_at(StepKind::list, "tmp"), "lists the folder tmp"},
      {step_at(StepKind::make_directory, "tmp"), "makes the folder tmp"},
      {step_at(StepKind::try_lock, kLock), "locks the lock file of m0"},
      {step_at(StepKind::try_lock, kLock, EWOULDBLOCK), "tries to lock the lock file of m0, which somebody else holds"},
      {step_at(StepKind::try_lock, kLock, ENOLCK), "locks the lock file of m0, which fails (ENOLCK)"},
      {step_at(StepKind::try_lock, kLock, ENOENT), "locks the lock file of m0, but there is none"},
      {step_at(StepKind::read, kLock, EWOULDBLOCK), "reads the lock file of m0, which fails"},
      {step_at(StepKind::unlock, kLock), "unlocks the lock file of m0"},
      {step_at(StepKind::close, kEntry), "closes the entry of m0"},
  };
  expect_said(on_files, told);
  const Said on_others[] = {
      {of_connection(StepKind::close), "closes its connection"},
      {step_at(StepKind::sleep_until, ""), "sleeps"},
      {step_at(StepKind::resolve, ""), "looks up the server's name"},
      {step_at(StepKind::connect, ""), "connects to the server"},
      {step_at(StepKind::connect, "", ECONNREFUSED), "connects to the server, but nobody listens"},
      {moved(StepKind::send, 7), "sends its request"},
      {moved(StepKind::send, 0, EPIPE), "sends its request, which fails"},
      {moved(StepKind::receive, 7), "receives 7 bytes"},
      {moved(StepKind::receive, 0), "sees the end of the response"},
      {moved(StepKind::receive, 0, ECONNRESET), "asks for more of the response, but the connection is reset"},
      {moved(StepKind::receive, 0, ETIMEDOUT), "asks for more of the response, but nothing comes in time"},
      {step_at(StepKind::now, ""), "asks the system (now)"},
      {step_at(StepKind::wall_time, ""), "asks the system (wall_time)"},
      {step_at(StepKind::random, ""), "asks the system (random)"},
      {step_at(StepKind::self, ""), "asks the system (self)"},
      {step_at(StepKind::liveness, ""), "asks the system (liveness)"},
  };
  expect_said(on_others, told);
  EXPECT_EQ(told.size(), kStepKinds);
}

}  // namespace
}  // namespace stampede
