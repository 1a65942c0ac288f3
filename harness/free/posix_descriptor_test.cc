// Descriptors close themselves once, and stand above those that workers use.
#include "harness/free/posix_descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <utility>

#include "harness/free/posix_descriptor_sweep_for_test.h"

namespace stampede {
namespace {

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

int null_descriptor() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(PosixDescriptor, ClosesWhatItHolds) {
  int number = -1;
  {
    const PosixDescriptor descriptor(null_descriptor());
    number = descriptor.get();
    ASSERT_TRUE(descriptor.is_open());
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
  PosixDescriptor closed(null_descriptor());
  number = closed.get();
  closed.close();
  EXPECT_FALSE(is_open(number));
  EXPECT_FALSE(closed.is_open());
  EXPECT_EQ(closed.get(), -1);
  EXPECT_FALSE(PosixDescriptor().is_open());
  EXPECT_TRUE(PosixDescriptor(0).is_open()) << "0 is one; this closes it";
}

TEST(PosixDescriptor, MovesWithoutClosing) {
  PosixDescriptor first(null_descriptor());
  const int number = first.get();
  PosixDescriptor second(std::move(first));
  EXPECT_EQ(second.get(), number);
  EXPECT_TRUE(is_open(number));
  PosixDescriptor third(null_descriptor());
  const int former = third.get();
  third = std::move(second);
  EXPECT_EQ(third.get(), number);
  EXPECT_TRUE(is_open(number));
  EXPECT_FALSE(is_open(former)) << "what it held before";
  PosixDescriptor& same = third;
  third = std::move(same);
  EXPECT_EQ(third.get(), number);
  EXPECT_TRUE(is_open(number));
  EXPECT_EQ(third.release(), number);
  EXPECT_FALSE(third.is_open());
  EXPECT_TRUE(is_open(number)) << "now the caller's";
  ::close(number);
}

void expect_lifted(const PosixDescriptor& descriptor) {
  ASSERT_TRUE(descriptor.is_open());
  EXPECT_GE(descriptor.get(), 10);
  EXPECT_EQ(::fcntl(descriptor.get(), F_GETFD), FD_CLOEXEC);
}

TEST(PosixDescriptor, IsLiftedAboveThoseOfWorkers) {
  const int number = ::open("/dev/null", O_RDONLY);
  ASSERT_GE(number, 0);
  const PosixDescriptor descriptor = lifted(number);
  expect_lifted(descriptor);
  if (number < 10) {
    EXPECT_FALSE(is_open(number));
  }
  EXPECT_FALSE(lifted(-1).is_open());
}

TEST(PosixPipe, LeadsFromOneEndToTheOther) {
  const PosixPipe pipe = make_pipe();
  expect_lifted(pipe.read);
  expect_lifted(pipe.write);
  ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1);
  char byte = 0;
  ASSERT_EQ(::read(pipe.read.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST(PosixPipe, IsClosedWhereDescriptorsRunOut) {
  EXPECT_GE(sweep_descriptors([] {
              const PosixPipe pipe = make_pipe();
              EXPECT_EQ(pipe.read.is_open(), pipe.write.is_open()) << "half a pipe";
              return pipe.read.is_open();
            }),
            1);
  EXPECT_GE(sweep_descriptors([] { return file_with("text").is_open(); }), 1);
}

TEST(FileWith, HoldsTheTextFromItsBeginning) {
  for (const std::string& text : {std::string(), std::string("a\0b", 3), std::string(300'000, 'y')}) {
    const PosixDescriptor file = file_with(text);
    expect_lifted(file);
    std::string read(text.size() + 10, '-');
    const ssize_t count = ::read(file.get(), read.data(), read.size());
    ASSERT_EQ(count, static_cast<ssize_t>(text.size()));
    EXPECT_EQ(read.substr(0, text.size()), text);
  }
}

}  // namespace
}  // namespace stampede
