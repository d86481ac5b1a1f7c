// A worker as its HTTP services see it.
#pragma once

#include "dataplane/http/http_environment.h"
#include "dataplane/mail_service/mail_counters.h"
#include "dataplane/tls/identity_source.h"
#include "dataplane/worker/served_image.h"

namespace gatepost::dataplane {

class HttpSurroundings final : public HttpEnvironment {
  public:
    // All of them outlive it.
    struct Parts {
        BurstAnswerer& answerer;
        BufferPool& buffers;
        storage::StreamCounters& counters;
        const storage::RuntimePage& page;
        const CurrentImage& image;
        const CurrentDirectory& directory;
        const IdentitySource& identities;
        const AllMailCounters* mail;  // null: mail is not served
    };
    explicit HttpSurroundings(const Parts& parts) : parts_(parts) {}

    uint64_t unix_s() const override;
    uint64_t monotonic_ns() const override;
    BurstAnswerer& answerer() override { return parts_.answerer; }
    BufferPool& buffers() override { return parts_.buffers; }
    storage::StreamCounters& counters() override { return parts_.counters; }
    const storage::RuntimePage& page() const override { return parts_.page; }
    SnapshotFacts zones() const override;
    SnapshotFacts directory() const override;
    std::optional<storage::DirectoryEntry> find(storage::EntryKind kind,
                                                std::string_view key) const override;
    size_t certificates(std::span<CertificateFacts> out) const override;
    void write_other_metrics(MetricsWriter& out) const override {
        if (parts_.mail != nullptr) write_mail_metrics(*parts_.mail, out);
    }

  private:
    Parts parts_;
};

}  // namespace gatepost::dataplane
