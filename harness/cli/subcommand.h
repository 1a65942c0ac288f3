// The options of a subcommand, without the library that parses them.
#ifndef STAMPEDE_CLI_SUBCOMMAND_H
#define STAMPEDE_CLI_SUBCOMMAND_H

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace stampede {

// What more there is to say about an option. A handle: the option belongs to its command, which must outlive it. Each
// method returns the same handle, so that they can be chained.
class SubcommandOption {
 public:
  explicit SubcommandOption(CLI::Option& option) : option_(&option) {}

  SubcommandOption& type_name(const std::string& name);  // what the help calls its value
  SubcommandOption& within(int least, int most);         // both are allowed
  SubcommandOption& within(double least, double most);
  SubcommandOption& positive();
  SubcommandOption& one_of(const std::vector<std::string>& words);
  SubcommandOption& required();
  SubcommandOption& one_value_each();  // it is repeated for further values, so that what follows one is no value
  SubcommandOption& excludes(const SubcommandOption& other);
  SubcommandOption& needs(const SubcommandOption& other);
  SubcommandOption& shows_default();                  // what the variable holds now
  SubcommandOption& group(const std::string& title);  // the help lists it there

 private:
  CLI::Option* option_;
};

// Declares a subcommand. CLI11 stays in the source file: each file that sees it takes as long to compile as ten others,
// most of it for code that is the same in all. Owned by one thread; the app that it was made with must outlive it, and
// so must the variables, which parsing fills.
class Subcommand {
 public:
  Subcommand(CLI::App& app, const std::string& name, const std::string& what);

  // A named option ("--seed") or, without dashes, the next word ("DIR"). For the types that the source file lists:
  // numbers, text, lists of text, and optional numbers.
  template <class Value>
  SubcommandOption option(const std::string& name, Value& value, const std::string& what);
  SubcommandOption flag(const std::string& name, bool& value, const std::string& what);

  // How often an option was given. REQUIRES: it was declared, and all is parsed.
  [[nodiscard]] std::size_t count(const std::string& name) const;
  void hide();  // from the help of the program
  void footer(const std::string& text);
  void run(std::function<void()> command);  // once all is parsed

 private:
  CLI::App* command_;
};

}  // namespace stampede

#endif  // STAMPEDE_CLI_SUBCOMMAND_H
