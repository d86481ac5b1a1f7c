// Answers DNS queries out of a zones image, a burst at a time: parse all, hash and prefetch all,
// compare all, write all. No allocation, no lock, no system call, no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "dataplane/dns/rate_limit.h"
#include "storage/arena/runtime_page.h"
#include "storage/zone_index/image.h"

namespace gatepost::storage {
class ZoneView;
}

namespace gatepost::dataplane {

enum class Transport : uint8_t { udp = 0, tcp = 1, tls = 2, https = 3 };
enum class Family : uint8_t { ipv4 = 0, ipv6 = 1 };

// One query and the room for its reply. `reply` may be the same memory as `query`.
struct Exchange {
    const uint8_t* query = nullptr;
    uint16_t query_length = 0;    // octets
    uint16_t reply_capacity = 0;  // octets; at least 512, and 65,535 but for UDP
    uint16_t reply_length = 0;    // octets, set by the responder; 0: no reply is to be sent
    Transport transport = Transport::udp;
    Family family = Family::ipv4;
    uint8_t* reply = nullptr;
    // The client's address in network order, 4 or 16 octets as `family` says; null: not known.
    const uint8_t* client = nullptr;
};

// The time of a burst, read once for all of it by whoever calls the responder.
struct BurstTime {
    uint64_t monotonic_ms = 0;
    uint32_t unix_s = 0;  // seconds since 1970, as DNS cookies have them (RFC 9018 §4.3)
};

inline constexpr size_t kBurstMax = 64;  // exchanges
inline constexpr uint16_t kUdpPayloadMax =
    1232;  // octets: fits every path without fragments (DNS flag day 2020)

struct ResponderOptions {
    uint16_t udp_payload_max = kUdpPayloadMax;
    // Of DNS cookies where no secret is shared by all edges; the same for all workers of a process.
    // nullopt: a random one.
    std::optional<storage::CookieSecret> cookie_secret;
    RateLimitOptions rate_limit;  // this worker's share
    // How long a connection may be idle, for clients that ask (RFC 7828).
    uint32_t stream_idle_ms = 10'000;
};

storage::CookieSecret random_cookie_secret();

class AnswerWriter;
struct Query;
struct Reply;

class Responder {
  public:
    explicit Responder(ResponderOptions options = {});
    ~Responder();

    // Answers every exchange (at most kBurstMax) from what `image` has published when called; a
    // null image answers SERVFAIL. The caller is an online QSBR reader.
    void answer_burst(const storage::Image* image, std::span<Exchange> burst, const BurstTime& time,
                      storage::WorkerCounters& counters);

  private:
    struct Tally;

    void answer_stage(const uint8_t* image, std::span<Exchange> stage, const BurstTime& time,
                      Tally& tally);
    void prefetch_nodes(const storage::ZoneView& view, size_t count);
    void prefetch_bucket(const Exchange& exchange, Query& query) const;
    void answer_one(const storage::ZoneView& view, Exchange& exchange, const Query& query,
                    const BurstTime& time, Tally& tally);
    void judge(const storage::ZoneView& view, const Exchange& exchange, const Query& query,
               const BurstTime& time, Reply& reply, Tally& tally) const;
    bool limit(const Exchange& exchange, const Query& query, const AnswerWriter& writer,
               const BurstTime& time, Reply& reply, Tally& tally);

    ResponderOptions options_;
    storage::CookieSecret cookie_secret_;
    std::unique_ptr<Query[]> queries_;
    std::unique_ptr<RateLimiter> limiter_;  // null: no limit
};

}  // namespace gatepost::dataplane
