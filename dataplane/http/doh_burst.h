// The DNS queries that one read of a connection brought, of all its streams: they are answered
// together, as the datagrams of a burst are. A query is written where its reply will be.
//
// One per worker and site; nothing stays in it while a session waits.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/dns/answerer.h"
#include "dataplane/http/request.h"
#include "dataplane/stream/stream_session.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

// What a reply becomes.
enum class DohForm : uint8_t {
    message,   // application/dns-message (RFC 8484)
    dns_json,  // application/dns-json
    json,      // the same as application/json
};

struct DohQuery {
    uint16_t length = 0;  // octets in the burst's room()
    DohForm form = DohForm::message;
    bool head_only = false;  // HEAD: the response is without a body
    // The body is no DNS message, but what mail_autoconfig.h answers.
    bool autodiscover = false;
};

class DohBurst {
  public:
    // One HTTP/2 connection's streams all at once.
    static constexpr size_t kCountMax = 2 * kBurstMax;
    static constexpr size_t kMessageMax = 65'535;  // octets: RFC 8484 §6, RFC 1035 §4.2.2
    static constexpr size_t kMessageMin = 12;      // a header (RFC 1035 §4.1.1)

    struct Entry {
        DohQuery query;
        void* owner = nullptr;  // of who added it; to be set to null when it has gone
        bool keep_alive = true;
        Bytes reply;  // once answered; empty: the message deserves none (it is no query)
    };

    // Reserves the address space; memory is used as it is touched.
    static Result<std::unique_ptr<DohBurst>> create();
    ~DohBurst();
    DohBurst(const DohBurst&) = delete;
    DohBurst& operator=(const DohBurst&) = delete;

    bool is_full() const { return count_ == kCountMax; }
    bool is_empty() const { return count_ == 0; }
    // kMessageMax octets for the next query. Not for a full burst.
    uint8_t* room() const;
    // The query is in room(). Gives its place.
    size_t add(const DohQuery& query, const PeerAddress& client, void* owner, bool keep_alive);
    void answer(BurstAnswerer& answerer);
    std::span<Entry> entries() { return {entries_.data(), count_}; }
    // The replies are gone with this.
    void clear() { count_ = 0; }

  private:
    DohBurst() = default;

    uint8_t* messages_ = nullptr;
    size_t count_ = 0;
    std::array<Entry, kCountMax> entries_;
    std::array<Exchange, kCountMax> exchanges_;
};

}  // namespace gatepost::dataplane
