// Response scripts: for each kind of fault the steps, the status and whether the whole body goes out.
#include "harness/faults/response_script.h"

#include <gtest/gtest.h>

#include <fstream>

namespace stampede {
namespace {

constexpr std::uint64_t kBig = 600'001;

// The steps but the head, as text: "body 0-10, text 1, close".
std::string describe(const ResponseScript& script) {
  struct Describe {
    std::string operator()(const SendHead&) const { return "head"; }
    std::string operator()(const SendText& text) const { return "text " + std::to_string(text.bytes.size()); }
    std::string operator()(const SendBody& body) const {
      return "body " + std::to_string(body.begin) + "-" + std::to_string(body.end);
    }
    std::string operator()(const Pause&) const { return "pause"; }
    std::string operator()(const CloseConnection&) const { return "close"; }
    std::string operator()(const ResetConnection&) const { return "reset"; }
    std::string operator()(const NeverAnswer&) const { return "never"; }
  };
  std::string text;
  for (const ScriptStep& step : script.steps) text += (text.empty() ? "" : ", ") + std::visit(Describe{}, step);
  return text;
}

std::string head_of(const ResponseScript& script) { return std::get<SendHead>(script.steps.at(0)).bytes; }

std::string text_of(const ResponseScript& script) {
  for (const ScriptStep& step : script.steps) {
    if (const SendText* text = std::get_if<SendText>(&step)) return text->bytes;
  }
  return "";
}

Model model_of(std::string_view text) {
  Bytes bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  const modelcache::Sha256Digest digest = modelcache::sha256_of(bytes);
  return Model{"m", std::make_shared<const Bytes>(std::move(bytes)), digest};
}

struct Case {
  const char* fault;
  std::uint64_t size;
  const char* steps;
  bool is_full;
};

TEST(ResponseScript, HasTheStepsOfItsFaultForEverySize) {
  const std::vector<Case> cases = {
      {"none", 0, "head, close", true},
      {"none", 1, "head, body 0-1, close", true},
      {"none", kBig, "head, body 0-600001, close", true},
      {"reset_on_accept", 2, "reset", false},
      {"reset_on_accept", 0, "reset", false},
      {"close_on_accept", 2, "close", false},
      {"headers_then_close", 0, "head, close", true},
      {"headers_then_close", 1, "head, close", false},
      {"headers_then_close", kBig, "head, close", false},
      {"headers_then_reset", 0, "head, reset", true},
      {"headers_then_reset", 2, "head, reset", false},
      {"close_in_body:0", 2, "head, close", false},
      {"close_in_body:1", 2, "head, body 0-1, close", false},
      {"close_in_body:2", 2, "head, body 0-2, close", true},
      {"close_in_body:600000", kBig, "head, body 0-600000, close", false},
      {"close_in_body:18446744073709551615", kBig, "head, body 0-600001, close", true},
      {"reset_in_body:1", 0, "head, reset", true},
      {"reset_in_body:1", 1, "head, body 0-1, reset", true},
      {"reset_in_body:1", 2, "head, body 0-1, reset", false},
      {"reset_in_body:300000", kBig, "head, body 0-300000, reset", false},
      {"status:404", 2, "head, text 14, close", false},
      {"status:503", 0, "head, text 24, close", false},
      {"status:304", 2, "head, close", false},
      {"flip_byte:0", 0, "head, close", true},
      {"flip_byte:0", 1, "head, text 1, close", false},
      {"flip_byte:0", 2, "head, text 1, body 1-2, close", false},
      {"flip_byte:9", 2, "head, body 0-1, text 1, close", false},
      {"flip_byte:300000", kBig, "head, body 0-300000, text 1, body 300001-600001, close", false},
      {"zero_bytes:0", 0, "head, close", true},
      {"zero_bytes:0", 1, "head, text 1, close", false},
      {"zero_bytes:1", 2, "head, body 0-1, text 1, close", false},
      {"zero_bytes:2", 2, "head, body 0-2, close", true},
      {"zero_bytes:1000", kBig, "head, body 0-1000, text 4096, body 5096-600001, close", false},
      {"zero_bytes:600000", kBig, "head, body 0-600000, text 1, close", false},
      {"zero_bytes:18446744073709551615", kBig, "head, body 0-600001, close", true},
      {"swap_halves", 0, "head, close", true},
      {"swap_halves", 1, "head, body 0-1, close", true},
      {"swap_halves", 2, "head, body 1-2, body 0-1, close", false},
      {"swap_halves", kBig, "head, body 300000-600001, body 0-300000, close", false},
      {"length_too_short", 0, "head, close", true},
      {"length_too_short", 1, "head, body 0-1, close", false},
      {"length_too_short", kBig, "head, body 0-600001, close", false},
      {"length_too_long", 0, "head, close", false},
      {"length_too_long", kBig, "head, body 0-600001, close", false},
      {"length_missing", 0, "head, close", true},
      {"length_missing", kBig, "head, body 0-600001, close", true},
  };
  std::vector<int> seen(all_fault_kinds().size());
  for (const Case& c : cases) {
    const NetworkFault fault = parse_fault(c.fault).value();
    ++seen.at(static_cast<std::size_t>(fault.kind));
    const ResponseScript script = compile(fault, generated_model("m", c.size));
    EXPECT_EQ(describe(script), c.steps) << c.fault << " on " << c.size;
    EXPECT_EQ(script.is_full_body, c.is_full) << c.fault << " on " << c.size;
    const bool is_before_request = fault.kind == FaultKind::reset_on_accept || fault.kind == FaultKind::close_on_accept;
    EXPECT_EQ(script.reads_request, !is_before_request) << c.fault;
    EXPECT_EQ(script.status, is_before_request ? 0 : fault.kind == FaultKind::status ? fault.status : 200) << c.fault;
  }
  for (const FaultKind kind : all_fault_kinds()) {
    if (kind != FaultKind::refused) {
      EXPECT_GT(seen[static_cast<std::size_t>(kind)], 0) << name_of(kind);
    }
  }
}

TEST(ResponseScript, DeclaresTheLengthThatItsFaultSays) {
  const std::vector<std::tuple<const char*, std::uint64_t, const char*>> cases = {
      {"none", 0, "Content-Length: 0\r\n"},
      {"none", 10, "Content-Length: 10\r\n"},
      {"length_too_short", 0, "Content-Length: 0\r\n"},
      {"length_too_short", 10, "Content-Length: 9\r\n"},
      {"length_too_long", 0, "Content-Length: 1\r\n"},
      {"length_too_long", 10, "Content-Length: 11\r\n"},
      {"close_in_body:3", 10, "Content-Length: 10\r\n"},
      {"status:404", 10, "Content-Length: 14\r\n"},
  };
  for (const auto& [fault, size, line] : cases) {
    const std::string head = head_of(compile(parse_fault(fault).value(), generated_model("m", size)));
    EXPECT_NE(head.find(line), std::string::npos) << fault << " on " << size << ":\n" << head;
  }
  const std::string head = head_of(compile({.kind = FaultKind::length_missing}, generated_model("m", 10)));
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
}

TEST(ResponseScript, HasOneExactHeadForAGoodResponse) {
  const Model model = model_of("abc");
  EXPECT_EQ(head_of(compile({}, model)),
            "HTTP/1.1 200 OK\r\n"
            "Server: stampede\r\n"
            "Content-Type: application/octet-stream\r\n"
            "Accept-Ranges: none\r\n"
            "ETag: \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\r\n"
            "Content-Length: 3\r\n"
            "Connection: close\r\n\r\n");
}

TEST(ResponseScript, CarriesStatusAndRetryAfter) {
  const Model model = model_of("abc");
  const ResponseScript script = compile(parse_fault("status:429:retry_after=7").value(), model);
  EXPECT_EQ(head_of(script),
            "HTTP/1.1 429 Too Many Requests\r\n"
            "Server: stampede\r\n"
            "Retry-After: 7\r\n"
            "Content-Type: text/plain\r\n"
            "Content-Length: 22\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_EQ(text_of(script), "429 Too Many Requests\n");
  EXPECT_EQ(head_of(compile(parse_fault("status:503").value(), model)).find("Retry-After"), std::string::npos);
}

TEST(ResponseScript, FlipsAllBitsOfOneByte) {
  EXPECT_EQ(text_of(compile(parse_fault("flip_byte:1").value(), model_of("a\x0f"
                                                                         "b"))),
            "\xf0");
}

TEST(ResponseScript, ServesBytesAsTheyAreWhereTheFaultChangesNone) {
  for (const auto& [fault, bytes] : std::vector<std::pair<const char*, std::string>>{
           {"zero_bytes:1", std::string("a\0\0", 3)}, {"swap_halves", "abab"}, {"swap_halves", "aaa"}}) {
    const ResponseScript script = compile(parse_fault(fault).value(), model_of(bytes));
    EXPECT_TRUE(script.is_full_body) << fault;
    EXPECT_EQ(describe(script), "head, body 0-" + std::to_string(bytes.size()) + ", close") << fault;
  }
  EXPECT_FALSE(compile(parse_fault("swap_halves").value(), model_of("aba")).is_full_body);
}

TEST(ResponseScript, AllowsGetWhereItRefusesAnotherMethod) {
  const ResponseScript script = compile_refusal(405);
  EXPECT_EQ(script.status, 405);
  EXPECT_FALSE(script.is_full_body);
  EXPECT_NE(head_of(script).find("Allow: GET\r\n"), std::string::npos);
  EXPECT_EQ(head_of(compile_refusal(404)).find("Allow"), std::string::npos);
}

TEST(ResponseScriptDeathTest, DoesNotExistForARefusedConnection) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(compile({.kind = FaultKind::refused}, generated_model("m", 1)), "no script plays the fault 'refused'");
}

}  // namespace
}  // namespace stampede
