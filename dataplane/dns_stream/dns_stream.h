// DNS over a stream: TCP (RFC 7766) and TLS (RFC 7858) alike. Frames of a connection are answered
// in bursts, in their order (RFC 7766 allows any).
#pragma once

#include <array>
#include <memory>

#include "dataplane/dns/answerer.h"
#include "dataplane/stream/stream_session.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

struct DnsStreamOptions {
    Transport transport = Transport::tcp;
    uint32_t idle_ms = 10'000;  // RFC 7766 §6.2.3: in the order of seconds
    uint32_t frame_ms = 5'000;  // from a message's first octet to its last
};

// Room for the replies of a burst; one per worker, for all that answer DNS over streams.
class ReplyScratch {
  public:
    // Address space; memory is used as replies touch it.
    static Result<ReplyScratch> create();
    ReplyScratch(ReplyScratch&& other) noexcept { *this = std::move(other); }
    ReplyScratch& operator=(ReplyScratch&& other) noexcept;
    ~ReplyScratch();

    uint8_t* reply(size_t index) { return memory_ + index * kStride; }

  private:
    // A cache line more than a message, so that the replies of a burst do not all begin in one set
    // of the cache.
    static constexpr size_t kStride = 65'536 + storage::kCacheLine;

    ReplyScratch() = default;
    uint8_t* memory_ = nullptr;
};

class DnsStream final : public StreamProtocol {
  public:
    DnsStream(BurstAnswerer& answerer, ReplyScratch& scratch, storage::WorkerCounters& counters,
              const DnsStreamOptions& options)
        : answerer_(answerer), scratch_(scratch), counters_(counters), options_(options) {}

    Task<> serve(Session& session) override;

    uint64_t received() const { return received_; }  // queries since start

  private:
    enum class Progress : uint8_t { done, more, broken, no_memory };

    size_t take_frames(Session& session, size_t most, bool& broken);
    static bool append_reply(Stream& stream, const Exchange& exchange);
    Progress answer_frames(Session& session, size_t& burst_max);
    uint64_t idle_ms(const Session& session) const;
    void drop(storage::Drop reason);

    BurstAnswerer& answerer_;
    ReplyScratch& scratch_;
    storage::WorkerCounters& counters_;
    DnsStreamOptions options_;
    uint64_t received_ = 0;
    std::array<Exchange, kBurstMax> burst_;
};

}  // namespace gatepost::dataplane
