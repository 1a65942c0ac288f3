// Which texts count as numeric addresses, compared with the system's own function.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>

#include "harness/sim/sim_address.h"

namespace stampede {
namespace {

TEST(SimAddress, AgreesWithTheSystem) {
  int yes = 0, no = 0;
  for (const std::string text : {"127.0.0.1",
                                 "0.0.0.0",
                                 "255.255.255.255",
                                 "256.0.0.1",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "01.2.3.4",
                                 "1..2.3",
                                 "1.2.3.",
                                 "",
                                 ".1.2.3",
                                 "1.2.3.a",
                                 "1.2.3.1000",
                                 "::",
                                 "::1",
                                 "1::",
                                 "1::2",
                                 "1:2:3:4:5:6:7:8",
                                 "1:2:3:4:5:6:7",
                                 "1:2:3:4:5:6:7::",
                                 "::1:2:3:4:5:6:7:8",
                                 "1:2:3:4:5:6:7:8:9",
                                 "1::2::3",
                                 ":1",
                                 "1:",
                                 ":",
                                 ":::",
                                 "12345::",
                                 "g::",
                                 "::ffff:127.0.0.1",
                                 "::ffff:127.0.0.256",
                                 "1:2:3:4:5:6:127.0.0.1",
                                 "1:2:3:4:5:6:7:127.0.0.1",
                                 "127.0.0.1::",
                                 "::127.0.0.1:1",
                                 "[::1]",
                                 "localhost",
                                 "fe80::1%lo",
                                 "::1 ",
                                 " ::1",
                                 "AbCd::eF",
                                 "1:2:3::4:5:6:7:8",
                                 "1:2:3:4::5:6:7:8"}) {
    in_addr v4{};
    in6_addr v6{};
    const bool expected = ::inet_pton(AF_INET, text.c_str(), &v4) == 1 || ::inet_pton(AF_INET6, text.c_str(), &v6) == 1;
    EXPECT_EQ(is_numeric_address(text), expected) << text;
    ++(expected ? yes : no);
  }
  EXPECT_GT(yes, 10);
  EXPECT_GT(no, 20);
}

}  // namespace
}  // namespace stampede
