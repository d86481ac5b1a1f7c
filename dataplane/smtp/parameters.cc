#include "dataplane/smtp/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

#include "dataplane/smtp/ascii.h"
#include "dataplane/smtp/smtp_limits.h"

namespace gatepost::dataplane {

namespace {

using storage::BodyKind;
using storage::DsnReturn;

struct Parameter {
    std::string_view keyword;
    std::optional<std::string_view> value;
};

using Fault = std::optional<SmtpReply>;

bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

// RFC 5321 §4.1.2: esmtp-keyword.
bool is_keyword(std::string_view text) {
    return !text.empty() && is_alnum(text.front()) &&
           std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

SmtpReply malformed(std::string_view keyword) {
    // Nothing of it is said back that could be anything.
    return {501, "5.5.4", fmt::format("the parameter {} is malformed", keyword)};
}

// The next parameter off the front of `text`; the fault of one that is none.
tl::expected<Parameter, SmtpReply> next_parameter(std::string_view& text) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(text.find_first_not_of(' ', end), text.size()));
    const size_t equals = word.find('=');
    Parameter parameter{word.substr(0, equals), std::nullopt};
    if (!is_keyword(parameter.keyword))
        return tl::unexpected(
            SmtpReply{501, "5.5.4", "what follows the address is no list of parameters"});
    if (equals != std::string_view::npos) parameter.value = word.substr(equals + 1);
    // RFC 5321 §4.1.2: esmtp-value is one octet at least, and has no '='.
    if (parameter.value &&
        (parameter.value->empty() || parameter.value->find('=') != parameter.value->npos))
        return tl::unexpected(malformed(parameter.keyword));
    return parameter;
}

// Calls `take` with each parameter and the number of its keyword among `known`.
template <typename Take>
Fault for_each_parameter(std::string_view text, std::span<const std::string_view> known,
                         Take take) {
    uint32_t seen = 0;
    while (!text.empty()) {
        auto parameter = next_parameter(text);
        if (!parameter) return parameter.error();
        const auto found = std::ranges::find_if(known, [&](std::string_view name) {
            return equal_ignoring_case(name, parameter->keyword);
        });
        // RFC 5321 §4.1.1.11, RFC 8689 §3: a sender that requires TLS all the way is told that this
        // is not known here, and does not send.
        if (found == known.end())
            return SmtpReply{555, "5.5.4",
                             fmt::format("the parameter {} is not known or not offered here",
                                         parameter->keyword.substr(0, kHeloMax))};
        const auto index = static_cast<size_t>(found - known.begin());
        if ((seen >> index & 1) != 0)
            return SmtpReply{501, "5.5.4", fmt::format("the parameter {} is there twice", *found)};
        seen |= uint32_t{1} << index;
        if (Fault fault = take(index, parameter->value)) return fault;
    }
    return std::nullopt;
}

Fault take_size(std::string_view value, uint64_t octets_max, MailParameters& parameters) {
    constexpr size_t kDigitsMax = 20;  // RFC 1870 §5
    uint64_t size = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
    if (end != value.data() + value.size() && error != std::errc::result_out_of_range)
        return malformed("SIZE");
    if (value.size() > kDigitsMax || error == std::errc::invalid_argument) return malformed("SIZE");
    // RFC 1870 §6.1: refused before anything is sent.
    if (error == std::errc::result_out_of_range || size > octets_max)
        return SmtpReply{552, "5.3.4",
                         fmt::format("a message may have {} octets, not more", octets_max)};
    parameters.size = size;
    return std::nullopt;
}

Fault take_body(std::string_view value, MailParameters& parameters) {
    constexpr std::pair<std::string_view, BodyKind> kKinds[] = {
        {"7BIT", BodyKind::seven_bit},
        {"8BITMIME", BodyKind::eight_bit_mime},
        {"BINARYMIME", BodyKind::binary_mime},
    };
    for (const auto& [name, kind] : kKinds) {
        if (!equal_ignoring_case(value, name)) continue;
        parameters.body = kind;
        return std::nullopt;
    }
    return SmtpReply{501, "5.5.4", "BODY is 7BIT, 8BITMIME or BINARYMIME"};
}

// RFC 3461 §4.3.
Fault take_return(std::string_view value, MailParameters& parameters) {
    const bool full = equal_ignoring_case(value, "FULL");
    if (!full && !equal_ignoring_case(value, "HDRS"))
        return SmtpReply{501, "5.5.4", "RET is FULL or HDRS"};
    parameters.dsn_return = full ? DsnReturn::full : DsnReturn::headers;
    return std::nullopt;
}

// RFC 3461 §4.1: NEVER, or a list of the others.
Fault take_notify(std::string_view value, RcptParameters& parameters) {
    constexpr std::pair<std::string_view, uint8_t> kWords[] = {
        {"NEVER", storage::kNotifyNever},
        {"SUCCESS", storage::kNotifySuccess},
        {"FAILURE", storage::kNotifyFailure},
        {"DELAY", storage::kNotifyDelay},
    };
    const SmtpReply fault{501, "5.5.4", "NOTIFY is NEVER, or some of SUCCESS,FAILURE,DELAY"};
    uint8_t notify = 0;
    for (bool more = true; more;) {
        const size_t comma = value.find(',');
        more = comma != std::string_view::npos;
        const auto found = std::ranges::find_if(kWords, [&](const auto& word) {
            return equal_ignoring_case(word.first, value.substr(0, comma));
        });
        if (found == std::end(kWords) || (notify & found->second) != 0) return fault;
        notify |= found->second;
        if (more) value.remove_prefix(comma + 1);
    }
    if ((notify & storage::kNotifyNever) != 0 && notify != storage::kNotifyNever) return fault;
    parameters.notify = notify;
    return std::nullopt;
}

// RFC 3461 §4.2: original-recipient-address = addr-type ";" xtext.
Fault take_original(std::string_view value, RcptParameters& parameters) {
    const size_t semicolon = value.find(';');
    if (value.size() > kOrcptMax || semicolon == std::string_view::npos ||
        !is_keyword(value.substr(0, semicolon)))
        return malformed("ORCPT");
    auto address = decode_xtext(value.substr(semicolon + 1));
    if (!address || address->empty()) return malformed("ORCPT");
    parameters.original.assign(value.substr(0, semicolon + 1)).append(*address);
    return std::nullopt;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;  // RFC 3461 §4: upper case only
    return -1;
}

}  // namespace

