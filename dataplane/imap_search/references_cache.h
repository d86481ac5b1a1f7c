// References fields that have been read: a message's never change, and who looks at threads once
// does so again.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dataplane/mail/message_summary.h"
#include "storage/message_log/blob.h"

namespace gatepost::dataplane {

// Which field of which message.
struct ReferencesKey {
    storage::BlobId blob;
    uint32_t message_size = 0;  // octets
    FieldPlace place;

    friend bool operator==(const ReferencesKey&, const ReferencesKey&) = default;
};

class ReferencesCache {
  public:
    // Octets of IDs that are kept at most, twice as many for a short time: 4 MiB are some 10,000
    // messages of discussions.
    static constexpr size_t kOctetsMax = size_t{4} << 20;

    // Good until the next call; nullptr: it is not there.
    const std::vector<std::string>* find(const ReferencesKey& key);
    void put(const ReferencesKey& key, std::vector<std::string> ids);

  private:
    struct Hash {
        size_t operator()(const ReferencesKey& key) const {
            return std::hash<uint64_t>()(key.blob.high * 0x9e3779b97f4a7c15 ^ key.blob.low);
        }
    };
    using Generation = std::unordered_map<ReferencesKey, std::vector<std::string>, Hash>;

    // What has not been asked for while a generation filled up goes with the older one.
    Generation young_;
    Generation old_;
    size_t young_octets_ = 0;
};

}  // namespace gatepost::dataplane
