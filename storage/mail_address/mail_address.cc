#include "storage/mail_address/mail_address.h"

#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace gatepost::storage {
namespace {

struct Free {
    void operator()(void* octets) const { std::free(octets); }
};

bool is_high(char c) {
    return static_cast<uint8_t>(c) >= 0x80;
}

// RFC 5322 §3.2.3 atext; RFC 6531 §3.3 adds all that is not ASCII.
bool is_atext(char c) {
    constexpr std::string_view kSpecial = "!#$%&'*+-/=?^_`{|}~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           is_high(c) || kSpecial.find(c) != std::string_view::npos;
}

bool is_printable(char c) {
    return (c >= ' ' && c <= '~') || is_high(c);
}

// RFC 5321 §4.1.2: Dot-string = Atom *("." Atom).
bool is_dot_string(std::string_view text) {
    bool after_atom = false;
    for (char c : text) {
        if (c == '.' ? !after_atom : !is_atext(c)) return false;
        after_atom = c != '.';
    }
    return after_atom;
}

// RFC 5321 §4.1.2: Quoted-string; its content without quotes and backslashes.
std::optional<std::string> unquote(std::string_view text) {
    if (text.size() < 2 || text.back() != '"') return std::nullopt;
    std::string content;
    for (size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] == '"') return std::nullopt;
        // RFC 5321 §4.1.2: quoted-pairSMTP is of ASCII graphics and the space only.
        if (text[i] == '\\' && (++i + 1 == text.size() || is_high(text[i]))) return std::nullopt;
        if (!is_printable(text[i])) return std::nullopt;
        content += text[i];
    }
    return content;
}

// RFC 6532 §3.1: NFC, and in lower case.
tl::expected<std::string, MailAddressFault> lower_utf8(const std::string& text) {
    const auto* octets = reinterpret_cast<const uint8_t*>(text.data());
    if (::u8_check(octets, text.size()) != nullptr)
        return tl::unexpected(MailAddressFault::encoding);
    size_t length = 0;
    std::unique_ptr<uint8_t, Free> lower(
        ::u8_tolower(octets, text.size(), nullptr, UNINORM_NFC, nullptr, &length));
    if (lower == nullptr) return tl::unexpected(MailAddressFault::local_part);
    return std::string(reinterpret_cast<const char*>(lower.get()), length);
}

void append_local_part(std::string& out, std::string_view local_part) {
    if (is_dot_string(local_part)) {
        out += local_part;
        return;
    }
    out += '"';
    for (char c : local_part) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

}  // namespace

bool MailAddress::is_utf8() const {
    return std::ranges::any_of(local_part, is_high);
}

std::string MailAddress::text() const {
    std::string out;
    out.reserve(local_part.size() + domain.size() + 3);
    append_local_part(out, local_part);
    if (!domain.empty()) out.append(1, '@').append(domain);
    return out;
}

std::optional<size_t> local_part_length(std::string_view text) {
    if (!text.starts_with('"')) return std::min(text.find_first_of("@>"), text.size());
    for (size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return i + 1;
        if (text[i] == '\\') ++i;
    }
    return std::nullopt;
}

tl::expected<std::string, MailAddressFault> read_local_part(std::string_view text,
                                                            AddressForm form) {
    if (text.size() > kLocalPartMax) return tl::unexpected(MailAddressFault::local_part_length);
    const bool has_utf8 = std::ranges::any_of(text, is_high);
    if (has_utf8 && form == AddressForm::ascii) return tl::unexpected(MailAddressFault::needs_utf8);
    std::string content;
    if (text.starts_with('"')) {
        auto unquoted = unquote(text);
        if (!unquoted) return tl::unexpected(MailAddressFault::local_part);
        content = std::move(*unquoted);
    } else {
        if (!is_dot_string(text)) return tl::unexpected(MailAddressFault::local_part);
        content = text;
    }
    if (has_utf8) {
        auto lower = lower_utf8(content);
        if (!lower) return lower;
        content = std::move(*lower);
    } else {
        for (char& c : content) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
    // The lower case of a few letters has more octets than their upper case.
    std::string written;
    append_local_part(written, content);
    if (written.size() > kLocalPartMax) return tl::unexpected(MailAddressFault::local_part_length);
    return content;
}

tl::expected<MailAddress, MailAddressFault> read_mail_address(std::string_view text,
                                                              AddressForm form) {
    auto length = local_part_length(text);
    if (!length) return tl::unexpected(MailAddressFault::local_part);
    if (*length == text.size() || text[*length] != '@')
        return tl::unexpected(MailAddressFault::syntax);
    auto local_part = read_local_part(text.substr(0, *length), form);
    if (!local_part) return tl::unexpected(local_part.error());
    const std::string_view after = text.substr(*length + 1);
    auto domain =
        after.starts_with('[') ? read_address_literal(after) : read_mail_domain(after, form);
    if (!domain) return tl::unexpected(domain.error());
    MailAddress address{*std::move(local_part), *std::move(domain)};
    if (address.text().size() > kMailAddressMax)
        return tl::unexpected(MailAddressFault::path_length);
    return address;
}

Result<MailAddress> parse_mail_address(std::string_view text, AddressForm form) {
    auto address = read_mail_address(text, form);
    if (address) return *std::move(address);
    return fail(ErrorCode::invalid, "mail address '{}': {}", text, describe(address.error()));
}

SubaddressedName split_subaddress(std::string_view local_part, std::string_view delimiters) {
    const size_t at = local_part.find_first_of(delimiters, 1);
    if (at == std::string_view::npos) return {local_part, std::nullopt};
    return {local_part.substr(0, at), local_part.substr(at + 1)};
}

}  // namespace gatepost::storage
