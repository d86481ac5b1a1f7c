// What a server name can be proved with: chains and their keys, and which of them each service is
// to use. One entry of the directory; the reader's form points into its octets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/directory/service.h"

namespace gatepost::storage {

// In order of preference.
enum class CertificateType : uint8_t { live, staged, self_signed };
enum class KeyType : uint8_t { ecdsa, rsa, ed25519 };

// A certificate that ends sooner is passed over while another one does not.
inline constexpr int64_t kValiditySecondsMin = 24 * 3600;

inline constexpr size_t kChainMax = 8;        // certificates in a chain
inline constexpr size_t kCandidatesMax = 16;  // chains of one name

struct CertificateCandidate {
    CertificateType type = CertificateType::self_signed;
    KeyType key_type = KeyType::ecdsa;
    int64_t not_before_s = 0;  // seconds since 1970
    int64_t not_after_s = 0;
    std::vector<Bytes> chain;  // DER, the server's own first
    Bytes sealed_key;          // PKCS #8 DER, see storage/secret/sealed.h
    Bytes ocsp_response;       // DER, to be stapled; empty: none
};

struct TlsIdentity {
    std::vector<CertificateCandidate> candidates;
    // By Service; nullopt: by preference.
    std::array<std::optional<CertificateType>, kServices> pinned;
};

// Within the limits above.
std::vector<uint8_t> encode_tls_identity(const TlsIdentity& identity);
// The result points into `octets`. Refused (invalid) where they are not what encode made.
Result<TlsIdentity> decode_tls_identity(Bytes octets);

// The candidates that serve `service` at the time `now_s`, best first: the pinned type, then live,
// staged, self-signed; within a type ECDSA, Ed25519, RSA and the latest end. Those that are not
// valid for kValiditySecondsMin more come behind all that are; what is expired, or not valid yet,
// comes last of all, since a client is to be told who we are rather than nothing. Indices into
// `candidates`.
std::vector<size_t> candidates_by_preference(const TlsIdentity& identity, Service service,
                                             int64_t now_s);

}  // namespace gatepost::storage
