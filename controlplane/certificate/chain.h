// A certificate chain: from PEM to the octets that a server sends, and what its first certificate
// says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/directory/tls_identity.h"

namespace gatepost::controlplane {

inline constexpr size_t kCertificateSizeMax = 32 * 1024;  // octets of one certificate in DER
inline constexpr int kRsaBitsMin = 2048;
inline constexpr int kRsaBitsMax = 8192;

// What the server's own certificate says.
struct CertificateFacts {
    // Host names in lower case without the last dot, "*.example.org" among them, each once: the
    // dNSNames of subjectAltName; without any, the common name where it is a host name.
    std::vector<std::string> names;
    std::string subject;        // RFC 4514
    std::string issuer;         // RFC 4514
    std::string serial_number;  // hexadecimal
    std::string fingerprint;    // SHA-256, hexadecimal
    int64_t not_before_s = 0;   // seconds since 1970
    int64_t not_after_s = 0;
    storage::KeyType key_type = storage::KeyType::ecdsa;
    std::vector<uint8_t> spki;    // SubjectPublicKeyInfo, DER
    bool is_self_signed = false;  // it names itself as its issuer
    bool is_for_servers = true;   // its extended key usage, if any, allows TLS servers
};

struct CertificateChain {
    std::vector<std::vector<uint8_t>> der;  // the server's own first; 1 to kChainMax
    CertificateFacts leaf;
};

// Every certificate must have been issued by the next (RFC 5246 §7.4.2). Blocks that are no
// certificates are passed over, such as the key of a combined file.
Result<CertificateChain> chain_from_pem(std::string_view pem);
// The certificates alone, whatever stood around them.
std::string chain_to_pem(const CertificateChain& chain);

}  // namespace gatepost::controlplane
