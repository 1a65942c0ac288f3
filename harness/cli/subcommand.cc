// Options over CLI11.
#include "harness/cli/subcommand.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace stampede {

SubcommandOption& SubcommandOption::type_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

SubcommandOption& SubcommandOption::within(int least, int most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

SubcommandOption& SubcommandOption::within(double least, double most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

SubcommandOption& SubcommandOption::positive() {
  option_->check(CLI::Validator(
      [](std::string& text) {
        double value = 0;
        return CLI::detail::lexical_cast(text, value) && value > 0 ? std::string()
                                                                   : "expected a number above 0, got " + text;
      },
      "POSITIVE"));
  return *this;
}

SubcommandOption& SubcommandOption::one_of(const std::vector<std::string>& words) {
  option_->check(CLI::IsMember(words));
  return *this;
}

SubcommandOption& SubcommandOption::required() {
  option_->required();
  return *this;
}

SubcommandOption& SubcommandOption::one_value_each() {
  option_->allow_extra_args(false);
  return *this;
}

SubcommandOption& SubcommandOption::excludes(const SubcommandOption& other) {
  option_->excludes(other.option_);
  return *this;
}

SubcommandOption& SubcommandOption::needs(const SubcommandOption& other) {
  option_->needs(other.option_);
  return *this;
}

SubcommandOption& SubcommandOption::shows_default() {
  option_->capture_default_str();
  return *this;
}

SubcommandOption& SubcommandOption::group(const std::string& title) {
  option_->group(title);
  return *this;
}

Subcommand::Subcommand(CLI::App& app, const std::string& name, const std::string& what)
    : command_(app.add_subcommand(name, what)) {}

namespace {

// CLI11 takes what does not fit into 64 bits for the largest number that does.
const CLI::Validator& whole_number() {
  static const CLI::Validator validator(
      [](std::string& text) {
        std::uint64_t number = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        return error == std::errc() && stop == end ? std::string() : "expected a whole number below 2^64, got " + text;
      },
      "");
  return validator;
}

}  // namespace

template <class Value>
SubcommandOption Subcommand::option(const std::string& name, Value& value, const std::string& what) {
  CLI::Option* const option = command_->add_option(name, value, what);
  if constexpr (std::is_same_v<Value, std::uint64_t> || std::is_same_v<Value, std::optional<std::uint64_t>>) {
    option->check(whole_number());
  }
  return SubcommandOption(*option);
}

#define STAMPEDE_OPTION_OF(...) \
  template SubcommandOption Subcommand::option(const std::string&, __VA_ARGS__&, const std::string&)
STAMPEDE_OPTION_OF(std::string);
STAMPEDE_OPTION_OF(std::vector<std::string>);
STAMPEDE_OPTION_OF(std::uint16_t);
STAMPEDE_OPTION_OF(std::uint32_t);
STAMPEDE_OPTION_OF(std::uint64_t);
STAMPEDE_OPTION_OF(double);
STAMPEDE_OPTION_OF(std::optional<std::uint64_t>);
STAMPEDE_OPTION_OF(std::optional<double>);
#undef STAMPEDE_OPTION_OF

SubcommandOption Subcommand::flag(const std::string& name, bool& value, const std::string& what) {
  return SubcommandOption(*command_->add_flag(name, value, what));
}

std::size_t Subcommand::count(const std::string& name) const { return command_->count(name); }

void Subcommand::hide() { command_->group(""); }

void Subcommand::footer(const std::string& text) { command_->footer(text); }

void Subcommand::run(std::function<void()> command) { command_->callback(std::move(command)); }

}  // namespace stampede
