// Where redirects lead, to the letter, and how their mark is found again.
#include "harness/faults/redirect.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

TEST(Redirect, LeadsWhereItsKindSays) {
  struct Row {
    FaultKind kind;
    const char *target, *location;
  };
  for (const Row& row : {
           Row{FaultKind::redirect_relative, "/m", "./m?redirected=well"},
           Row{FaultKind::redirect_relative, "/a/b/c?x=1&y", "./c?x=1&y&redirected=well"},
           Row{FaultKind::redirect_relative, "/a/b?path=/c/d", "./b?path=/c/d&redirected=well"},
           Row{FaultKind::redirect_relative, "/m?redirected=well", "./m?redirected=well"},
           Row{FaultKind::redirect_other_host, "/a/b?x", "http://o:1/a/b?x&redirected=well"},
           Row{FaultKind::redirect_other_host, "/m?redirected=loop", "http://o:1/m?redirected=loop&redirected=well"},
           Row{FaultKind::redirect_loop, "/m", "/m?redirected=loop"},
           Row{FaultKind::redirect_loop, "/m?a&redirected=loop&b", "/m?a&redirected=loop&b"},
           Row{FaultKind::redirect_loop, "/m?redirected=loops", "/m?redirected=loops&redirected=loop"},
           Row{FaultKind::redirect_to_file, "/m?x", "file:///etc/hostname"},
       }) {
    EXPECT_EQ(location_of(row.kind, row.target, "http://o:1"), row.location) << row.target;
  }
}

TEST(Redirect, IsFoundByItsWholeParameter) {
  for (const char* target :
       {"/m", "/m?", "/m?redirected", "/m?redirected=", "/m?redirected=wel", "/m?redirected=wells",
        "/m?xredirected=well", "/redirected=well", "/m?a=redirected=well", "/m?&", "/m&redirected=well"}) {
    EXPECT_EQ(redirected_of(target), Redirected::no) << target;
  }
  for (const char* target : {"/m?redirected=well", "/m?a=b&redirected=well", "/m?redirected=well&a",
                             "/m?&redirected=well", "/m?redirected=loop&redirected=well"}) {
    EXPECT_EQ(redirected_of(target), Redirected::to_be_served_well) << target;
  }
  for (const char* target : {"/m?redirected=loop", "/m?a&redirected=loop&b"}) {
    EXPECT_EQ(redirected_of(target), Redirected::in_a_loop) << target;
  }
}

}  // namespace
}  // namespace stampede
