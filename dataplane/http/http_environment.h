// What the HTTP server needs of the worker that runs it. Tests are one, too. Everything given is
// good until the session's next wait.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/dns/answerer.h"
#include "dataplane/stream/buffer_pool.h"
#include "storage/arena/runtime_page.h"
#include "storage/directory/directory_view.h"

namespace gatepost::dataplane {

class MetricsWriter;

// What is known of an arena that is served.
struct SnapshotFacts {
    uint64_t generation = 0;  // 0: there is none yet
    uint64_t version = 0;     // counts the publishes
    uint64_t commit_lsn = 0;
    int64_t published_time_us = 0;  // since 1970
    bool from_checkpoint = false;
    uint64_t zones = 0;
    uint64_t names = 0;  // in the directory: entries
};

// A certificate that handshakes have used.
struct CertificateFacts {
    std::string_view name;  // "mail.example.org", "*.example.org"; "": for whoever names none
    int64_t not_after_s = 0;
};
inline constexpr size_t kCertificatesShown = 256;  // bounds the metrics

class HttpEnvironment {
  public:
    virtual uint64_t unix_s() const = 0;
    virtual uint64_t monotonic_ns() const = 0;  // CLOCK_MONOTONIC, as heartbeats have it

    virtual BurstAnswerer& answerer() = 0;
    virtual BufferPool& buffers() = 0;
    virtual storage::StreamCounters& counters() = 0;  // this worker's

    virtual const storage::RuntimePage& page() const = 0;
    virtual SnapshotFacts zones() const = 0;
    virtual SnapshotFacts directory() const = 0;
    // An entry of the directory; nullopt too where there is no directory yet.
    virtual std::optional<storage::DirectoryEntry> find(storage::EntryKind kind,
                                                        std::string_view key) const = 0;
    // Those that this worker has loaded, as many as there is room for; gives their number.
    virtual size_t certificates(std::span<CertificateFacts> out) const = 0;
    // Metrics of what else the worker serves.
    virtual void write_other_metrics(MetricsWriter&) const {}

  protected:
    ~HttpEnvironment() = default;
};

}  // namespace gatepost::dataplane
