// The oracle of `manifest` aborts on each planted lie of a parser or a printer with the sentence that it breaks, and on
// no truth.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/http_url.h"
#include "cache/key.h"
#include "cache/manifest.h"
#include "fuzz/sentences_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using modelcache::Manifest;
using modelcache::ManifestError;
using modelcache::ManifestRecord;
using Parsed = tl::expected<Manifest, ManifestError>;

constexpr std::string_view kPrinted = "printed";
constexpr std::string_view kLater = "{\"modelcache_manifest\": 2,";

tl::unexpected<ManifestError> rejected(ManifestError::Kind kind, std::string message) {
  return tl::unexpected<ManifestError>(ManifestError{kind, std::move(message)});
}

// Set by a test: what the input is parsed as, what that is printed as, and what the print is parsed as, and printed as.
struct Scene {
  std::string text;
  Parsed parsed;
  std::string printed{kPrinted};
  std::optional<Parsed> again = {};  // empty: as the input
  std::string printed_again{kPrinted};
  Parsed later = rejected(ManifestError::Kind::future, "later");
};
struct {
  Scene scene;
  std::vector<std::string> parsed;  // all texts
  std::size_t prints = 0;
} planted;

}  // namespace

// Instead of the cache's: the linker takes what it finds first.
namespace modelcache {

tl::expected<Manifest, ManifestError> Manifest::parse(std::string_view text) {
  planted.parsed.emplace_back(text);
  const Scene& scene = planted.scene;
  if (planted.parsed.size() == 1) return scene.parsed;
  if (text == scene.printed) return scene.again ? *scene.again : scene.parsed;
  return scene.later;
}
std::string Manifest::print() const {
  return ++planted.prints == 1 ? planted.scene.printed : planted.scene.printed_again;
}

}  // namespace modelcache

