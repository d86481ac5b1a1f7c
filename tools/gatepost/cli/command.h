// The table of commands. The parser, `--help`, the suggestions and a test read it; each noun's file
// in command/ holds the rows of its verbs.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::tools {

class Context;

enum class Arity : uint8_t { one, optional, any, many };  // any: none or more, many: one or more

struct ArgumentSpec {
    std::string_view name;  // "FILE"
    Arity arity = Arity::one;
    std::string_view help;
};

struct OptionSpec {
    std::string_view names;  // "-p,--port"; the last one is what Arguments knows it by
    std::string_view
        value;  // "PORT"; empty for a flag; "IP…" where the option may come several times
    std::string_view help;
};

// What a command was called with.
class Arguments {
  public:
    void set(std::string_view name, std::vector<std::string> values);

    bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
    // "" where there is none.
    std::string text(std::string_view name) const;
    const std::vector<std::string>& list(std::string_view name) const;
    // nullopt where the option was not given.
    Result<std::optional<std::chrono::milliseconds>> duration(std::string_view name) const;
    Result<std::optional<uint64_t>> number(std::string_view name) const;

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// The exit code, 0 where all is well; an Error's code becomes the exit code.
using CommandFunction = Result<int> (*)(Context&, const Arguments&);

inline constexpr int kExitDone = 0;
inline constexpr int kExitWarnings = 8;  // done, with warnings: checks and imports only

struct CommandSpec {
    std::string_view noun;
    std::string_view verb;  // empty where the noun itself is the command
    std::string_view summary;
    std::vector<ArgumentSpec> arguments;
    std::vector<OptionSpec> options;
    std::vector<std::string_view> examples;  // two, as they would be typed
    CommandFunction run = nullptr;
};

// Nouns that belong together, for help: every noun is in one.
struct CommandSection {
    std::string_view title;
    std::vector<std::string_view> nouns;
};

std::span<const CommandSpec> commands();
std::span<const CommandSection> command_sections();
std::span<const OptionSpec> global_options();

std::vector<std::string_view> command_nouns();
std::vector<std::string_view> command_verbs(std::string_view noun);
const CommandSpec* find_command(std::string_view noun, std::string_view verb);
// "--port" of "-p,--port".
std::string_view option_key(const OptionSpec& option);

}  // namespace gatepost::tools
