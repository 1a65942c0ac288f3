// Response scripts: the steps of turns, heads to the letter, and where drips cut.
#include "harness/faults/response_script.h"

#include <gtest/gtest.h>

#include "harness/faults/script_text_for_test.h"

namespace stampede {
namespace {

constexpr std::uint64_t kBig = 600'001;

struct Case {
  const char* turn;
  std::uint64_t size;
  const char* steps;
};

TEST(ResponseScript, HasTheStepsOfItsTurn) {
  const std::vector<Case> cases = {
      {"none", 0, "head, close"},
      {"none", kBig, "head, body 0-600001, close"},
      {"reset_on_accept", 2, "reset"},
      {"close_on_accept", 2, "cut"},
      {"headers_then_close", kBig, "head, cut"},
      {"headers_then_reset", 2, "head, reset"},
      {"close_in_body:1", 2, "head, body 0-1, cut"},
      {"close_in_body:18446744073709551615", kBig, "head, body 0-600001, cut"},
      {"reset_in_body:1", 0, "head, reset"},
      {"reset_in_body:300000", kBig, "head, body 0-300000, reset"},
      {"bytes_after_body", 2, "head, body 0-2, text 21, close"},
      {"stall_before_headers", 2, "never"},
      {"stall_before_headers:for=3ms", 2, "pause 3, head, body 0-2, close"},
      {"stall_in_body:1", 2, "head, body 0-1, never"},
      {"stall_in_body:9:for=4ms", 2, "head, body 0-2, pause 4, close"},
      {"stall_in_body:1:for=4ms+flip_byte:0", 3, "head, text 1, pause 4, body 1-3, close"},
      {"status:404", 2, "head, text 14, close"},
      {"status:304", 2, "head, close"},
      {"status:304+length_too_long", 2, "head, close"},
      {"redirect_loop+headers_then_reset", 2, "head, reset"},
      {"flip_byte:0", 0, "head, close"},
      {"flip_byte:9", 2, "head, body 0-1, text 1, close"},
      {"flip_byte:300000", kBig, "head, body 0-300000, text 1, body 300001-600001, close"},
      {"zero_bytes:1000", kBig, "head, body 0-1000, text 4096, body 5096-600001, close"},
      {"zero_bytes:0", 4096, "head, text 4096, close"},
      {"zero_bytes:1", 4097, "head, body 0-1, text 4096, close"},
      {"zero_bytes:2", 4097, "head, body 0-2, text 4095, close"},
      {"zero_bytes:7", 7, "head, body 0-7, close"},
      {"flip_byte:1", 2, "head, body 0-1, text 1, close"},
      {"other_version_same_etag:1", 4096, "head, text 1, body 1-4096, close"},
      {"other_version_same_etag:1", 4097, "head, text 1, body 1-4096, text 1, close"},
      {"other_version_new_etag:1", 2, "head, text 1, body 1-2, close"},
      {"content_encoding", 0, "head, text 10, text 5, text 8, close"},
      {"content_encoding", 65'535, "head, text 10, text 5, body 0-65535, text 8, close"},
      {"content_encoding", 65'536, "head, text 10, text 5, body 0-65535, text 5, body 65535-65536, text 8, close"},
      {"chunked_trailers", 3,
       "head, text 3, body 0-1, text 2, text 3, body 1-2, text 2, text 3, body 2-3, text 2, text 3, text 25, close"},
      {"chunked_cut", 262'143, "head, text 6, body 0-65535, text 2, text 6, body 65535-131070, text 2, cut"},
      {"chunked_cut", 262'148, "head, text 7, body 0-65536, text 2, text 7, body 65536-131072, text 2, cut"},
      {"chunked_cut", 0, "head, cut"},
      {"chunked_no_last", 0, "head, cut"},
      {"chunked_bad_size", 0, "head, text 6, text 2, close"},
      {"length_too_short+bytes_after_body", 2, "head, body 0-2, text 21, close"},
      {"stall_in_body:2", 2, "head, body 0-2, never"},
      {"stall_in_body:0:for=4ms", 2, "head, pause 4, body 0-2, close"},
      {"stall_in_body:9:for=4ms+close_in_body:1", 2, "head, body 0-1, pause 4, cut"},
      {"drip:1000000", 2, "head, body 0-2, close"},
      {"swap_halves", 1, "head, body 0-1, close"},
      {"swap_halves", 3, "head, body 1-3, body 0-1, close"},
      {"swap_halves", kBig, "head, body 300000-600001, body 0-300000, close"},
      {"other_version_same_etag", 2, "head, body 0-2, close"},
      {"other_version_same_etag:1", 5000, "head, text 1, body 1-4096, text 1, body 4097-5000, close"},
      {"length_missing", kBig, "head, body 0-600001, close"},
      {"chunked_cut", 8, "head, text 3, body 0-2, text 2, text 3, body 2-4, text 2, cut"},
      {"chunked_no_last", 1, "head, text 3, body 0-1, text 2, cut"},
      {"chunked_trailers", 0, "head, text 3, text 25, close"},
      {"chunked_bad_size", 1, "head, text 6, body 0-1, text 2, text 3, text 2, close"},
      {"chunked_trailers+close_in_body:4", 8, "head, text 3, body 0-1, cut"},
      {"interim:2", 1, "head, head, head, body 0-1, close"},
      {"garbage_before", 1, "head, head, body 0-1, close"},
      {"interim+stall_before_headers:for=1ms", 1, "pause 1, head, head, body 0-1, close"},
  };
  for (const Case& c : cases) {
    const ResponseScript script = compile(parse_turn(c.turn).value(), generated_model("m", c.size));
    EXPECT_EQ(describe(script), c.steps) << c.turn << " on " << c.size;
    EXPECT_EQ(script.reads_request, !is_before_request(parse_turn(c.turn).value())) << c.turn;
  }
}

// The bytes between pauses, and how long those are.
std::vector<std::uint64_t> pieces_of(const ResponseScript& script, std::chrono::milliseconds pause) {
  std::vector<std::uint64_t> pieces = {0};
  for (const ScriptStep& step : script.steps) {
    if (const auto* head = std::get_if<SendHead>(&step)) pieces.back() += head->bytes.size();
    if (const auto* text = std::get_if<SendText>(&step)) pieces.back() += text->bytes.size();
    if (const auto* body = std::get_if<SendBody>(&step)) pieces.back() += body->end - body->begin;
    if (const auto* wait = std::get_if<Pause>(&step)) {
      EXPECT_EQ(wait->time, pause);
      pieces.push_back(0);
    }
  }
  return pieces;
}

TEST(ResponseScript, DripsInPiecesOfOneSizeOverTheWholeResponse) {
  const Model model = generated_model("m", 5000);
  for (const std::uint64_t size : {1, 7, 100, 4096, 100'000}) {
    for (const char* other : {"", "+flip_byte:9", "+chunked_trailers", "+interim:3", "+status:503"}) {
      const std::string turn = "drip:" + std::to_string(size) + ":pause=2ms" + other;
      const std::vector<std::uint64_t> pieces =
          pieces_of(compile(parse_turn(turn).value(), model), std::chrono::milliseconds(2));
      for (std::size_t i = 0; i + 1 < pieces.size(); ++i) EXPECT_EQ(pieces[i], size) << turn;
      EXPECT_GT(pieces.back(), 0U) << turn;
      EXPECT_LE(pieces.back(), size) << turn;
    }
  }
  const ResponseScript plain = compile({}, model);
  const std::uint64_t whole = pieces_of(plain, {}).at(0);
  const ResponseScript dripped = compile(parse_turn("drip:100").value(), model);
  EXPECT_EQ(pieces_of(dripped, std::chrono::milliseconds(1)).size(), (whole + 99) / 100);
}

TEST(ResponseScript, DripsAMillionPiecesAndTheRestAtOnce) {
  constexpr std::uint64_t kMillion = 1'000'000;
  const ResponseScript script = compile(parse_turn("drip:1").value(), generated_model("m", kMillion + 1));
  std::uint64_t pauses = 0, bytes = 0, after_last_pause = 0;
  for (const ScriptStep& step : script.steps) {
    const auto* const head = std::get_if<SendHead>(&step);
    const auto* const body = std::get_if<SendBody>(&step);
    const std::uint64_t size = head != nullptr ? head->bytes.size() : body != nullptr ? body->end - body->begin : 0;
    bytes += size;
    after_last_pause += size;
    if (!std::holds_alternative<Pause>(step)) continue;
    ++pauses;
    after_last_pause = 0;
  }
  EXPECT_EQ(pauses, kMillion);
  EXPECT_EQ(after_last_pause, bytes - kMillion);
}

TEST(ResponseScript, EndsADripWithoutAPause) {
  const std::string head = head_of(compile(parse_turn("status:404").value(), generated_model("m", 1)));
  const auto described = [&](std::size_t piece) {
    return describe(
        compile(parse_turn("drip:" + std::to_string(piece) + "+status:404").value(), generated_model("m", 1)));
  };
  EXPECT_EQ(described(head.size()), "head, pause 1, text 14, close");
  EXPECT_EQ(described(head.size() + 14), "head, text 14, close");
  EXPECT_EQ(described(head.size() + 13), "head, text 13, pause 1, text 1, close");
  EXPECT_EQ(described(head.size() - 1), "head, pause 1, head, text 14, close");
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
    const std::string head = head_of(compile(parse_turn(fault).value(), generated_model("m", size)));
    EXPECT_NE(head.find(line), std::string::npos) << fault << " on " << size << ":\n" << head;
  }
  const std::string head = head_of(compile(NetworkFault{.kind = FaultKind::length_missing}, generated_model("m", 10)));
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
}

TEST(ResponseScript, HasOneExactHeadForAGoodResponse) {
  const Model model = model_of("abc");
  EXPECT_EQ(head_of(compile({}, model)),
            "HTTP/1.1 200 OK\r\n"
            "Server: stampede\r\n"
            "Content-Type: application/octet-stream\r\n"
            "Accept-Ranges: bytes\r\n"
            "ETag: \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\r\n"
            "Content-Length: 3\r\n"
            "Connection: close\r\n\r\n");
}

TEST(ResponseScript, CarriesStatusAndRetryAfter) {
  const Model model = model_of("abc");
  const ResponseScript script = compile(parse_turn("status:429:retry_after=7").value(), model);
  EXPECT_EQ(head_of(script),
            "HTTP/1.1 429 Too Many Requests\r\n"
            "Server: stampede\r\n"
            "Retry-After: 7\r\n"
            "Content-Type: text/plain\r\n"
            "Content-Length: 22\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_EQ(text_of(script), "429 Too Many Requests\n");
  EXPECT_EQ(head_of(compile(parse_turn("status:503").value(), model)).find("Retry-After"), std::string::npos);
}

TEST(ResponseScript, FlipsAllBitsOfOneByte) {
  EXPECT_EQ(text_of(compile(parse_turn("flip_byte:1").value(), model_of("a\x0f"
                                                                        "b"))),
            "\xf0");
}

TEST(ResponseScript, AllowsGetWhereItRefusesAnotherMethod) {
  const ResponseScript script = compile_refusal(405);
  EXPECT_EQ(script.status, 405);
  EXPECT_NE(head_of(script).find("Allow: GET\r\n"), std::string::npos);
  EXPECT_EQ(head_of(compile_refusal(404)).find("Allow"), std::string::npos);
}

TEST(ResponseScriptDeathTest, DoesNotExistForARefusedConnection) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(compile(NetworkFault{.kind = FaultKind::refused}, generated_model("m", 1)),
               "no script plays the fault 'refused'");
}

}  // namespace
}  // namespace stampede
