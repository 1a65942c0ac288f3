// The progress line: what it says, how wide it is, how often it is drawn.
#include "cache/command/progress_bar.h"

#include <gtest/gtest.h>

#include "cache/command/printable.h"
#include "cache/scripted_os.h"

namespace modelcache {
namespace {

using std::chrono::milliseconds;
using Phase = Progress::Phase;

constexpr std::uint64_t kMiB = 1 << 20;

Progress receiving(std::uint64_t received, std::optional<std::uint64_t> total) {
  Progress progress;
  progress.phase = Phase::receiving;
  progress.received_bytes = received;
  progress.total_bytes = total;
  return progress;
}

std::string without_escapes(std::string text) {
  for (auto begin = text.find('\x1b'); begin != std::string::npos; begin = text.find('\x1b')) {
    text.erase(begin, text.find_first_of("mK", begin) - begin + 1);
  }
  return text;
}

TEST(ProgressLine, ShowsBarPercentAmountRateAndTimeLeft) {
  EXPECT_EQ(progress_line(receiving(16 * kMiB, 64 * kMiB), 8.0 * kMiB, 70, false),
            " 25%  [======                   ]  16.0/64.0 MiB  8.0 MiB/s  0:06 left");
}

TEST(ProgressLine, SaysWhatIsKnownWhenTheLengthIsNot) {
  EXPECT_EQ(progress_line(receiving(3 * kMiB, std::nullopt), 1.5 * kMiB, 70, false), "3.0 MiB  1.5 MiB/s");
  EXPECT_EQ(progress_line(receiving(0, 0), 0, 70, false), "0.0 MiB");
}

TEST(ProgressLine, NamesTheAttemptAndWhyTheLastOneFailed) {
  auto progress = receiving(kMiB, 2 * kMiB);
  progress.attempt = 3;
  progress.note = "receive: Connection reset";
  const auto line = progress_line(progress, 0, 79, false);
  EXPECT_NE(line.find("attempt 3 (receive: Connection reset)"), std::string::npos) << line;
}

TEST(ProgressLine, NamesTheHolderOfALock) {
  Progress progress;
  progress.phase = Phase::waiting_for_lock;
  progress.note = "pid 17";
  EXPECT_EQ(progress_line(progress, 0, 79, false), "waiting for lock held by pid 17");
}

TEST(ProgressLine, NeverExceedsTheColumnsWhateverItShows) {
  std::vector<Progress> samples = {receiving(0, std::nullopt), receiving(kMiB, 3 * kMiB), receiving(~0ULL, 5),
                                   receiving(5 * kMiB, ~0ULL)};
  samples.push_back(samples[1]);
  samples.back().attempt = 12;
  samples.back().note = "Gr\u00fc\u00dfe " + std::string(300, 'x');
  for (const auto phase : {Phase::waiting_for_lock, Phase::connecting, Phase::verifying, Phase::backing_off,
                           Phase::publishing, Phase::listing}) {
    samples.push_back(samples[4]);
    samples.back().phase = phase;
  }
  for (const auto& sample : samples) {
    for (std::size_t columns = 0; columns < 200; ++columns) {
      const auto line = progress_line(sample, 7.0 * kMiB, columns, false);
      EXPECT_LE(character_count(line), columns) << line;
      EXPECT_EQ(without_escapes(progress_line(sample, 7.0 * kMiB, columns, true)), line);
    }
  }
}

TEST(ProgressLine, KeepsThePercentWhenThereIsRoomForLittleElse) {
  EXPECT_EQ(progress_line(receiving(kMiB, 2 * kMiB), kMiB, 4, false), " 50%");
  EXPECT_EQ(progress_line(receiving(kMiB, 2 * kMiB), kMiB, 17, false), " 50%  1.0/2.0 MiB");
}

TEST(ProgressLine, ReplacesControlCharactersInNotes) {
  auto progress = receiving(0, 1);
  progress.note = "\x1b[2J\n";
  EXPECT_EQ(progress_line(progress, 0, 200, false).find_first_of("\x1b\n"), std::string::npos);
}

TEST(RateMeter, MeasuresTheLastSecondsAndForgetsAFailedAttempt) {
  RateMeter meter;
  Instant now{};
  EXPECT_EQ(meter.bytes_per_second(), 0);
  for (std::uint64_t second = 0; second <= 20; ++second) meter.add(now += std::chrono::seconds(1), second * 1000);
  EXPECT_DOUBLE_EQ(meter.bytes_per_second(), 1000);
  meter.add(now += milliseconds(10), 5);
  EXPECT_EQ(meter.bytes_per_second(), 0);
  meter.add(now += milliseconds(500), 1005);
  EXPECT_DOUBLE_EQ(meter.bytes_per_second(), 2000);
}

TEST(RateMeter, FollowsAStreamOfSmallPieces) {
  RateMeter meter;
  Instant now{};
  for (std::uint64_t piece = 0; piece < 1'000; ++piece) meter.add(now += milliseconds(1), piece);
  EXPECT_NEAR(meter.bytes_per_second(), 1000, 20);
}

// A bar on a terminal that counts what is written to it, in virtual time.
struct DrawnBar {
  ScriptedOs os;
  std::vector<std::string> written;
  ProgressBar bar{os, {[] { return std::size_t{80}; }, [this](const std::string& text) { written.push_back(text); }}};
  void pass(milliseconds span) { ASSERT_TRUE(os.sleep_until(os.time() + span)); }
};

TEST(ProgressBar, DrawsAtMostTenTimesASecond) {
  DrawnBar drawn;
  for (std::uint64_t piece = 0; piece < 3'000; ++piece) {
    drawn.pass(milliseconds(1));
    drawn.bar.show(receiving(piece, 3'000));
  }
  EXPECT_LE(drawn.written.size(), 31U);
  EXPECT_GE(drawn.written.size(), 28U);
}

TEST(ProgressBar, DrawsAtOnceWhenTheCallerIsAboutToWait) {
  DrawnBar drawn;
  drawn.bar.show(receiving(1, 2));
  Progress waiting;
  waiting.phase = Phase::backing_off;
  drawn.bar.show(waiting);
  drawn.bar.show(waiting);
  ASSERT_EQ(drawn.written.size(), 2U);
  EXPECT_NE(drawn.written.back().find("waiting to try again"), std::string::npos);
}

TEST(ProgressBar, DrawsNothingForAHit) {
  DrawnBar drawn;
  Progress checking;
  checking.phase = Phase::checking;
  drawn.bar.show(checking);
  EXPECT_TRUE(drawn.written.empty());
}

TEST(ProgressBar, LeavesAnEmptyLineAndNothingWhereNothingWasDrawn) {
  DrawnBar drawn;
  drawn.bar.clear();
  EXPECT_TRUE(drawn.written.empty());
  drawn.bar.show(receiving(1, 2));
  drawn.bar.clear();
  drawn.bar.clear();
  ASSERT_EQ(drawn.written.size(), 2U);
  EXPECT_EQ(drawn.written.back(), "\r\x1b[K");
}

}  // namespace
}  // namespace modelcache
