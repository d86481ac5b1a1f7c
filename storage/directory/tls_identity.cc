// The form in the arena, numbers big-endian:
//
//   pinned type of each service (kNotPinned: none) | number of candidates | candidates
//
// A candidate: type, key type, beginning and end of validity (8 octets each), number of
// certificates, the certificates, the sealed key, the OCSP response; each of the last three kinds
// behind its length in 4 octets.
#include "storage/directory/tls_identity.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "storage/base/check.h"

namespace gatepost::storage {

namespace {

constexpr uint8_t kNotPinned = 0xff;
constexpr uint8_t kTypes = 3;
constexpr uint8_t kKeyTypes = 3;

void write_sized(ByteWriter& out, Bytes octets) {
    out.u32(static_cast<uint32_t>(octets.size()));
    out.bytes(octets);
}

Bytes read_sized(ByteReader& in) {
    const uint32_t size = in.u32();
    return in.bytes(size);
}

CertificateCandidate read_candidate(ByteReader& in) {
    CertificateCandidate candidate;
    const uint8_t type = in.u8();
    const uint8_t key_type = in.u8();
    if (type >= kTypes || key_type >= kKeyTypes) in.fail();
    candidate.type = static_cast<CertificateType>(type);
    candidate.key_type = static_cast<KeyType>(key_type);
    candidate.not_before_s = static_cast<int64_t>(in.u64());
    candidate.not_after_s = static_cast<int64_t>(in.u64());
    const uint8_t certificates = in.u8();
    if (certificates == 0 || certificates > kChainMax) in.fail();
    for (uint8_t i = 0; in.ok() && i < certificates; ++i) candidate.chain.push_back(read_sized(in));
    candidate.sealed_key = read_sized(in);
    candidate.ocsp_response = read_sized(in);
    return candidate;
}

// 0: valid for long enough; 1: ends soon; 2: not valid now.
int validity_rank(const CertificateCandidate& candidate, int64_t now_s) {
    if (now_s < candidate.not_before_s || now_s > candidate.not_after_s) return 2;
    return candidate.not_after_s - now_s < kValiditySecondsMin ? 1 : 0;
}

// ECDSA's handshakes cost the least, RSA's the most.
int key_rank(KeyType type) {
    switch (type) {
        case KeyType::ecdsa:
            return 0;
        case KeyType::ed25519:
            return 1;
        case KeyType::rsa:
            break;
    }
    return 2;
}

}  // namespace

std::vector<uint8_t> encode_tls_identity(const TlsIdentity& identity) {
    GATEPOST_CHECK(identity.candidates.size() <= kCandidatesMax);
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    for (const auto& pinned : identity.pinned)
        out.u8(pinned ? static_cast<uint8_t>(*pinned) : kNotPinned);
    out.u8(static_cast<uint8_t>(identity.candidates.size()));
    for (const CertificateCandidate& candidate : identity.candidates) {
        GATEPOST_CHECK(!candidate.chain.empty() && candidate.chain.size() <= kChainMax);
        out.u8(static_cast<uint8_t>(candidate.type));
        out.u8(static_cast<uint8_t>(candidate.key_type));
        out.u64(static_cast<uint64_t>(candidate.not_before_s));
        out.u64(static_cast<uint64_t>(candidate.not_after_s));
        out.u8(static_cast<uint8_t>(candidate.chain.size()));
        for (const Bytes& certificate : candidate.chain) write_sized(out, certificate);
        write_sized(out, candidate.sealed_key);
        write_sized(out, candidate.ocsp_response);
    }
    return octets;
}

Result<TlsIdentity> decode_tls_identity(Bytes octets) {
    ByteReader in(octets);
    TlsIdentity identity;
    for (auto& pinned : identity.pinned) {
        const uint8_t type = in.u8();
        if (type == kNotPinned) continue;
        if (type >= kTypes) in.fail();
        pinned = static_cast<CertificateType>(type);
    }
    const uint8_t candidates = in.u8();
    if (candidates > kCandidatesMax) in.fail();
    for (uint8_t i = 0; in.ok() && i < candidates; ++i)
        identity.candidates.push_back(read_candidate(in));
    if (!in.ok() || !in.at_end())
        return fail(ErrorCode::invalid,
                    "the TLS identity of {} octets is not one: the directory is damaged",
                    octets.size());
    return identity;
}

std::vector<size_t> candidates_by_preference(const TlsIdentity& identity, Service service,
                                             int64_t now_s) {
    const auto& pinned = identity.pinned[static_cast<size_t>(service)];
    std::vector<size_t> order(identity.candidates.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto rank = [&](size_t index) {
        const CertificateCandidate& candidate = identity.candidates[index];
        return std::tuple(validity_rank(candidate, now_s), pinned && candidate.type != *pinned,
                          candidate.type, key_rank(candidate.key_type), -candidate.not_after_s);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return rank(a) < rank(b); });
    return order;
}

}  // namespace gatepost::storage
