// Which models commands get by their options, and what they say and return where there are none.
#include "harness/cli/model_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/cli/exit_statuses.h"
#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Chosen {
  std::vector<std::string> names;
  int exit_status = kAllHeld;
  std::string errors;
};
Chosen choose(const ModelOptions& options) {
  Chosen chosen;
  testing::internal::CaptureStderr();
  for (const Model& model : chosen_models(options, chosen.exit_status)) chosen.names.push_back(model.name);
  chosen.errors = testing::internal::GetCapturedStderr();
  return chosen;
}

TEST(ModelOptions, JoinWhatSeveralChoicesName) {
  const TestDirectory directory;
  directory.file("b", "other bytes");
  directory.file("a", "bytes");
  const ModelOptions options{.choices = {"generated:10,20", directory.path()}};
  const Chosen all = choose(options);
  EXPECT_THAT(all.names, ElementsAre("generated-0-10", "generated-1-20", "a", "b"));
  EXPECT_EQ(all.exit_status, kAllHeld);
  EXPECT_EQ(all.errors, "");
}

TEST(ModelOptions, TakeTheFirstOfThem) {
  EXPECT_THAT(choose({.choices = {"generated:10,20,30"}, .count_max = 2}).names,
              ElementsAre("generated-0-10", "generated-1-20"));
  EXPECT_EQ(choose({.choices = {"generated:10,20"}, .count_max = 2}).names.size(), 2U);
  const Chosen too_few = choose({.choices = {"generated:10,20"}, .count_max = 3});
  EXPECT_THAT(too_few.names, IsEmpty());
  EXPECT_EQ(too_few.exit_status, kUsage);
  EXPECT_EQ(too_few.errors, "stampede: --model-count 3: there are 2 models\n");
}

TEST(ModelOptions, LeaveTwinsOutAndSaySo) {
  const TestDirectory directory;
  for (const char* name : {"a", "b", "c"}) directory.file(name, "bytes");
  directory.file("d", "other bytes");
  const Chosen chosen = choose({.choices = {directory.path()}});
  EXPECT_THAT(chosen.names, ElementsAre("a", "d"));
  EXPECT_EQ(chosen.exit_status, kAllHeld);
  EXPECT_EQ(chosen.errors,
            "stampede: b is left out: another model has the same bytes\n"
            "stampede: c is left out: another model has the same bytes\n");
}

TEST(ModelOptions, RefuseWhatNamesNone) {
  for (const std::string bad : {"generated:x", "/nonexistent/models", "onnx:9", "onnx:"}) {
    const Chosen chosen = choose({.choices = {"generated:10", bad}});
    EXPECT_THAT(chosen.names, IsEmpty()) << bad;
    EXPECT_EQ(chosen.exit_status, kUsage) << bad;
    EXPECT_TRUE(chosen.errors.starts_with("stampede: ")) << chosen.errors;
    EXPECT_THAT(chosen.errors, HasSubstr(bad.substr(bad.starts_with("generated") ? bad.find(':') + 1 : 0)));
  }
}

TEST(ModelOptions, CallAMissingPackageWhatThisMachineCannotDo) {
  const bool is_there = std::filesystem::exists("/usr/share/libonnx-testdata/data");
  const Chosen chosen = choose({.choices = {"onnx:2"}});
  EXPECT_EQ(chosen.names.size(), is_there ? 2U : 0U);
  EXPECT_EQ(chosen.exit_status, is_there ? kAllHeld : kCannotHere);
  if (!is_there) {
    EXPECT_THAT(chosen.errors, HasSubstr("apt-get install libonnx-testdata"));
  }
}

}  // namespace
}  // namespace stampede
