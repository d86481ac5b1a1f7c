#include "tools/gatepost/cli/command.h"

#include <algorithm>
#include <charconv>

#include "tools/gatepost/config/units.h"

namespace gatepost::tools {

void Arguments::set(std::string_view name, std::vector<std::string> values) {
    values_[std::string(name)] = std::move(values);
}

std::string Arguments::text(std::string_view name) const {
    const std::vector<std::string>& values = list(name);
    return values.empty() ? "" : values.back();
}

const std::vector<std::string>& Arguments::list(std::string_view name) const {
    static const std::vector<std::string> kNone;
    const auto found = values_.find(name);
    return found == values_.end() ? kNone : found->second;
}

Result<std::optional<std::chrono::milliseconds>> Arguments::duration(std::string_view name) const {
    if (!has(name)) return std::nullopt;
    auto duration = duration_from_text(text(name));
    if (!duration) return fail(ErrorCode::usage, "{}: {}", name, duration.error().message);
    return *duration;
}

Result<std::optional<uint64_t>> Arguments::number(std::string_view name) const {
    if (!has(name)) return std::nullopt;
    const std::string value = text(name);
    uint64_t number = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || stop != end)
        return fail(ErrorCode::usage, "{}: \"{}\" is not a number", name, value);
    return number;
}

std::vector<std::string_view> command_nouns() {
    std::vector<std::string_view> nouns;
    for (const CommandSpec& command : commands())
        if (std::find(nouns.begin(), nouns.end(), command.noun) == nouns.end())
            nouns.push_back(command.noun);
    return nouns;
}

std::vector<std::string_view> command_verbs(std::string_view noun) {
    std::vector<std::string_view> verbs;
    for (const CommandSpec& command : commands())
        if (command.noun == noun && !command.verb.empty()) verbs.push_back(command.verb);
    return verbs;
}

const CommandSpec* find_command(std::string_view noun, std::string_view verb) {
    for (const CommandSpec& command : commands())
        if (command.noun == noun && command.verb == verb) return &command;
    return nullptr;
}

std::string_view option_key(const OptionSpec& option) {
    const size_t comma = option.names.rfind(',');
    return comma == std::string_view::npos ? option.names : option.names.substr(comma + 1);
}

}  // namespace gatepost::tools
