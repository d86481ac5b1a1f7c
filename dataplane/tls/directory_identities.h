// A worker's way from a name to its certificates: looks into the directory arena at each handshake,
// keeps what it has parsed until the entry changes.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "dataplane/tls/directory_source.h"
#include "dataplane/tls/loaded_identity.h"
#include "dataplane/tls/self_signed.h"
#include "storage/arena/stream_counters.h"
#include "storage/directory/directory_view.h"

namespace gatepost::dataplane {

// Of a worker. The least recently used one goes: some 5 KiB each.
inline constexpr size_t kIdentitiesKept = 1024;

class DirectoryIdentities final : public IdentitySource {
  public:
    // All of them outlive it.
    DirectoryIdentities(DirectoryIdentitiesOptions options, const SealingKeys& keys,
                        SelfSignedIdentity& self_signed, storage::StreamCounters& counters)
        : options_(std::move(options)),
          keys_(keys),
          self_signed_(self_signed),
          counters_(counters) {}

    const LoadedIdentity& find(std::string_view name, storage::Service service) override;

    size_t list(std::span<IdentityFacts> out) const override;

    size_t kept() const { return kept_.size(); }

  private:
    struct Kept {
        std::string key;  // service and name
        uint64_t serial = 0;
        LoadedIdentity identity;
    };

    // Null: the directory has none for that very name, or none of it can be used.
    const LoadedIdentity* look_up(const storage::DirectoryView& view, std::string_view name,
                                  storage::Service service, int64_t now_s);
    LoadedIdentity load(Bytes entry, std::string_view name, storage::Service service,
                        int64_t now_s);
    const LoadedIdentity& own(int64_t now_s);

    const DirectoryIdentitiesOptions options_;
    const SealingKeys& keys_;
    SelfSignedIdentity& self_signed_;
    storage::StreamCounters& counters_;
    std::shared_ptr<const LoadedIdentity> own_;
    uint64_t generation_ = 0;
    uint64_t keys_version_ = 0;
    std::string key_;       // scratch
    std::string wildcard_;  // scratch
    std::list<Kept> kept_;  // the most recently used one first
    std::unordered_map<std::string_view, std::list<Kept>::iterator> by_key_;
};

}  // namespace gatepost::dataplane
