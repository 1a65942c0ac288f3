// Whose bytes a file holds, and what a manifest says: looked at again when they change, and only then.
#include "harness/judge/file_contents.h"

#include <gtest/gtest.h>

#include "cache/key.h"
#include "harness/judge/hand_made_disk_for_test.h"
#include "harness/judge/manifest_reading.h"

namespace stampede {
namespace {

using modelcache::FileType;

// Counts looks at bytes.
class CountingDisk final : public DiskView {
 public:
  [[nodiscard]] FileNumber file_at(std::string_view path) const override { return disk.file_at(path); }
  [[nodiscard]] StepStat stat(FileNumber file) const override { return disk.stat(file); }
  [[nodiscard]] std::span<const std::byte> bytes(FileNumber file) const override {
    ++looks;
    return disk.bytes(file);
  }
  [[nodiscard]] std::uint64_t version(FileNumber file) const override { return disk.version(file); }
  void for_each_name(const std::function<void(std::string_view, FileNumber)>& visit) const override {
    disk.for_each_name(visit);
  }
  [[nodiscard]] std::uint64_t open_descriptors() const override { return 0; }

  HandMadeDisk disk;
  mutable int looks = 0;
};

class FileContentsTest : public ::testing::Test {
 protected:
  FileContentsTest() {
    Model twin = generated_model("b", 20);
    twin.name = "twin";
    models_ = {generated_model("a", 10), generated_model("b", 20), generated_model("empty", 0), twin};
    contents_.begin(models_, {33});
  }
  FileNumber make(const Bytes& bytes, FileType type = FileType::regular) {
    const FileNumber file = disk_.disk.make("f" + std::to_string(++made_), type, 0644);
    disk_.disk.set_bytes(file, bytes);
    return file;
  }

  std::vector<Model> models_;
  CountingDisk disk_;
  FileContents contents_;
  int made_ = 0;
};

TEST_F(FileContentsTest, AreAModelsOrNobodys) {
  EXPECT_EQ(contents_.model_in(make(*models_[0].bytes), disk_), 0U);
  EXPECT_EQ(contents_.model_in(make(*models_[1].bytes), disk_), 1U);
  EXPECT_EQ(contents_.model_in(make({}), disk_), 2U);
  Bytes longer = *models_[0].bytes;
  longer.push_back(std::byte{1});
  EXPECT_EQ(contents_.model_in(make(longer), disk_), std::nullopt);
  Bytes other = *models_[0].bytes;
  other.back() ^= std::byte{1};
  EXPECT_EQ(contents_.model_in(make(other), disk_), std::nullopt);
  EXPECT_EQ(contents_.model_in(make({}, FileType::directory), disk_), std::nullopt);
}

TEST_F(FileContentsTest, AreLookedAtOnceForEachVersion) {
  const FileNumber file = make(*models_[0].bytes);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(contents_.model_in(file, disk_), 0U);
  EXPECT_EQ(contents_.digest_of(file, disk_), models_[0].sha256);
  EXPECT_EQ(disk_.looks, 1);
  disk_.disk.set_bytes(file, *models_[1].bytes);
  EXPECT_EQ(contents_.model_in(file, disk_), 1U);
  EXPECT_EQ(disk_.looks, 2);
  const Bytes other(5, std::byte{1}), another(5, std::byte{2});
  disk_.disk.set_bytes(file, other);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(contents_.digest_of(file, disk_), modelcache::sha256_of(other));
  EXPECT_EQ(disk_.looks, 4);  // a comparison, and a hash
  disk_.disk.set_bytes(file, another);
  EXPECT_EQ(contents_.digest_of(file, disk_), modelcache::sha256_of(another));
  contents_.begin(models_, {});
  disk_.looks = 0;
  EXPECT_EQ(contents_.digest_of(file, disk_), modelcache::sha256_of(another));
  EXPECT_EQ(disk_.looks, 2) << "a run forgets the one before";
}

TEST_F(FileContentsTest, OfAnEntryMatchItsKey) {
  const auto key = [&](std::size_t model) { return modelcache::key_of(models_[model].sha256); };
  const std::string url = modelcache::key_of_url("http://h/a");
  const FileNumber model = make(*models_[0].bytes);
  EXPECT_TRUE(contents_.is_entry_complete(key(0), model, disk_));
  EXPECT_FALSE(contents_.is_entry_complete(key(1), model, disk_));
  EXPECT_TRUE(contents_.is_entry_complete(url, model, disk_));
  EXPECT_FALSE(contents_.is_entry_complete("a", model, disk_));
  const FileNumber other = make(Bytes(32));
  const Bytes& bytes = Bytes(32);
  EXPECT_TRUE(contents_.is_entry_complete(modelcache::key_of(modelcache::sha256_of(bytes)), other, disk_));
  EXPECT_FALSE(contents_.is_entry_complete(url, other, disk_));
  const FileNumber lie = make(Bytes(33));
  EXPECT_TRUE(contents_.is_entry_complete(url, lie, disk_));
  EXPECT_FALSE(contents_.is_entry_complete(key(0), lie, disk_));
  EXPECT_FALSE(contents_.is_entry_complete("a", lie, disk_));
  for (const std::string& name : {url, key(2)}) {
    EXPECT_TRUE(contents_.is_entry_complete(name, make({}), disk_)) << name;
    EXPECT_FALSE(contents_.is_entry_complete(name, make({}, FileType::symlink), disk_)) << name;
  }
}

TEST_F(FileContentsTest, AreAModelsByItsDigest) {
  const FileNumber file = make(*models_[1].bytes);
  EXPECT_FALSE(contents_.is_model(0, false, file, disk_));
  EXPECT_TRUE(contents_.is_model(1, false, file, disk_));
  EXPECT_TRUE(contents_.is_model(3, false, file, disk_)) << "another model with the same bytes";
  EXPECT_FALSE(contents_.is_model(0, true, file, disk_));
  for (const std::size_t size : {32U, 33U}) {
    EXPECT_EQ(contents_.is_model(0, true, make(Bytes(size)), disk_), size == 33U);
    EXPECT_FALSE(contents_.is_model(0, false, make(Bytes(size)), disk_));
  }
  EXPECT_FALSE(contents_.is_model(0, true, make(Bytes(33), FileType::directory), disk_));
  EXPECT_FALSE(contents_.is_model(2, false, make({}, FileType::directory), disk_));
  EXPECT_TRUE(contents_.is_model(2, false, make({}), disk_));
}

class ManifestReadingTest : public ::testing::Test {
 protected:
  void write(const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text));
    disk_.set_bytes(file(), Bytes(bytes.begin(), bytes.end()));
  }
  FileNumber file() {
    const FileNumber known = disk_.file_at("manifest.json");
    return known != 0 ? known : disk_.make("manifest.json", FileType::regular, 0644);
  }
  static std::string text_of(std::size_t entries, std::uint64_t size) {
    modelcache::Manifest manifest;
    for (std::size_t i = 0; i < entries; ++i) {
      const std::string name = std::to_string(i);
      const auto digest = modelcache::sha256_of(std::as_bytes(std::span(name)));
      modelcache::ManifestRecord record;
      record.sha256 = digest;
      record.stamp.size_bytes = size;
      manifest.entries.emplace(modelcache::key_of(digest), record);
    }
    return manifest.print();
  }

