// imaps://imap.example.org, imap://imap.example.org:143: where an IMAP server is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::tools {

struct ServerAddress {
    enum class Privacy : uint8_t {
        tls,        // from the first octet (RFC 8314)
        start_tls,  // STARTTLS has to succeed
        none,
    };

    std::string host;  // a name, or an address without brackets
    uint16_t port = 0;
    Privacy privacy = Privacy::tls;

    // "imap.example.org:993", "[2001:db8::1]:143"
    std::string text() const;
};

// Also a name alone, which is imaps. Refused (usage): user names and passwords in it, which have
// options of their own, and what follows the port.
Result<ServerAddress> server_address_from_text(std::string_view text);

}  // namespace gatepost::tools
