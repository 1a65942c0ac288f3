// Executed commands: their steps, their children and threads, and what the world takes in hand.
#include "harness/live/command_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/live/command_for_test.h"

namespace stampede {
namespace {

using testing::ElementsAre;

TEST_F(CommandWorldTest, SeesWhatAShellDoesInTheCacheDirectory) {
  const LiveStageEnd end = run_shells({"echo hello > $CACHE/a; cat $CACHE/a; mv $CACHE/a $CACHE/b"});
  EXPECT_EQ(end.uncontrolled, "");
  EXPECT_EQ(recorder_.text, "");
  EXPECT_THAT(statuses_, ElementsAre(0));
  EXPECT_THAT(outputs_, ElementsAre("hello\n"));
  EXPECT_THAT(recorder_.ends, ElementsAre("0 ended"));
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "command-zygote") return stampede::run_command_zygote();
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
