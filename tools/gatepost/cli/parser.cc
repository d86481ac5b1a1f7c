#include "tools/gatepost/cli/parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tools/gatepost/cli/help.h"
#include "tools/gatepost/config/suggest.h"
#include "tools/gatepost/config/units.h"

namespace gatepost::tools {

namespace {

bool is_named(const OptionSpec& option, std::string_view word) {
    std::string_view names = option.names;
    while (!names.empty()) {
        const size_t comma = names.find(',');
        if (names.substr(0, comma) == word) return true;
        names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
    }
    return false;
}

bool takes_next_word(std::string_view word) {
    for (const OptionSpec& option : global_options())
        if (!option.value.empty() && is_named(option, word)) return true;
    return false;
}

// Takes the first word that is no option out of `words`, if there is one.
std::optional<std::string> take_word(std::vector<std::string>& words) {
    for (size_t i = 0; i < words.size(); ++i) {
        if (takes_next_word(words[i])) {
            ++i;
        } else if (!words[i].starts_with('-')) {
            std::string word = words[i];
            words.erase(words.begin() + static_cast<ptrdiff_t>(i));
            return word;
        }
    }
    return std::nullopt;
}

bool asks_for(const std::vector<std::string>& words, std::string_view flag,
              std::string_view letter) {
    for (const std::string& word : words) {
        if (word == "--") return false;
        if (word == flag || (!letter.empty() && word == letter)) return true;
    }
    return false;
}

tl::unexpected<Error> usage_error(std::string message, std::string_view noun,
                                  std::string_view verb) {
    std::string help = "gatepost";
    if (!noun.empty()) help += " " + std::string(noun);
    if (!verb.empty()) help += " " + std::string(verb);
    return fail(ErrorCode::usage, "{}\nsee: {} --help", message, help);
}

// The command that the first words name, which are taken out of `words`; null where help is to be
// printed.
Result<const CommandSpec*> find(std::vector<std::string>& words, std::string& text) {
    const bool help = asks_for(words, "--help", "-h");
    auto noun = take_word(words);
    if (noun == "help") {
        noun = take_word(words);
        if (noun == "options") {
            text = options_help();
            return nullptr;
        }
        const auto verb = take_word(words);
        words = {"--help"};
        if (verb) words.insert(words.begin(), *verb);
        if (noun) words.insert(words.begin(), *noun);
        return find(words, text);
    }
    if (!noun) {
        if (!help) return usage_error("a noun is missing", "", "");
        text = main_help();
        return nullptr;
    }
    if (const CommandSpec* command = find_command(*noun, "")) {
        // It may have verbs beside: "explain FILE", "explain delivery NAME".
        std::vector<std::string> rest = words;
        if (const auto verb = take_word(rest))
            if (const CommandSpec* other = find_command(*noun, *verb); other != nullptr) {
                command = other;
                words = std::move(rest);
            }
        if (help) text = command_help(*command);
        return command;
    }
    const std::vector<std::string_view> verbs = command_verbs(*noun);
    if (verbs.empty())
        return usage_error(fmt::format("\"{}\" is not a command{}", *noun,
                                       did_you_mean(*noun, command_nouns(), 3)),
                           "", "");
    const auto verb = take_word(words);
    if (!verb) {
        if (!help) return usage_error(fmt::format("{}: a verb is missing", *noun), *noun, "");
        text = noun_help(*noun);
        return nullptr;
    }
    const CommandSpec* command = find_command(*noun, *verb);
    if (command == nullptr)
        return usage_error(fmt::format("{}: \"{}\" is not a verb of it{}", *noun, *verb,
                                       did_you_mean(*verb, verbs, 3)),
                           *noun, "");
    if (help) text = command_help(*command);
    return command;
}

Status read_globals(const Arguments& arguments, GlobalOptions& out) {
    out.config_file = arguments.text("--config");
    out.local_dir = arguments.text("--local");
    out.quiet = arguments.has("--quiet");
    out.verbose = arguments.has("--verbose");
    out.dry_run = arguments.has("--dry-run");
    out.yes = arguments.has("--yes");
    out.no_color = arguments.has("--no-color");
    const std::string form = arguments.text("--output");
    if (!form.empty() && form != "json" && form != "table")
        return fail(ErrorCode::usage, "--output: \"{}\" is not a form, expected table or json",
                    form);
    out.json = arguments.has("--json") || form == "json";
    auto timeout = arguments.duration("--timeout");
    if (!timeout) return tl::unexpected(std::move(timeout).error());
    out.timeout = *timeout;
    return {};
}

// What CLI11 fills while it parses.
struct Slot {
    std::string name;
    std::vector<std::string> values;
    CLI::Option* option = nullptr;
};

void declare(CLI::App& app, std::vector<Slot>& slots, const CommandSpec& command) {
    const auto add_options = [&](std::span<const OptionSpec> options) {
        for (const OptionSpec& option : options) {
            Slot& slot = slots.emplace_back();
            slot.name = option_key(option);
            if (option.value.empty()) {
                slot.option = app.add_flag(std::string(option.names));
                continue;
            }
            // One value each time; CLI11 would take all words that follow.
            slot.option = app.add_option(std::string(option.names), slot.values)
                              ->type_size(1)
                              ->expected(1, CLI::detail::expected_max_vector_size)
                              ->allow_extra_args(false);
            if (!option.value.ends_with("…")) slot.option->take_last();
        }
    };
    add_options(command.options);
    add_options(global_options());
    for (const ArgumentSpec& argument : command.arguments) {
        Slot& slot = slots.emplace_back();
        slot.name = argument.name;
        slot.option = app.add_option(std::string(argument.name), slot.values);
        const bool several = argument.arity == Arity::any || argument.arity == Arity::many;
        slot.option->type_size(1)
            ->expected(argument.arity == Arity::any ? 0 : 1,
                       several ? CLI::detail::expected_max_vector_size : 1)
            ->allow_extra_args(several);
        if (argument.arity == Arity::one || argument.arity == Arity::many) slot.option->required();
    }
}

std::string unknown_words(const std::vector<std::string>& words, const CommandSpec& command) {
    std::vector<std::string_view> known;
    for (const OptionSpec& option : command.options) known.push_back(option_key(option));
    for (const OptionSpec& option : global_options()) known.push_back(option_key(option));
    const std::string& word = words.front();
    if (word.starts_with('-'))
        return fmt::format("\"{}\" is not an option of it{}", word, did_you_mean(word, known, 3));
    return fmt::format("\"{}\" is one argument too many", word);
}

}  // namespace

Result<Invocation> parse_command_line(const std::vector<std::string>& words) {
    Invocation out;
    std::vector<std::string> rest = words;
    if (asks_for(words, "--version", "")) {
        out.text = version_text();
        return out;
    }
    auto command = find(rest, out.text);
    if (!command) return tl::unexpected(std::move(command).error());
    if (!out.text.empty()) return out;

    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    std::vector<Slot> slots;
    // CLI11 keeps references into the slots.
    slots.reserve((*command)->options.size() + (*command)->arguments.size() +
                  global_options().size());
    declare(app, slots, **command);
    const std::string name = fmt::format("{}{}{}", (*command)->noun,
                                         (*command)->verb.empty() ? "" : " ", (*command)->verb);
    // CLI11 reports what is wrong by exception, and takes the words last first.
    try {
        std::reverse(rest.begin(), rest.end());
        app.parse(rest);
    } catch (const CLI::ParseError& error) {
        return usage_error(fmt::format("{}: {}", name, error.what()), (*command)->noun,
                           (*command)->verb);
    }
    auto unknown = app.remaining();
    std::erase(unknown, "--");  // CLI11 counts the end of options among what it does not know
    if (!unknown.empty())
        return usage_error(fmt::format("{}: {}", name, unknown_words(unknown, **command)),
                           (*command)->noun, (*command)->verb);
    for (Slot& slot : slots)
        if (slot.option->count() > 0) out.arguments.set(slot.name, std::move(slot.values));
    if (Status ok = read_globals(out.arguments, out.options); !ok)
        return tl::unexpected(std::move(ok).error());
    out.command = *command;
    return out;
}

}  // namespace gatepost::tools
