// Parses the command line with CLI11 and checks every value.
#include "cache/command/arguments.h"

#include <CLI/CLI.hpp>
#include <charconv>

#include "cache/command/help_text.h"
#include "cache/command/quantities.h"
#include "cache/http_url.h"

namespace modelcache {
namespace {

constexpr unsigned kAttemptsMax = 1000;

// Option values as they were typed; empty text means "not given", which no value may be.
struct Typed {
  std::optional<std::string> sha256, verify, attempts, timeout, connect_timeout, idle_timeout, lock_wait, max_size;
};

tl::unexpected<Error> refuse(const std::string& place, const std::string& detail) {
  return fail(ErrorCode::invalid_argument, "read the command line", place, detail);
}

Result<VerifyPolicy> parse_policy(const std::string& text) {
  if (text == "when-changed") return VerifyPolicy::when_changed;
  if (text == "always") return VerifyPolicy::always;
  if (text == "never") return VerifyPolicy::never;
  return refuse("--verify", "expected when-changed, always or never, found \"" + text + '"');
}

Result<unsigned> parse_attempts(const std::string& text) {
  unsigned number = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end != last || number < 1 || number > kAttemptsMax) {
    return refuse("--attempts", "expected 1 to " + std::to_string(kAttemptsMax) + ", found \"" + text + '"');
  }
  return number;
}

// Puts what `parse` makes of `text` into `into`, where there is a text.
template <class T, class Parse>
Result<void> take(const std::optional<std::string>& text, T& into, Parse parse) {
  if (!text) return {};
  auto value = parse(*text);
  if (!value) return fail(value.error());
  into = *value;
  return {};
}

Result<void> take_request(const Typed& typed, GetRequest& request) {
  if (const auto url = HttpUrl::parse(request.url); !url) return fail(url.error());
  if (typed.sha256) {
    const auto digest = Sha256Digest::parse(*typed.sha256);
    if (!digest) return refuse("--sha256", digest.error().detail);
    request.sha256 = *digest;
  }
  request.accept_unverified = !request.sha256.has_value();
  return {};
}

Result<void> take_options(const Typed& typed, CacheOptions& options) {
  const auto seconds = [](const char* option, bool zero_allowed) {
    return [=](const std::string& text) { return parse_seconds(option, text, zero_allowed); };
  };
  const auto size = [](const std::string& text) { return parse_size("--max-size", text); };
  for (auto&& taken : {take(typed.verify, options.verify, parse_policy),
                       take(typed.attempts, options.retry.attempts_max, parse_attempts),
                       take(typed.timeout, options.get_timeout, seconds("--timeout", false)),
                       take(typed.connect_timeout, options.http.connect_timeout, seconds("--connect-timeout", false)),
                       take(typed.idle_timeout, options.http.idle_timeout, seconds("--idle-timeout", false)),
                       take(typed.lock_wait, options.lock.wait_max, seconds("--lock-wait", true)),
                       take(typed.max_size, options.entry_bytes_max, size)}) {
    if (!taken) return taken;
  }
  options.http.limits.body_bytes_max = options.entry_bytes_max;
  return {};
}

// How long each command waits for a lock unless told otherwise. `doctor` reports on a directory that may be in use, so
// it does not wait behind a download; the others have something to do that cannot be done without.
std::chrono::milliseconds usual_lock_wait(Verb verb) {
  if (verb == Verb::doctor) return std::chrono::seconds(5);
  if (verb == Verb::remove || verb == Verb::verify) return std::chrono::seconds(30);
  return LockPolicy{}.wait_max;
}

void add_seconds(CLI::App& command, const char* name, std::optional<std::string>& into, const std::string& what,
                 std::chrono::milliseconds usual) {
  command.add_option(name, into, what + " (default " + exact_seconds(usual) + ")")->type_name("SECONDS");
}

void add_request_options(CLI::App& command, Arguments& arguments, Typed& typed) {
  command.add_option("URL", arguments.request.url, "where the model is: http://...")->required();
  command.add_option("--sha256", typed.sha256, "the model's SHA-256, 64 hexadecimal digits")->type_name("HEX");
  command.add_option("--verify", typed.verify, "how far a hit is checked: when-changed (default), always or never")
      ->type_name("POLICY");
}

void add_get_options(CLI::App& command, Arguments& arguments, Typed& typed) {
  const CacheOptions defaults;
  command
      .add_option("--attempts", typed.attempts,
                  "downloads begun at most (default " + std::to_string(defaults.retry.attempts_max) + ")")
      ->type_name("N");
  add_seconds(command, "--timeout", typed.timeout, "for everything, waiting included", defaults.get_timeout);
  add_seconds(command, "--connect-timeout", typed.connect_timeout, "for each address", defaults.http.connect_timeout);
  add_seconds(command, "--idle-timeout", typed.idle_timeout, "without a byte", defaults.http.idle_timeout);
  add_seconds(command, "--lock-wait", typed.lock_wait,
              "behind another process's download; then this one downloads for itself", usual_lock_wait(Verb::get));
  command.add_flag("--only-wait", arguments.options.lock.only_wait, "after --lock-wait fail, and name the holder");
  command
      .add_option("--max-size", typed.max_size,
                  "refuse a larger model: 512MiB, 2G, ... (default " + readable_size(defaults.entry_bytes_max) + ")")
      ->type_name("SIZE");
}

struct Commands {
  CLI::App* get;
  CLI::App* path;
  CLI::App* list;
  CLI::App* verify;
  CLI::App* remove;
  CLI::App* doctor;
};

Commands add_commands(CLI::App& app, Arguments& arguments, Typed& typed) {
  Commands commands{
      app.add_subcommand("get", "print the path of a model's file; download it when it is not there"),
      app.add_subcommand("path", "print the path of a model's file, or fail when it is not there; no network"),
      app.add_subcommand("ls", "list the entries"),
      app.add_subcommand("verify", "hash all entries, or one, and report those that are not what they should be"),
      app.add_subcommand("rm", "remove entries"),
      app.add_subcommand("doctor", "clean up after crashes and report on the cache directory"),
  };
  for (auto* command : app.get_subcommands({})) command->footer(command_footer(command->get_name()));
  add_request_options(*commands.get, arguments, typed);
  add_get_options(*commands.get, arguments, typed);
  add_request_options(*commands.path, arguments, typed);
  commands.list->add_flag("-l,--long", arguments.long_listing, "exact sizes, whole digests, and paths");
  commands.verify->add_option("SELECTOR", arguments.selectors, "a URL, a SHA-256 or a key; all entries when left out")
      ->expected(0, 1);
  commands.verify->add_flag("--repair", arguments.repair, "remove what is corrupt");
  add_seconds(*commands.verify, "--lock-wait", typed.lock_wait,
              "with --repair, for each lock that another process holds; then the entry stays",
              usual_lock_wait(Verb::verify));
  commands.remove->add_option("SELECTOR", arguments.selectors, "a URL, a SHA-256 or a key")->required();
  add_seconds(*commands.remove, "--lock-wait", typed.lock_wait, "for each lock that another process holds",
              usual_lock_wait(Verb::remove));
  add_seconds(*commands.doctor, "--lock-wait", typed.lock_wait,
              "for the manifest's lock, where another process holds it; then the manifest is not updated",
              usual_lock_wait(Verb::doctor));
  return commands;
}

Verb chosen(const CLI::App& app, const Commands& commands) {
  const auto* const command = app.get_subcommands().front();
  if (command == commands.get) return Verb::get;
  if (command == commands.path) return Verb::path;
  if (command == commands.list) return Verb::list;
  if (command == commands.verify) return Verb::verify;
  if (command == commands.remove) return Verb::remove;
  return Verb::doctor;
}

// Help and version come as exceptions too, with status 0.
Result<CommandLine> text_or_error(const CLI::App& app, const CLI::ParseError& problem) {
  if (problem.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success)) {
    const auto* const used = app.get_subcommands().empty() ? nullptr : app.get_subcommands().front();
    const auto help = "modelcache " + (used == nullptr ? "" : used->get_name() + ' ') + "--help";
    return refuse("", std::string(problem.what()) + "; see " + help);
  }
  std::ostringstream out, err;
  (void)app.exit(problem, out, err);
  return CommandLine{std::nullopt, out.str()};
}

}  // namespace

