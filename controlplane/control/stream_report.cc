#include "controlplane/control/stream_report.h"

#include <nlohmann/json.hpp>

namespace gatepost::controlplane {

namespace {

using nlohmann::json;

uint64_t read(const std::atomic<uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
}

// Those that are not zero, by name.
template <typename Name, size_t N>
json named(const std::atomic<uint64_t> (&counters)[N], Name name) {
    json out = json::object();
    for (size_t i = 0; i < N; ++i)
        if (const uint64_t count = read(counters[i]); count != 0) out[std::string(name(i))] = count;
    return out;
}

json handshakes(const storage::StreamCounters& streams) {
    constexpr const char* kVersions[storage::kTlsVersions] = {"TLSv1.2", "TLSv1.3"};
    json out = json::object();
    for (size_t i = 0; i < storage::kTlsVersions; ++i)
        out[kVersions[i]] = {{"full", read(streams.handshakes[i][0])},
                             {"resumed", read(streams.handshakes[i][1])}};
    return out;
}

json requests(const storage::StreamCounters& streams) {
    constexpr const char* kVersions[storage::kHttpVersions] = {"HTTP/1.1", "HTTP/2"};
    json out = json::object();
    for (size_t i = 0; i < storage::kHttpVersions; ++i)
        out[kVersions[i]] = named(streams.http_requests[i],
                                  [](size_t of) { return std::to_string(of + 1) + "xx"; });
    return out;
}

}  // namespace

json stream_report(const storage::StreamCounters& streams) {
    const auto end = [](size_t i) { return stream_end_name(static_cast<storage::StreamEnd>(i)); };
    const auto failure = [](size_t i) {
        return tls_failure_name(static_cast<storage::TlsFailure>(i));
    };
    return {{"open", read(streams.open)},
            {"total", read(streams.total)},
            {"ends", named(streams.ends, end)},
            {"received_bytes", read(streams.received_octets)},
            {"sent_bytes", read(streams.sent_octets)},
            {"handshakes", handshakes(streams)},
            {"tls_failures", named(streams.tls_failures, failure)},
            {"identities_loaded", read(streams.identities_loaded)},
            {"identity_failures", read(streams.identity_failures)},
            {"http_requests", requests(streams)},
            {"buffers_bytes", read(streams.buffers_octets)},
            {"buffers_refused", read(streams.buffers_refused)},
            {"receive_starved", read(streams.receive_starved)}};
}

json log_report(const storage::RuntimePage& page) {
    json out = json::object();
    for (size_t process = 0; process < storage::kLogProcesses; ++process) {
        const auto& lines = page.log_lines[process];
        out[storage::kLogProcessNames[process]] = {
            {"warnings", read(lines[static_cast<size_t>(storage::LogWeight::warning)])},
            {"errors", read(lines[static_cast<size_t>(storage::LogWeight::error)])}};
    }
    return out;
}

}  // namespace gatepost::controlplane
