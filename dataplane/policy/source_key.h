// Whom something is counted for: an address, a network, an account, a triplet. A keyed hash, so
// that nobody can choose whom to share a slot of a table with.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

using SourceSecret = std::array<uint8_t, 16>;

// What is counted; each kind has counts of its own.
enum class SourceKind : uint8_t {
    address_connections,
    address_messages,
    address_recipients,
    network_connections,
    network_messages,
    account_messages,
    account_recipients,
    greylist_network,
    greylist_triplet,
};

enum class SourcePrefix : uint8_t {
    host,       // an address of IPv4; in IPv6 a /64, which is what a host or a household has
    network,    // a /24 of IPv4, a /56 of IPv6
    mail_pool,  // a /24 of IPv4, a /64 of IPv6: hosts that try again for one another
};

uint64_t source_hash(const SourceSecret& secret, SourceKind kind, const PeerAddress& address,
                     SourcePrefix prefix, std::initializer_list<std::string_view> texts = {});
uint64_t account_hash(const SourceSecret& secret, SourceKind kind, uint64_t account_id);

}  // namespace gatepost::dataplane
