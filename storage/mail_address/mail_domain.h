// Domains of mail addresses: the form that they are kept and looked up in, and the one for people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::storage {

// RFC 5321 §4.5.3.1.2: octets of a domain, address literals included.
inline constexpr size_t kMailDomainMax = 255;
// RFC 1035 §2.3.4: 255 octets on the wire are 253 of text without the last dot.
inline constexpr size_t kDomainNameMax = 253;
// RFC 1035 §2.3.4: octets of a label.
inline constexpr size_t kDomainLabelMax = 63;

// What a domain may consist of.
enum class AddressForm : uint8_t {
    ascii,  // RFC 5321: the internationalized ones as A-labels (xn--…)
    utf8,   // RFC 6531: U-labels and UTF-8 local parts as well
};

// Why an address is not one, or not here: each has a reply of SMTP of its own.
enum class MailAddressFault : uint8_t {
    local_part,  // the grammar of the local part (501 5.1.3, of a sender 501 5.1.7)
    domain,      // the grammar of the domain or of the address literal (501 5.1.3, 5.1.7)
    syntax,      // of what is around: brackets, source route, something behind it (501 5.5.4)
    local_part_length,  // RFC 5321 §4.5.3.1.1
    domain_length,      // RFC 5321 §4.5.3.1.2
    path_length,        // RFC 5321 §4.5.3.1.3
    needs_utf8,         // not ASCII without SMTPUTF8 (553 5.6.7, RFC 6531 §3.5)
    encoding,           // not UTF-8 where that is asked for
};
// For people: what is wrong, without the address.
std::string_view describe(MailAddressFault fault);

// A-labels in lower case without the last dot. U-labels (UTF-8) are mapped as UTS #46 says,
// non-transitional, and must be valid by IDNA2008; ASCII labels are letters, digits, hyphens, and
// the underscore, which RFC 5321 §4.1.2 has not but senders use. A label "xn--…" is taken as it is.
tl::expected<std::string, MailAddressFault> read_mail_domain(std::string_view text,
                                                             AddressForm form);

// The same with a message for people; UTF-8 is taken.
Result<std::string> normalize_domain(std::string_view text);

// The U-labels of a normalized domain, for display. What is no valid A-label stays as it is.
std::string display_domain(std::string_view normalized);

// "[192.0.2.1]", "[IPv6:2001:db8::1]" in one form for each address (RFC 5321 §4.1.3), whatever the
// form given. Other literals (General-address-literal) are refused: none is registered.
tl::expected<std::string, MailAddressFault> read_address_literal(std::string_view text);

}  // namespace gatepost::storage