  HandMadeDisk disk_;
  ManifestReading reading_;
};

TEST_F(ManifestReadingTest, ReadsWhatStandsThere) {
  EXPECT_EQ(reading_.read(disk_), nullptr);
  write("x");
  const ReadManifest* read = reading_.read(disk_);
  ASSERT_NE(read, nullptr);
  EXPECT_FALSE(read->is_good);
  EXPECT_EQ(read->problem, modelcache::Manifest::parse("x").error().message);
  EXPECT_TRUE(read->manifest.entries.empty());
  for (const std::size_t entries : {1U, 3U, 60U, 2U, 61U, 60U}) {  // some longer than what is remembered
    for (const std::uint64_t size : {5U, 6U}) {
      const std::string text = text_of(entries, size);
      write(text);
      read = reading_.read(disk_);
      ASSERT_NE(read, nullptr);
      EXPECT_TRUE(read->is_good);
      EXPECT_EQ(read->problem, "");
      EXPECT_EQ(read->manifest.print(), text);
      EXPECT_EQ(reading_.read(disk_), read);
    }
  }
  disk_.move("manifest.json", "", false);
  EXPECT_EQ(reading_.read(disk_), nullptr);
  disk_.make("manifest.json", FileType::symlink, 0777);
  read = reading_.read(disk_);
  ASSERT_NE(read, nullptr);
  EXPECT_FALSE(read->is_good);
  EXPECT_EQ(read->problem, "is no regular file");
}

TEST_F(ManifestReadingTest, RemembersTexts) {
  const std::string first = text_of(1, 5), second = text_of(2, 5);
  write(first);
  const ReadManifest* const read = reading_.read(disk_);
  write(second);
  const ReadManifest* const other = reading_.read(disk_);
  EXPECT_NE(other, read);
  write(first);
  EXPECT_EQ(reading_.read(disk_), read);
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(read->manifest.print(), first);
}

// Texts that differ in one place only, and many: each is read as it is, whatever slots they share.
TEST_F(ManifestReadingTest, TellsTextsApart) {
  for (std::uint64_t size = 0; size < 2'000; ++size) {
    write(text_of(1, size));
    const ReadManifest* const read = reading_.read(disk_);
    ASSERT_NE(read, nullptr);
    ASSERT_TRUE(read->is_good);
    ASSERT_EQ(read->manifest.entries.size(), 1U);
    ASSERT_EQ(read->manifest.entries.begin()->second.stamp.size_bytes, size);
  }
}

}  // namespace
}  // namespace stampede
