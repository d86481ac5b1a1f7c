#include "dataplane/smtp/command.h"

#include <algorithm>
#include <utility>

#include "dataplane/smtp/ascii.h"
#include "dataplane/smtp/smtp_limits.h"

namespace gatepost::dataplane {

namespace {

constexpr std::pair<std::string_view, SmtpVerb> kVerbs[] = {
    {"MAIL", SmtpVerb::mail},
    {"RCPT", SmtpVerb::rcpt},
    {"DATA", SmtpVerb::data},
    {"BDAT", SmtpVerb::bdat},
    {"EHLO", SmtpVerb::ehlo},
    {"HELO", SmtpVerb::helo},
    {"LHLO", SmtpVerb::lhlo},
    {"AUTH", SmtpVerb::auth},
    {"STARTTLS", SmtpVerb::starttls},
    {"RSET", SmtpVerb::rset},
    {"NOOP", SmtpVerb::noop},
    {"QUIT", SmtpVerb::quit},
    {"VRFY", SmtpVerb::vrfy},
    {"EXPN", SmtpVerb::expn},
    {"HELP", SmtpVerb::help},
    // RFC 1985, RFC 2645, RFC 4468, RFC 821 §3.4 and §3.8.
    {"ETRN", SmtpVerb::other},
    {"ATRN", SmtpVerb::other},
    {"BURL", SmtpVerb::other},
    {"SEND", SmtpVerb::other},
    {"SOML", SmtpVerb::other},
    {"SAML", SmtpVerb::other},
    {"TURN", SmtpVerb::other},
    {"GET", SmtpVerb::foreign},
    {"HEAD", SmtpVerb::foreign},
    {"POST", SmtpVerb::foreign},
    {"PUT", SmtpVerb::foreign},
    {"CONNECT", SmtpVerb::foreign},
    {"OPTIONS", SmtpVerb::foreign},
};

}  // namespace

SmtpCommand parse_smtp_command(std::string_view line) {
    // RFC 5321 §4.1.1: white space at a line's end is tolerated.
    while (line.ends_with(' ')) line.remove_suffix(1);
    const size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    SmtpCommand command;
    for (const auto& [name, verb] : kVerbs) {
        if (!equal_ignoring_case(word, name)) continue;
        command.verb = verb;
        break;
    }
    if (end < line.size()) command.argument = line.substr(end + 1);
    return command;
}

bool has_control_character(std::string_view line) {
    return std::ranges::any_of(line, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

size_t smtp_command_max(SmtpVerb verb) {
    switch (verb) {
        case SmtpVerb::mail:
            return kMailCommandMax;
        case SmtpVerb::rcpt:
            return kRcptCommandMax;
        case SmtpVerb::auth:
            return kAuthLineMax;
        case SmtpVerb::vrfy:
        case SmtpVerb::expn:
            return kSmtpCommandMax + kUtf8PathMax + kSmtpUtf8ParameterMax;
        default:
            return kSmtpCommandMax;
    }
}

bool take_path_prefix(std::string_view& argument, std::string_view prefix) {
    if (!equal_ignoring_case(argument.substr(0, prefix.size()), prefix)) return false;
    argument.remove_prefix(prefix.size());
    argument.remove_prefix(std::min(argument.find_first_not_of(' '), argument.size()));
    return true;
}

}  // namespace gatepost::dataplane
