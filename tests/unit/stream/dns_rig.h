// DNS over a stream over memory, plain or under TLS, with an answerer that sends queries back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dataplane/dns_stream/dns_stream.h"
#include "tests/unit/netio/echo_answerer.h"
#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {

struct DnsRig {
    explicit DnsRig(const DnsStreamOptions& options = {}, size_t pool_octets = 64 << 20)
        : rig(pool_octets), dns(answerer, scratch, counters, options) {}

    // `tls`: under it.
    void serve(TlsContext* tls = nullptr);
    uint64_t dropped(storage::Drop reason) const {
        return counters.dropped[static_cast<size_t>(reason)];
    }

    EchoAnswerer answerer;
    ReplyScratch scratch = std::move(*ReplyScratch::create());
    storage::WorkerCounters counters{};
    StreamRig rig;
    DnsStream dns;
    PeerAddress client;
    bool crowded = false;
    std::optional<Session> session;
    std::optional<storage::StreamEnd> end;  // once it has ended
};

// A query in its frame (RFC 1035 §4.2.2).
std::string frame_of(uint16_t id, const std::string& label);
std::string text_of(const Message& message);
uint16_t id_of(const std::string& message);
// The replies in a stream of frames; what is left of it, if anything, as the last one.
std::vector<std::string> frames_in(std::string_view stream);

}  // namespace gatepost::dataplane
