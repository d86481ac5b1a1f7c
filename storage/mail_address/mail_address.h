// A mail address in the form that it is looked up in: two spellings of one mailbox are one value.
// What goes to another server is the spelling that was given (RFC 5321 §2.4: the case of a local
// part belongs to its host), which path.h keeps.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "storage/mail_address/mail_domain.h"

namespace gatepost::storage {

// RFC 5321 §4.5.3.1.1: octets of a local part, its quotes included.
inline constexpr size_t kLocalPartMax = 64;
// RFC 5321 §4.5.3.1.3: a path has 256 octets, its angle brackets included.
inline constexpr size_t kMailAddressMax = 254;

struct MailAddress {
    // In lower case, without the quotes of a quoted string. UTF-8 in NFC and the lower case of
    // Unicode without the rules of any one language (RFC 6532 §3.1 asks for NFC).
    std::string local_part;
    // As read_mail_domain or read_address_literal gives it. Empty for <Postmaster> only.
    std::string domain;

    bool is_address_literal() const { return domain.starts_with('['); }
    // Needs SMTPUTF8 on its way: the domain is ASCII in this form.
    bool is_utf8() const;
    // As SMTP has it, quoted where it must be: parses to the same value.
    std::string text() const;

    friend bool operator==(const MailAddress&, const MailAddress&) = default;
    friend auto operator<=>(const MailAddress&, const MailAddress&) = default;
};

// The whole text must be a Mailbox of RFC 5321 §4.1.2.
tl::expected<MailAddress, MailAddressFault> read_mail_address(std::string_view text,
                                                              AddressForm form);
// The same with a message for people.
Result<MailAddress> parse_mail_address(std::string_view text, AddressForm form);

// Normalizes a local part as above, given with or without quotes.
tl::expected<std::string, MailAddressFault> read_local_part(std::string_view text,
                                                            AddressForm form);

// Octets of the local part that `text` begins with: a quoted string, or all up to an '@' or '>'.
// nullopt: a quoted string without its end.
std::optional<size_t> local_part_length(std::string_view text);

struct SubaddressedName {
    std::string_view base;
    std::optional<std::string_view> detail;  // nullopt: no delimiter; may be empty
};
// RFC 5233: "box+detail". The first octet of a normalized local part that is one of `delimiters`
// (ASCII) splits it, except its very first: "+x" is a name.
SubaddressedName split_subaddress(std::string_view local_part, std::string_view delimiters);

}  // namespace gatepost::storage