namespace {

const std::string kDigits(64, 'a');
const std::string kKey = "sha256-" + kDigits;
const std::string kOtherKey = "sha256-" + std::string(64, 'b');

ManifestRecord a_record() {
  ManifestRecord record;
  record.url = "http://host/model";
  record.sha256 = modelcache::digest_in_key(kKey).value();
  record.stamp = {1000, 17, std::chrono::nanoseconds(-21), std::chrono::nanoseconds(1'700'000'000'000'000'022)};
  record.added_at = std::chrono::sys_seconds(std::chrono::seconds(1'700'000'023));
  return record;
}

// The text of a record, with one field as it is given.
std::string record_text(const std::string& field = "", const std::string& value = "") {
  std::vector<std::pair<std::string, std::string>> fields = {{"url", "\"http://host/model\""},
                                                             {"sha256", '"' + kDigits + '"'},
                                                             {"size", "1000"},
                                                             {"inode", "17"},
                                                             {"mtime_ns", "-21"},
                                                             {"ctime_ns", "1700000000000000022"},
                                                             {"added_at", "1700000023"}};
  std::string text;
  for (const auto& [name, usual] : fields) {
    text += (text.empty() ? "{\"" : ", \"") + name + "\": " + (name == field ? value : usual);
  }
  return text + "}";
}

std::string manifest_text(const std::string& entries, const std::string& version = "1", const std::string& more = "") {
  return "{\"modelcache_manifest\": " + version + ", \"entries\": " + entries + more + "}";
}
std::string one_entry(const std::string& record, const std::string& key = kKey) {
  return "{\"" + key + "\": " + record + "}";
}

Scene the_truth() {
  Manifest manifest;
  manifest.entries[kKey] = a_record();
  return {.text = manifest_text(one_entry(record_text())), .parsed = manifest};
}

void give(const Scene& scene) {
  planted = {};
  planted.scene = scene;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(scene.text.data()), scene.text.size());
}

// In a process of its own, since to hold is not to abort: asks for just these texts to be parsed, and so many prints.
void expect_holds(const Scene& scene, const std::vector<std::string>& parsed, std::size_t prints) {
  EXPECT_EXIT(
      {
        give(scene);
        std::exit(planted.parsed == parsed && planted.prints == prints ? 0 : 1);
      },
      testing::ExitedWithCode(0), testing::IsEmpty())
      << scene.text;
}

std::string as_a_later_version(const std::string& text) { return std::string(kLater) + text; }

TEST(ManifestOracle, HoldsForWhatIsTrue) {
  Scene scene = the_truth();
  expect_holds(scene, {scene.text, std::string(kPrinted), as_a_later_version(scene.text)}, 2);

  scene.parsed->entries.clear();
  scene.text = manifest_text("{}");
  scene.printed = scene.printed_again = " ~\n";  // the first and the last that are allowed
  expect_holds(scene, {scene.text, scene.printed, as_a_later_version(scene.text)}, 2);

  scene = the_truth();  // a key of a URL has no digest of its own, and the longest URL is allowed
  const std::string key = "url-" + std::string(64, 'b');
  ManifestRecord record = a_record();
  record.url = std::string(modelcache::kUrlBytesMax, ' ');
  scene.parsed->entries.clear();
  scene.parsed->entries[key] = record;
  scene.text = manifest_text(one_entry(record_text("url", '"' + record.url + '"'), key));
  expect_holds(scene, {scene.text, std::string(kPrinted), as_a_later_version(scene.text)}, 2);
}

TEST(ManifestOracle, HoldsForARejection) {
  Scene scene = the_truth();
  scene.parsed = rejected(ManifestError::Kind::corrupt, "no JSON");
  expect_holds(scene, {scene.text, as_a_later_version(scene.text)}, 0);
}

struct Lie {
  std::string sentence;  // that it breaks
  std::string what;
  Scene scene;
};

using Change = std::function<void(Scene&)>;
using RecordChange = std::function<void(ManifestRecord&)>;

Lie lie(const std::string& sentence, const std::string& what, const Change& change) {
  Lie lie{sentence, what, the_truth()};
  change(lie.scene);
  return lie;
}
Lie in_record(const std::string& sentence, const std::string& what, const RecordChange& change) {
  return lie(sentence, what, [&](Scene& scene) { change(scene.parsed->entries.at(kKey)); });
}
Lie in_text(const std::string& sentence, const std::string& text) {
  return lie(sentence, text, [&](Scene& scene) { scene.text = text; });
}
// Under another key, in text and value.
Lie in_key(const std::string& sentence, const std::string& key) {
  return lie(sentence, key, [&](Scene& scene) {
    scene.parsed->entries.clear();
    scene.parsed->entries[key] = a_record();
    scene.text = manifest_text(one_entry(record_text(), key));
  });
}

void add_lies_of_records(std::vector<Lie>& lies) {
  using std::chrono::nanoseconds;
  lies.push_back(in_key("a key is a key", "../outside"));
  lies.push_back(in_key("a key's digest is its record's", kOtherKey));
  lies.push_back(in_record("a URL is at most as long as allowed", "one byte more",
                           [](auto& record) { record.url = std::string(modelcache::kUrlBytesMax + 1, 'x'); }));
  for (const char control : {'\0', '\n', '\x1f', '\x7f'}) {
    lies.push_back(in_record("a URL has no control characters", std::to_string(control),
                             [&](auto& record) { record.url += std::string("x") + control + "y"; }));
  }
  lies.push_back(in_record("url is the tree's", "another", [](auto& record) { record.url += "x"; }));
  lies.push_back(in_record("url is the tree's", "none", [](auto& record) { record.url.clear(); }));
  lies.push_back(in_text("sha256 is the tree's", manifest_text(one_entry(record_text("sha256", "\"aa\"")))));
  lies.push_back(in_record("size is the tree's", "another", [](auto& record) { ++record.stamp.size_bytes; }));
  lies.push_back(lie("size is the tree's", "-1 as the largest", [](Scene& scene) {
    scene.text = manifest_text(one_entry(record_text("size", "-1")));
    scene.parsed->entries.at(kKey).stamp.size_bytes = UINT64_MAX;
  }));
  lies.push_back(in_text("size is the tree's", manifest_text(one_entry(record_text("size", "1000.0")))));
  lies.push_back(in_record("inode is the tree's", "another", [](auto& record) { ++record.stamp.inode; }));
  lies.push_back(in_record("mtime_ns is the tree's", "another", [](auto& record) { record.stamp.mtime *= -1; }));
  lies.push_back(
      in_record("ctime_ns is the tree's", "another", [](auto& record) { record.stamp.ctime += nanoseconds(1); }));
  lies.push_back(
      in_record("added_at is the tree's", "another", [](auto& record) { record.added_at += std::chrono::seconds(1); }));
  const std::string whole = record_text();
  const std::string only = "a record has its keys and no others";
  // As many keys in all, so that no other sentence speaks first.
  const std::string six = whole.substr(0, whole.rfind(','));
  lies.push_back(in_text(only, manifest_text(one_entry(six + ", \"size\": 1000}"))));
  lies.push_back(lie(only, "an eighth key", [&](Scene& scene) {
    scene.parsed->entries[kOtherKey] = a_record();
    const std::string eight = whole.substr(0, whole.size() - 1) + ", \"more\": 0}";
    scene.text = manifest_text("{\"" + kKey + "\": " + eight + ", \"" + kOtherKey + "\": " + six + "}}");
  }));
}

void add_lies_of_texts(std::vector<Lie>& lies) {
  const std::string good = manifest_text(one_entry(record_text()));
  lies.push_back(in_text("a zero byte is no JSON", good + std::string(1, '\0')));
  const std::string only = "a manifest has its keys and no others";
  for (const std::string& text :
       {std::string("[1, 2]"), std::string("no JSON"), std::string(""), good + "x",
        manifest_text(one_entry(record_text()), "1", ", \"more\": 0"), std::string("{\"modelcache_manifest\": 1}")}) {
    lies.push_back(in_text(only, text));
  }
  for (const char* const version : {"2", "0", "\"1\""}) {
    lies.push_back(in_text("only our version is accepted", manifest_text(one_entry(record_text()), version)));
  }
  lies.push_back(in_text("no entry is lost or made up", manifest_text("{}")));
  lies.push_back(lie("no entry is lost or made up", "lost", [](Scene& scene) { scene.parsed->entries.clear(); }));
  lies.push_back(in_text("no key is accepted twice",
                         manifest_text(one_entry(record_text()), "1", ", \"entries\": " + one_entry(record_text()))));
  lies.push_back(
      in_text("no key is accepted twice", manifest_text(one_entry(record_text().insert(1, "\"size\": 1, ")))));
  lies.push_back(in_text("no key is accepted twice", manifest_text(one_entry("{}"))));  // and none is missing
}

void add_lies_of_prints(std::vector<Lie>& lies) {
  using Kind = ManifestError::Kind;
  const std::string same = "what is printed reads back the same";
  lies.push_back(lie(same, "another", [](Scene& scene) {
    scene.again = Manifest(*scene.parsed);
    ++(*scene.again)->entries.at(kKey).stamp.inode;
  }));
  lies.push_back(lie(same, "an error", [](Scene& scene) { scene.again = rejected(Kind::corrupt, "no JSON"); }));
  lies.push_back(lie("printing is stable", "changed", [](Scene& scene) { scene.printed_again += " "; }));
  for (const char other : {'\t', '\0', '\x1f', '\x7f', '\xc3', '\r'}) {
    lies.push_back(lie("what is printed is ASCII", std::to_string(other),
                       [&](Scene& scene) { scene.printed = scene.printed_again = std::string("x") + other + "y"; }));
  }
  lies.push_back(
      lie("a rejection says why", "nothing", [](Scene& scene) { scene.parsed = rejected(Kind::corrupt, ""); }));
  const std::string later = "a later version is left alone";
  lies.push_back(lie(later, "accepted", [](Scene& scene) { scene.later = Manifest{}; }));
  for (const Kind kind : {Kind::corrupt, Kind::foreign}) {
    lies.push_back(lie(later, "rejected", [&](Scene& scene) { scene.later = rejected(kind, "why"); }));
    lies.push_back(
        lie(later, "both rejected", [&](Scene& scene) { scene.parsed = scene.later = rejected(kind, "why"); }));
  }
}

void expect_heard(const Lie& lie) {
  EXPECT_EXIT(give(lie.scene), stampede::kAborted, testing::Eq("VIOLATED: " + lie.sentence + "\n")) << lie.what;
}

// A list of zeros has as many entries, and takes no time.
Scene many_entries(std::size_t count) {
  Scene scene = the_truth();
  std::string zeros = "[0";
  Manifest manifest;
  for (std::size_t i = 0; i < count; ++i) {
    manifest.entries.emplace_hint(manifest.entries.end(), std::to_string(1'000'000 + i), ManifestRecord{});
    if (i > 0) zeros += ",0";
  }
  scene.text = manifest_text(zeros + "]");
  scene.parsed = std::move(manifest);
  return scene;
}

TEST(ManifestOracle, HearsEachLie) {
  std::vector<Lie> lies;
  add_lies_of_records(lies);
  add_lies_of_texts(lies);
  add_lies_of_prints(lies);
  std::set<std::string> sentences;
  for (const Lie& lie : lies) {
    expect_heard(lie);
    sentences.insert(lie.sentence);
  }
  const Lie too_many{"entries are at most as many as allowed", "one more",
                     many_entries(modelcache::kManifestEntriesMax + 1)};
  expect_heard(too_many);
  sentences.insert(too_many.sentence);
  EXPECT_EQ(sentences, stampede::sentences_of("manifest")) << "each sentence of the oracle needs a lie";
}

TEST(ManifestOracle, KnowsHowManyEntriesAreAllowed) {
  expect_heard({"no key is accepted twice", "as many as allowed", many_entries(modelcache::kManifestEntriesMax)});
}

}  // namespace
