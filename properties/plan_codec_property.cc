// Claims about plans as data: what is printed comes back, spoilt text is refused, any bytes decode into a plan.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "properties/rapidcheck_choices.h"

namespace stampede {
namespace {

// Whatever the text is: an error with a place and a reason, or a plan that is as good as any.
void expect_plan_or_error(const std::string& text) {
  const auto parsed = parse_plan(text, "spoilt.json");
  if (!parsed) {
    RC_ASSERT(parsed.error().place == "spoilt.json");
    RC_ASSERT(!parsed.error().detail.empty());
    return;
  }
  RC_ASSERT(check(*parsed).has_value());
  const auto again = parse_plan(print_plan(*parsed), "printed.json");
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == *parsed);
}

RC_GTEST_PROP(PlanCodec, GivesEveryPlanBack, ()) {
  const Plan plan = *plans();
  RC_ASSERT(check(plan).has_value());
  const auto read = parse_plan(print_plan(plan), "plan.json");
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == plan);
  RC_ASSERT(plan_hash(*read) == plan_hash(plan));
}

// A few places of each text, so that a failure shrinks in seconds.
constexpr int kPlaces = 24;

std::size_t draw_place(const std::string& text) { return *rc::gen::inRange<std::size_t>(0, text.size()); }

RC_GTEST_PROP(PlanCodec, RefusesTruncations, ()) {
  const Plan plan = *plans();
  const std::string text = print_plan(plan);
  const std::size_t first = draw_place(text);
  const std::size_t end = std::min(first + kPlaces, text.size() - 1);  // the last byte is a line's end
  for (std::size_t length = first; length < end; ++length) {
    const auto read = parse_plan(std::string_view(text).substr(0, length), "cut.json");
    RC_ASSERT(!read.has_value());
    RC_ASSERT(!read.error().detail.empty());
  }
}

RC_GTEST_PROP(PlanCodec, SurvivesChangesOfOneByte, ()) {
  const std::string telling = "0123456789-.eE\"\\{}[],:/tn";  // bytes that mean something in JSON
  std::string text = print_plan(*plans());
  const std::size_t first = draw_place(text);
  for (std::size_t i = first; i < std::min(first + kPlaces, text.size()); ++i) {
    const char good = text[i];
    text[i] = *rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::elementOf(telling));
    expect_plan_or_error(text);
    text[i] = good;
  }
}

RC_GTEST_PROP(PlanCodec, SurvivesTextThatIsTornAndJoined, ()) {
  const std::string left = print_plan(*plans());
  const std::string right = print_plan(*plans());
  for (int i = 0; i < 20; ++i) {
    const std::size_t end = draw_place(left);
    const std::size_t begin = draw_place(right);
    expect_plan_or_error(left.substr(0, end) + right.substr(begin));
  }
}

RC_GTEST_PROP(PlanCodec, DecodesAnyBytesIntoAPlan, (const std::vector<std::uint8_t>& bytes)) {
  const auto choices = choices_of_bytes(std::as_bytes(std::span(bytes)));
  const Plan plan = draw_plan(*choices);
  RC_ASSERT(check(plan).has_value());
  const auto same = choices_of_bytes(std::as_bytes(std::span(bytes)));
  RC_ASSERT(draw_plan(*same) == plan);
}

}  // namespace
}  // namespace stampede