Result<CommandLine> parse_command_line(int argc, const char* const* argv) {
  Arguments arguments;
  Typed typed;
  CLI::App app("A cache of models on disk that many processes share.", "modelcache");
  app.footer(help_footer());
  app.set_version_flag("--version", std::string("modelcache ") + MODELCACHE_VERSION);
  app.require_subcommand(1, 1);
  app.fallthrough();  // so that the three options below may stand after the command as well
  app.add_option("--cache-dir", arguments.directory, "the cache directory")->type_name("DIR");
  app.add_flag("--json", arguments.json, "one JSON object on standard output, nothing else; for errors too");
  app.add_flag("-q,--quiet", arguments.quiet, "no notes and no progress on standard error");
  const auto commands = add_commands(app, arguments, typed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return text_or_error(app, problem);
  }
  arguments.verb = chosen(app, commands);
  arguments.options.lock.wait_max = usual_lock_wait(arguments.verb);
  if (auto taken = take_options(typed, arguments.options); !taken) return fail(taken.error());
  if (arguments.verb == Verb::get || arguments.verb == Verb::path) {
    if (auto taken = take_request(typed, arguments.request); !taken) return fail(taken.error());
  }
  return CommandLine{std::move(arguments), ""};
}

bool asks_for_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") return false;
    if (word == "--json") return true;
  }
  return false;
}

}  // namespace modelcache
