// What a client can work with, as its ClientHello says: decides which of several certificates it is
// given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"

struct ssl_early_callback_ctx;  // SSL_CLIENT_HELLO

namespace gatepost::dataplane {

struct ClientOffer {
    bool tls13 = false;
    // Those of TLS 1.2, with ECDHE and an AEAD, that are authenticated by ECDSA (or Ed25519) or
    // RSA.
    bool ecdsa_ciphers = false;
    bool rsa_ciphers = false;
    // Lists of 16-bit numbers, in the ClientHello's octets.
    Bytes signature_algorithms;
    Bytes groups;

    bool has_signature(uint16_t algorithm) const;
    bool has_group(uint16_t group) const;
};

// What cannot be read is taken as not there: the library refuses the handshake then.
ClientOffer read_client_offer(const ssl_early_callback_ctx& hello);

// The name that a client asked for, in lower case and without a dot at its end; empty where it is
// none that a host can have, such as an address (RFC 6066 §3).
std::string clean_server_name(std::string_view name);

}  // namespace gatepost::dataplane
