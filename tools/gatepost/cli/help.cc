#include "tools/gatepost/cli/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gatepost::tools {

namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

constexpr size_t kIndentMax = 28;  // a longer term gets its help without alignment

constexpr size_t kWidth = 100;  // columns

// Breaks a text into lines, each but the first behind `indent` blanks.
std::string wrapped(std::string_view text, size_t indent) {
    std::string out;
    size_t column = indent;
    while (!text.empty()) {
        const size_t blank = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, blank);
        text.remove_prefix(std::min(blank + 1, text.size()));
        if (column > indent && column + 1 + word.size() > kWidth) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
    }
    return out;
}

std::string definitions(const Lines& lines) {
    size_t width = 0;
    for (const auto& [term, help] : lines)
        if (term.size() <= kIndentMax) width = std::max(width, term.size());
    std::string out;
    for (const auto& [term, help] : lines) out += fmt::format("  {:<{}}  {}\n", term, width, help);
    return out;
}

// Up to the first full stop: what a list says of a command.
std::string first_sentence(std::string_view text) {
    return std::string(text.substr(0, std::min(text.find(". "), text.size() - 1)));
}

std::string option_term(const OptionSpec& option) {
    std::string term;
    for (char c : option.names) {
        term += c;
        if (c == ',') term += ' ';
    }
    std::string_view value = option.value;
    if (value.ends_with("…")) value.remove_suffix(std::string_view("…").size());
    if (!value.empty()) term += " " + std::string(value);
    return term;
}

std::string argument_term(const ArgumentSpec& argument) {
    switch (argument.arity) {
        case Arity::one:
            return std::string(argument.name);
        case Arity::optional:
            return fmt::format("[{}]", argument.name);
        case Arity::any:
            return fmt::format("[{}…]", argument.name);
        case Arity::many:
            return fmt::format("{}…", argument.name);
    }
    return "";
}

}  // namespace

std::string main_help() {
    std::string out =
        "usage: gatepost NOUN VERB [arguments] [options]\n\n"
        "DNS and mail for your domains: all of it in PostgreSQL, served from memory.\n\n";
    Lines sections;
    for (const CommandSection& section : command_sections())
        sections.emplace_back(section.title, fmt::format("{}", fmt::join(section.nouns, ", ")));
    out += definitions(sections) + "\n";
    Lines options;
    for (const OptionSpec& option : global_options())
        if (option_key(option) == "--local" || option_key(option) == "--config")
            options.emplace_back(option_term(option), option.help);
    options.emplace_back(
        "--help", "behind a noun its verbs, behind a verb its options: gatepost user --help");
    out += definitions(options) + "\n";
    out +=
        "examples: gatepost run --local .local · gatepost zone import example.org.zone\n"
        "          gatepost domain create example.org --no-zone · gatepost user add "
        "ada@example.org\n";
    return out;
}

std::string noun_help(std::string_view noun) {
    std::string out = fmt::format("usage: gatepost {} VERB [arguments] [options]\n\n", noun);
    Lines verbs;
    std::string examples;
    for (const CommandSpec& command : commands()) {
        if (command.noun != noun) continue;
        verbs.emplace_back(command.verb, first_sentence(command.summary));
        if (verbs.size() <= 2) examples += fmt::format("  {}\n", command.examples.front());
    }
    return out + definitions(verbs) + "\nexamples:\n" + examples;
}

std::string command_help(const CommandSpec& command) {
    std::string name(command.noun);
    if (!command.verb.empty()) name += " " + std::string(command.verb);
    std::string usage = "usage: gatepost " + name;
    Lines lines;
    for (const ArgumentSpec& argument : command.arguments) {
        usage += " " + argument_term(argument);
        lines.emplace_back(argument.name, argument.help);
    }
    for (const OptionSpec& option : command.options)
        lines.emplace_back(option_term(option), std::string(option.help));
    lines.emplace_back("--json, --local DIR …", "options of every command: gatepost help options");
    std::string out = fmt::format("{} [options]\n\n{}\n\n{}\nexamples:\n", usage,
                                  wrapped(command.summary, 0), definitions(lines));
    for (std::string_view example : command.examples) out += fmt::format("  {}\n", example);
    return out;
}

std::string options_help() {
    Lines lines;
    for (const OptionSpec& option : global_options())
        lines.emplace_back(option_term(option), std::string(option.help));
    return "options of every command:\n" + definitions(lines) +
           "\nexit codes: 0 done, 1 refused, 2 wrong usage, 3 unreachable, 4 schema, 5 found "
           "errors,\n"
           "6 permission, 7 conflict, 8 done with warnings\n";
}

std::string version_text() {
    return fmt::format("gatepost {} (g++ {}.{}, {})\n", GATEPOST_VERSION, __GNUC__, __GNUC_MINOR__,
                       GATEPOST_CPU);
}

}  // namespace gatepost::tools