std::optional<std::string> decode_xtext(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        int octet = text[i];
        if (text[i] == '+') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) return std::nullopt;
            octet = high << 4 | low;
            i += 2;
        }
        if (octet < ' ' || octet > '~') return std::nullopt;
        decoded += static_cast<char>(octet);
    }
    return decoded;
}

tl::expected<MailParameters, SmtpReply> parse_mail_parameters(std::string_view text,
                                                              uint64_t octets_max, bool auth) {
    enum : size_t { kSize, kBody, kSmtpUtf8, kRet, kEnvid, kAuth };
    constexpr std::string_view kKnown[] = {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH"};
    MailParameters parameters;
    auto take = [&](size_t index, std::optional<std::string_view> value) -> Fault {
        if (value.has_value() == (index == kSmtpUtf8)) return malformed(kKnown[index]);
        switch (index) {
            case kSize:
                return take_size(*value, octets_max, parameters);
            case kBody:
                return take_body(*value, parameters);
            case kSmtpUtf8:
                parameters.smtputf8 = true;
                return std::nullopt;
            case kRet:
                return take_return(*value, parameters);
            case kEnvid: {
                auto envid = decode_xtext(*value);
                if (!envid || value->size() > kEnvidMax) return malformed("ENVID");
                parameters.envid = std::move(*envid);
                return std::nullopt;
            }
            default:
                return decode_xtext(*value) ? Fault() : malformed("AUTH");
        }
    };
    const std::span<const std::string_view> known(kKnown);
    if (Fault fault = for_each_parameter(text, known.first(auth ? kAuth + 1 : kAuth), take))
        return tl::unexpected(std::move(*fault));
    return parameters;
}

tl::expected<RcptParameters, SmtpReply> parse_rcpt_parameters(std::string_view text) {
    constexpr std::string_view kKnown[] = {"NOTIFY", "ORCPT"};
    RcptParameters parameters;
    auto take = [&](size_t index, std::optional<std::string_view> value) -> Fault {
        if (!value) return malformed(kKnown[index]);
        return index == 0 ? take_notify(*value, parameters) : take_original(*value, parameters);
    };
    if (Fault fault = for_each_parameter(text, kKnown, take))
        return tl::unexpected(std::move(*fault));
    return parameters;
}

}  // namespace gatepost::dataplane
