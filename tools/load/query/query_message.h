// A DNS query as a resolver would send it (RFC 1035 §4.1, EDNS RFC 6891).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "tools/load/query/query_list.h"

namespace gatepost::tools {

inline constexpr size_t kDnsHeaderLength = 12;  // octets, RFC 1035 §4.1.1

struct QueryMessageOptions {
    uint16_t udp_payload = 0;  // octets, in an OPT record; 0: no EDNS unless what follows needs it
    bool dnssec_ok = false;
    bool recursion_desired = false;
    std::optional<std::array<uint8_t, 8>> client_cookie;  // RFC 7873 §4.1

    bool edns() const { return udp_payload != 0 || dnssec_ok || client_cookie.has_value(); }
};

// Appends the message, its id 0, to `out`.
void append_query(const Question& question, const QueryMessageOptions& options,
                  std::vector<uint8_t>& out);
// Octets that append_query adds.
size_t query_length(const Question& question, const QueryMessageOptions& options);

}  // namespace gatepost::tools
