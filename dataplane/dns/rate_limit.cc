#include "dataplane/dns/rate_limit.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

#include "storage/zone_index/name_hash.h"

namespace gatepost::dataplane {

namespace {

constexpr uint32_t kReply = 1000;  // thousandths: a rate per second is so many of them per ms

// The prefix lengths that networks are commonly handed out in. 192.0.2.7 counts as 192.0.2.0/24,
// 2001:db8:0:1::7 as 2001:db8::/56.
constexpr size_t kIpv4Octets = 3;
constexpr size_t kIpv6Octets = 7;

}  // namespace

bool AddressPrefix::covers(ClientAddress client) const {
    if (client.length != length) return false;
    const size_t whole = bits / 8;
    if (std::memcmp(octets, client.octets, whole) != 0) return false;
    const unsigned left = bits % 8;
    return left == 0 || (octets[whole] ^ client.octets[whole]) >> (8 - left) == 0;
}

Result<AddressPrefix> parse_prefix(std::string_view text) {
    const auto malformed = [&] {
        return fail(ErrorCode::usage,
                    "'{}' is not a network, expected one such as 192.0.2.0/24 or 2001:db8::/32",
                    text);
    };
    const size_t slash = text.find('/');
    const std::string address(text.substr(0, slash));
    AddressPrefix prefix;
    if (::inet_pton(AF_INET, address.c_str(), prefix.octets) == 1)
        prefix.length = 4;
    else if (::inet_pton(AF_INET6, address.c_str(), prefix.octets) == 1)
        prefix.length = 16;
    else
        return malformed();
    unsigned bits = prefix.length * 8u;
    if (slash != std::string_view::npos) {
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
        if (error != std::errc() || stop != end || bits > prefix.length * 8u) return malformed();
    }
    prefix.bits = static_cast<uint8_t>(bits);
    for (size_t bit = bits; bit < prefix.length * size_t{8}; ++bit)
        if (prefix.octets[bit / 8] >> (7 - bit % 8) & 1)
            return fail(ErrorCode::usage, "'{}' has bits set behind its {} bits of network", text,
                        bits);
    return prefix;
}

Status check_rate_limit(const RateLimitOptions& options) {
    if (options.per_second > kRatePerSecondMax)
        return fail(ErrorCode::usage, "--rate-limit {}: at most {}", options.per_second,
                    kRatePerSecondMax);
    if (options.burst_ms < kRateBurstMsMin || options.burst_ms > kRateBurstMsMax)
        return fail(ErrorCode::usage, "--rate-limit-burst-ms {}: from {} to {}", options.burst_ms,
                    kRateBurstMsMin, kRateBurstMsMax);
    if (options.slip > kRateSlipMax)
        return fail(ErrorCode::usage, "--rate-limit-slip {}: at most {}", options.slip,
                    kRateSlipMax);
    return {};
}

RateLimitOptions share_of_worker(RateLimitOptions options, size_t workers) {
    const auto count = static_cast<uint32_t>(std::max<size_t>(workers, 1));
    options.per_second = (options.per_second + count - 1) / count;
    return options;
}

RateLimiter::RateLimiter(const RateLimitOptions& options, const Key& key)
    : options_(options), key_(key), sets_(std::make_unique<Set[]>(kSets)) {
    // Fits: 50,000 a second for 60 s are 3 × 10⁹ thousandths.
    static_assert(uint64_t{kRatePerSecondMax} * kRateBurstMsMax <= UINT32_MAX);
    capacity_ = std::max(options.per_second * options.burst_ms, kReply);
    for (size_t i = 0; i < kSets; ++i)
        for (Bucket& bucket : sets_[i].buckets) bucket.tokens = capacity_;
}

RateLimiter::Network RateLimiter::network(ClientAddress client) const {
    uint8_t octets[8] = {};
    std::memcpy(octets, client.octets, client.length == 4 ? kIpv4Octets : kIpv6Octets);
    octets[7] = static_cast<uint8_t>(client.length);  // tells the families apart
    uint64_t word;
    std::memcpy(&word, octets, sizeof word);
    return storage::hash_fold(storage::hash_fold(word ^ key_.a, key_.b), key_.a | 1);
}

uint32_t RateLimiter::tokens_at(const Bucket& bucket, uint32_t now_ms) const {
    const uint64_t gained = uint64_t{now_ms - bucket.filled_ms} * options_.per_second;
    return static_cast<uint32_t>(std::min<uint64_t>(bucket.tokens + gained, capacity_));
}

// The bucket, filled up to now. Where the network has none, it takes the one that is missed least:
// a full bucket says the same as none.
RateLimiter::Bucket& RateLimiter::find(Network network, ReplyKind kind, uint32_t now_ms) {
    const uint32_t tag = static_cast<uint32_t>(network >> 32) + static_cast<uint32_t>(kind);
    Bucket* fullest = nullptr;
    uint32_t most = 0;
    for (Bucket& bucket : sets_[set_of(network)].buckets) {
        const uint32_t tokens = tokens_at(bucket, now_ms);
        if (bucket.tag == tag) {
            bucket.tokens = tokens;
            bucket.filled_ms = now_ms;
            return bucket;
        }
        if (fullest == nullptr || tokens > most) {
            fullest = &bucket;
            most = tokens;
        }
    }
    *fullest = {tag, now_ms, capacity_, 0};
    return *fullest;
}

bool RateLimiter::is_exempt(ClientAddress client) const {
    return std::any_of(options_.exempt.begin(), options_.exempt.end(),
                       [&](const AddressPrefix& prefix) { return prefix.covers(client); });
}

RateVerdict RateLimiter::charge(Network network, ReplyKind kind, ClientAddress client,
                                uint64_t now_ms) {
    Bucket& bucket = find(network, kind, static_cast<uint32_t>(now_ms));
    if (bucket.tokens >= kReply) [[likely]] {
        bucket.tokens -= kReply;
        return RateVerdict::send;
    }
    if (is_exempt(client)) return RateVerdict::send;
    ++bucket.limited;
    const bool slips = options_.slip != 0 && bucket.limited % options_.slip == 0;
    return slips ? RateVerdict::slip : RateVerdict::drop;
}

}  // namespace gatepost::dataplane
