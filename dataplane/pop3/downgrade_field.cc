#include "dataplane/pop3/downgrade_field.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "dataplane/mail/encoded_word.h"
#include "dataplane/mail/header_field.h"
#include "dataplane/mail/header_scanner.h"
#include "dataplane/mail/mail_limits.h"
#include "dataplane/mail/parameter.h"
#include "dataplane/pop3/downgrade_addresses.h"
#include "dataplane/pop3/downgrade_words.h"
#include "storage/base/ascii.h"

namespace gatepost::dataplane {

namespace {

// RFC 6857 §3.2.1.
constexpr std::string_view kAddressFields[] = {"from",
                                               "sender",
                                               "to",
                                               "cc",
                                               "bcc",
                                               "reply-to",
                                               "resent-from",
                                               "resent-sender",
                                               "resent-to",
                                               "resent-cc",
                                               "resent-bcc",
                                               "resent-reply-to",
                                               "disposition-notification-to"};
// RFC 6857 §3.2.5.
constexpr std::string_view kParameterFields[] = {"content-type", "content-disposition"};
// RFC 6857 §3.2.3, and one that has no room for the group of §3.2.1 (RFC 5321 §4.4).
constexpr std::string_view kEncapsulatedFields[] = {"message-id", "resent-message-id",
                                                    "in-reply-to", "references", "return-path"};
// Other octets than those of ASCII are for their comments only (RFC 6857 §3.2.2), or must not move
// to a field of another name (§3.1.10: Received).
constexpr std::string_view kCommentFields[] = {
    "date",           "resent-date",     "mime-version",
    "content-id",     "received",        "content-transfer-encoding",
    "auto-submitted", "accept-language", "content-language"};

template <size_t N>
bool is_among(const std::string_view (&names)[N], std::string_view name) {
    return std::ranges::find(names, name) != std::end(names);
}

// With comments in encoded words. `has_more` says whether anything else is not ASCII: that is
// masked.
std::string comments_field(const HeaderField& field, const Charsets& charsets, bool& has_more) {
    std::string out = std::string(field.name) + ":";
    HeaderScanner scanner(field.value);
    while (!scanner.at_end()) {
        const size_t begin = scanner.position();
        std::string content;
        const bool is_quoted = scanner.peek() == '"';
        const bool is_comment = !is_quoted && scanner.skip_cfws();
        if (is_quoted) scanner.quoted_string(content);
        if (!is_quoted && !is_comment) scanner.skip();
        const std::string_view piece = scanner.from(begin);
        if (is_ascii(piece)) {
            out += piece;
        } else if (is_comment) {
            size_t column = out.size() - (out.rfind('\n') + 1);
            append_comment(out, column, piece, charsets);
            if (!piece.ends_with(')') && !scanner.at_end()) out += ' ';
        } else {
            out += masked(piece);
            has_more = true;
        }
    }
    return out + "\r\n";
}

// RFC 2231 §4.
std::string percent_encoded(std::string_view text) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out = "utf-8''";
    for (const char c : text) {
        const auto octet = static_cast<uint8_t>(c);
        const bool plain = (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
                           (octet >= 'a' && octet <= 'z') || octet == '.' || octet == '-';
        if (plain) {
            out += c;
            continue;
        }
        out += '%';
        out += kDigits[octet >> 4];
        out += kDigits[octet & 15];
    }
    return out;
}

// RFC 2231 §7: what an extended value has. Any other is quoted, as it must have been.
bool is_extended_value(std::string_view text) {
    return std::ranges::none_of(text, [](char c) {
        return static_cast<uint8_t>(c) <= ' ' || c == kDelete ||
               std::string_view("*()<>@,;:\\\"/[]?=").find(c) != std::string_view::npos;
    });
}

struct TypeAndParameters {
    std::string type;        // or the disposition, with its comments
    std::string parameters;  // without comments; parse_parameters() takes them
};

// Of an unfolded value. nullopt: it is not what RFC 2045 §5.1 has. Values that are not quoted may
// be what is no token, as many write them: of other signs, and with blanks in them.
std::optional<TypeAndParameters> split_value(std::string_view value) {
    // A string or a comment without its end takes this with it.
    const std::string text = std::string(value) + ';';
    HeaderScanner scanner(text);
    while (!scanner.at_end() && scanner.peek() != ';') {
        if (scanner.peek() == '"') return std::nullopt;
        if (!scanner.skip_cfws()) scanner.skip();
    }
    TypeAndParameters split{std::string(scanner.from(0)), {}};
    for (;;) {
        if (!scanner.take(';')) return std::nullopt;
        if (scanner.at_end()) return split;
        scanner.skip_cfws();
        if (scanner.peek() == ';') continue;
        const std::string_view name = scanner.token();
        scanner.skip_cfws();
        if (name.empty() || !scanner.take('=')) return std::nullopt;
        scanner.skip_cfws();
        const size_t begin = scanner.position();
        std::string content;
        if (scanner.peek() == '"')
            scanner.quoted_string(content);
        else
            scanner.skip_to("\"()\\;");
        split.parameters.append(";").append(name).append("=").append(scanner.from(begin));
        scanner.skip_cfws();
    }
}

std::string parameter(const Parameter& one, const std::vector<Parameter>& all,
                      const Charsets& charsets) {
    const bool is_extended = one.name.ends_with('*');
    if (is_ascii(one.value)) {
        const bool stands = is_extended && is_extended_value(one.value);
        return one.name + "=" + (stands ? one.value : quoted(one.value));
    }
    if (is_extended) {
        const std::string_view name = std::string_view(one.name).substr(0, one.name.size() - 1);
        return one.name + "=" + percent_encoded(parameter_text(all, name, charsets));
    }
    // RFC 2231 §4: where there is "name*" already, that is for those who can read it, and this for
    // the others.
    if (find_parameter(all, one.name + "*") != nullptr)
        return one.name + "=" + quoted(masked(one.value));
    return one.name + "*=" + percent_encoded(decode_encoded_words(one.value, charsets));
}

// Where it is not understood as a whole it stays as it is, but masked: without what says how the
// body is to be read, that could not be read at all.
std::string parameter_field(const HeaderField& field, const Charsets& charsets) {
    const auto split = split_value(unfold(field.value));
    std::vector<Parameter> parameters;
    if (!split || !parse_parameters(split->parameters, kParametersMax, parameters))
        return masked_field(field);
    std::string out = std::string(field.name) + ": " + masked(split->type);
    for (const Parameter& one : parameters) {
        // None is called by a name that is not ASCII.
        if (is_ascii(one.name)) out += ";\r\n " + parameter(one, parameters, charsets);
    }
    out += "\r\n";
    return has_long_line(out) ? masked_field(field) : out;
}

}  // namespace

std::string downgrade_field(std::string_view text, const Charsets& charsets) {
    const auto field = split_field(text);
    if (!field) return masked(text);
    const std::string name = to_lower(field->name);
    if (is_among(kAddressFields, name)) return downgrade_addresses(*field, charsets);
    if (is_among(kParameterFields, name)) return parameter_field(*field, charsets);
    const bool is_encapsulated = is_among(kEncapsulatedFields, name);
    if (!is_encapsulated && !is_among(kCommentFields, name))
        return words_field(std::string(field->name), field->value, charsets);
    bool has_more = false;
    const std::string out = comments_field(*field, charsets, has_more);
    if (is_encapsulated && has_more) return encapsulated_field(*field, charsets);
    return has_long_line(out) ? masked_field(*field) : out;
}

}  // namespace gatepost::dataplane
