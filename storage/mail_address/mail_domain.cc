#include "storage/mail_address/mail_domain.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "storage/base/ascii.h"

namespace gatepost::storage {
namespace {

struct FreeIdn {
    void operator()(void* octets) const { ::idn2_free(octets); }
};

char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// RFC 5321 §4.1.2: sub-domain = Let-dig [Ldh-str].
bool is_label(std::string_view label) {
    return !label.empty() && is_letter_or_digit(label.front()) &&
           is_letter_or_digit(label.back()) &&
           std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

tl::expected<std::string, MailAddressFault> to_a_labels(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return tl::unexpected(MailAddressFault::domain);
    const std::string terminated(text);
    uint8_t* converted = nullptr;
    // RFC 5895 leaves the mapping before IDNA2008 to the application: it is that of UTS #46.
    int error =
        ::idn2_lookup_u8(reinterpret_cast<const uint8_t*>(terminated.c_str()), &converted,
                         static_cast<int>(IDN2_NFC_INPUT) | static_cast<int>(IDN2_NONTRANSITIONAL));
    std::unique_ptr<uint8_t, FreeIdn> owner(converted);
    if (error == IDN2_OK) return std::string(reinterpret_cast<const char*>(converted));
    if (error == IDN2_TOO_BIG_DOMAIN || error == IDN2_TOO_BIG_LABEL)
        return tl::unexpected(MailAddressFault::domain_length);
    if (error == IDN2_ENCODING_ERROR) return tl::unexpected(MailAddressFault::encoding);
    return tl::unexpected(MailAddressFault::domain);
}

}  // namespace

std::string_view describe(MailAddressFault fault) {
    switch (fault) {
        case MailAddressFault::local_part:
            return "the part before the @ is not valid: write letters, digits and "
                   ".!#$%&'*+-/=?^_`{|}~, "
                   "or put it in double quotes";
        case MailAddressFault::domain:
            return "the domain is not valid: labels of letters, digits and hyphens, separated by "
                   "dots";
        case MailAddressFault::syntax:
            return "this is not an address of the form local-part@domain";
        case MailAddressFault::local_part_length:
            return "the part before the @ is longer than 64 octets";
        case MailAddressFault::domain_length:
            return "the domain or one of its labels is too long (253 and 63 octets)";
        case MailAddressFault::path_length:
            return "the address is longer than 254 octets";
        case MailAddressFault::needs_utf8:
            return "the address is not ASCII, which only SMTPUTF8 allows";
        case MailAddressFault::encoding:
            return "the address is not valid UTF-8";
    }
    return "";
}

tl::expected<std::string, MailAddressFault> read_mail_domain(std::string_view text,
                                                             AddressForm form) {
    // U-labels take up to four times the octets of their A-labels; more cannot fit.
    if (text.size() > 4 * kMailDomainMax) return tl::unexpected(MailAddressFault::domain_length);
    std::string domain;
    if (is_ascii(text)) {
        domain.resize(text.size());
        std::ranges::transform(text, domain.begin(), ascii_lower);
    } else {
        if (form == AddressForm::ascii) return tl::unexpected(MailAddressFault::needs_utf8);
        auto converted = to_a_labels(text);
        if (!converted) return converted;
        domain = std::move(*converted);
    }
    if (domain.ends_with('.')) domain.pop_back();
    if (domain.size() > kDomainNameMax) return tl::unexpected(MailAddressFault::domain_length);
    for (size_t at = 0; at <= domain.size();) {
        const size_t dot = std::min(domain.find('.', at), domain.size());
        const std::string_view label = std::string_view(domain).substr(at, dot - at);
        if (label.size() > kDomainLabelMax) return tl::unexpected(MailAddressFault::domain_length);
        if (!is_label(label)) return tl::unexpected(MailAddressFault::domain);
        at = dot + 1;
    }
    return domain;
}

Result<std::string> normalize_domain(std::string_view text) {
    auto domain = read_mail_domain(text, AddressForm::utf8);
    if (domain) return *std::move(domain);
    return fail(ErrorCode::invalid, "domain '{}': {}", text, describe(domain.error()));
}

std::string display_domain(std::string_view normalized) {
    std::string terminated(normalized);
    if (terminated.find('\0') != std::string::npos) return terminated;
    char* converted = nullptr;
    int error = ::idn2_to_unicode_8z8z(terminated.c_str(), &converted, IDN2_NONTRANSITIONAL);
    std::unique_ptr<char, FreeIdn> owner(converted);
    return error == IDN2_OK ? std::string(converted) : terminated;
}

tl::expected<std::string, MailAddressFault> read_address_literal(std::string_view text) {
    constexpr std::string_view kIpv6Tag = "ipv6:";
    if (text.size() < 2 || text.size() > kMailDomainMax || text.front() != '[' ||
        text.back() != ']')
        return tl::unexpected(MailAddressFault::domain);
    std::string_view inside = text.substr(1, text.size() - 2);
    int family = AF_INET;
    if (inside.size() > kIpv6Tag.size() &&
        std::ranges::equal(inside.substr(0, kIpv6Tag.size()), kIpv6Tag, {}, ascii_lower)) {
        family = AF_INET6;
        inside.remove_prefix(kIpv6Tag.size());
    }
    uint8_t address[16];
    char canonical[INET6_ADDRSTRLEN];
    // A NUL would end the text early for inet_pton(3).
    if (inside.find('\0') != std::string_view::npos ||
        ::inet_pton(family, std::string(inside).c_str(), address) != 1 ||
        ::inet_ntop(family, address, canonical, sizeof canonical) == nullptr)
        return tl::unexpected(MailAddressFault::domain);
    return (family == AF_INET6 ? "[IPv6:" : "[") + std::string(canonical) + "]";
}

}  // namespace gatepost::storage
