#include "tools/gatepost/cli/confirm.h"

#include <unistd.h>

#include <iostream>
#include <optional>

namespace gatepost::tools {

namespace {

// nullopt: there is nobody to ask.
std::optional<std::string> ask_person(const std::string& prompt) {
    if (::isatty(STDIN_FILENO) == 0) return std::nullopt;
    fmt::print(stderr, "{}", prompt);
    std::fflush(stderr);
    std::string answer;
    std::getline(std::cin, answer);
    return answer;
}

}  // namespace

Status confirm(const Context& context, const std::string& question) {
    if (context.options().yes) return {};
    const auto answer = ask_person(question + " [y/N] ");
    if (!answer) return fail(ErrorCode::refused, "{} Say so with --yes.", question);
    if (*answer == "y" || *answer == "Y" || *answer == "yes") return {};
    return fail(ErrorCode::refused, "not done");
}

Status confirm_name(const Context& context, const std::string& what, const std::string& name) {
    if (context.options().yes) return {};
    const auto answer = ask_person(fmt::format("{} Type its name to go on: ", what));
    if (!answer) return fail(ErrorCode::refused, "{} Say so with --yes.", what);
    // With or without the final dot.
    if (*answer == name || *answer + "." == name) return {};
    return fail(ErrorCode::refused, "not done");
}

}  // namespace gatepost::tools
