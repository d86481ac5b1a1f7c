// What stands behind MAIL FROM: and RCPT TO: (RFC 5321 §4.1.2): <…>, then parameters.
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/mail_address/mail_address.h"

namespace gatepost::storage {

enum class PathKind : uint8_t {
    mailbox,     // address is set
    null,        // "<>": no reply wanted (RFC 5321 §4.5.5); reverse paths only
    postmaster,  // "<Postmaster>" without a domain (RFC 5321 §4.5.1); forward paths only
};

// Views into the text parsed.
struct Path {
    PathKind kind = PathKind::mailbox;
    // As given, without brackets and source route, with its upper and lower case: what goes on to
    // the next server (RFC 5321 §2.4).
    std::string_view mailbox;
    // Normalized. For `postmaster` a local part without a domain.
    MailAddress address;
    // The parameters behind the path, without spaces around: "SIZE=100 BODY=8BITMIME". Empty: none.
    std::string_view parameters;
};

// `text` begins with '<'. Source routes are taken and dropped (RFC 5321 §4.1.1.3, appendix C).
tl::expected<Path, MailAddressFault> parse_reverse_path(std::string_view text, AddressForm form);
tl::expected<Path, MailAddressFault> parse_forward_path(std::string_view text, AddressForm form);

}  // namespace gatepost::storage
