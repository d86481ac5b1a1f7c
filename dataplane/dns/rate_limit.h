// Response rate limiting: how many UDP replies of one kind a client network gets in a second, so
// that this server is of no use for flooding a forged address. A table of token buckets of fixed
// size, owned by one worker; time is given by the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "dataplane/dns/cookie.h"
#include "storage/arena/qsbr.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

inline constexpr size_t kRateBuckets = size_t{1} << 16;  // of 16 octets, per worker
inline constexpr uint32_t kRatePerSecondMax = 50'000;
inline constexpr uint32_t kRateBurstMsMin = 1000;
inline constexpr uint32_t kRateBurstMsMax = 60'000;
inline constexpr uint32_t kRateSlipMax = 100;

// "192.0.2.0/24", "2001:db8::/32", or an address alone.
struct AddressPrefix {
    uint8_t octets[16] = {};
    uint8_t length = 0;  // of the addresses: 4 or 16 octets
    uint8_t bits = 0;

    bool covers(ClientAddress client) const;
};
Result<AddressPrefix> parse_prefix(std::string_view text);

struct RateLimitOptions {
    uint32_t per_second = 0;   // replies per client network and kind; 0: no limit
    uint32_t burst_ms = 3000;  // so much of the rate may be saved up
    // Every so many limited replies one goes out cut short, so that a client behind a forged
    // address can come by TCP; 1: all of them, 0: none.
    uint32_t slip = 2;
    std::vector<AddressPrefix> exempt;  // client networks without a limit
};

// Refuses what is out of range.
Status check_rate_limit(const RateLimitOptions& options);
// The part of one of `workers` workers: the kernel and the device spread a network's queries.
RateLimitOptions share_of_worker(RateLimitOptions options, size_t workers);

// Kinds of replies, each with a bucket: a flood of one kind leaves the others alone.
enum class ReplyKind : uint8_t { answer, empty, nxdomain, error };

enum class RateVerdict : uint8_t { send, slip, drop };

class RateLimiter {
  public:
    // `key` is random: nobody can choose networks that share a bucket.
    struct Key {
        uint64_t a = 0;
        uint64_t b = 0;
    };
    RateLimiter(const RateLimitOptions& options, const Key& key);

    // A client's network as the table knows it.
    using Network = uint64_t;
    Network network(ClientAddress client) const;
    void prefetch(Network network) const { __builtin_prefetch(&sets_[set_of(network)], 1); }
    // Takes a token for one reply of that kind.
    RateVerdict charge(Network network, ReplyKind kind, ClientAddress client, uint64_t now_ms);

  private:
    struct Bucket {
        uint32_t tag = 0;
        uint32_t filled_ms = 0;  // when `tokens` was right
        uint32_t tokens = 0;     // thousandths of a reply
        uint32_t limited = 0;    // replies that were, for the slips among them
    };
    static constexpr size_t kWays = 4;
    struct alignas(storage::kCacheLine) Set {
        Bucket buckets[kWays];
    };
    static_assert(sizeof(Set) == storage::kCacheLine);
    static constexpr size_t kSets = kRateBuckets / kWays;

    static size_t set_of(Network network) { return network % kSets; }
    Bucket& find(Network network, ReplyKind kind, uint32_t now_ms);
    uint32_t tokens_at(const Bucket& bucket, uint32_t now_ms) const;
    bool is_exempt(ClientAddress client) const;

    RateLimitOptions options_;
    Key key_;
    uint32_t capacity_;  // of a bucket, thousandths of a reply
    std::unique_ptr<Set[]> sets_;
};

}  // namespace gatepost::dataplane
