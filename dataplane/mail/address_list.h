// Lists of addresses in fields (RFC 5322 §3.4, §4.4, RFC 6854), as ENVELOPE of IMAP has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::dataplane {

enum class AddressKind : uint8_t {
    mailbox,
    group_start,  // `mailbox` is the group's name; IMAP says so by a NIL host
    group_end,    // all is empty
};

// The four strings of an address of IMAP (RFC 9051 §7.5.2). Octets as the field has them: encoded
// words are not decoded.
struct EnvelopeAddress {
    AddressKind kind = AddressKind::mailbox;
    std::string name;     // the display name without quotes, else the last comment; empty: none
    std::string adl;      // source route "@a,@b"; empty: none
    std::string mailbox;  // the local part without quotes
    std::string host;     // empty for a mailbox: there was none

    friend bool operator==(const EnvelopeAddress&, const EnvelopeAddress&) = default;
};

// Appends at most `addresses_max`, and says whether that was all. Of what is malformed as much is
// taken as can be understood: nothing is ever refused. Linear in the length, whatever it is.
bool parse_address_list(std::string_view value, size_t addresses_max,
                        std::vector<EnvelopeAddress>& addresses);

}  // namespace gatepost::dataplane
