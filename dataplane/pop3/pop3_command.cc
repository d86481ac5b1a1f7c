#include "dataplane/pop3/pop3_command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace gatepost::dataplane {

namespace {

constexpr std::array<std::pair<std::string_view, Pop3Verb>, 15> kVerbs{{
    {"USER", Pop3Verb::user},
    {"PASS", Pop3Verb::pass},
    {"STAT", Pop3Verb::stat},
    {"LIST", Pop3Verb::list},
    {"RETR", Pop3Verb::retr},
    {"DELE", Pop3Verb::dele},
    {"NOOP", Pop3Verb::noop},
    {"RSET", Pop3Verb::rset},
    {"QUIT", Pop3Verb::quit},
    {"TOP", Pop3Verb::top},
    {"UIDL", Pop3Verb::uidl},
    {"AUTH", Pop3Verb::auth},
    {"CAPA", Pop3Verb::capa},
    {"STLS", Pop3Verb::stls},
    {"UTF8", Pop3Verb::utf8},
}};

// RFC 1939 §3: in upper or lower case.
bool is_word(std::string_view given, std::string_view word) {
    return std::ranges::equal(given, word, [](char a, char b) {
        return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
    });
}

}  // namespace

Pop3Command parse_pop3_command(std::string_view line) {
    Pop3Command command;
    const size_t blank = line.find(' ');
    const std::string_view word = line.substr(0, blank);
    for (const auto& [name, verb] : kVerbs)
        if (is_word(word, name)) command.verb = verb;
    if (blank == std::string_view::npos) return command;
    command.argument = line.substr(blank + 1);
    if (command.verb == Pop3Verb::pass) return command;
    while (command.argument.ends_with(' ')) command.argument.remove_suffix(1);
    return command;
}

std::string_view take_pop3_word(std::string_view& argument) {
    const size_t blank = argument.find(' ');
    const std::string_view word = argument.substr(0, blank);
    argument.remove_prefix(blank == std::string_view::npos ? argument.size() : blank + 1);
    return word;
}

std::optional<uint32_t> parse_pop3_number(std::string_view text) {
    uint32_t number = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || at != end) return std::nullopt;
    return number;
}

}  // namespace gatepost::dataplane
