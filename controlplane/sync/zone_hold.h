// A zone that is held at its previous version, and what the database has meanwhile made different
// from that: the final state of each row that changed. Once all of it can be applied, the hold is
// over.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "controlplane/sync/change_batch.h"
#include "controlplane/sync/zone_directory.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

class ZoneHold {
  public:
    explicit ZoneHold(ZoneHoldInfo info) : info_(std::move(info)) {}

    const ZoneHoldInfo& info() const { return info_; }
    // `culprit`: the RRset that was refused, where it was a single one. Until that one changes,
    // another attempt would fail just so.
    void blame(std::string reason, std::optional<RRsetKey> culprit);

    // Takes over what a transaction changed in this zone; true where another attempt has a chance.
    bool merge(const ChangeBatch& batch, std::span<const Change> changes);
    void put_zone(const ZoneRow& row);
    void put_rrset(const RRsetRow& row);

    // The zone's own row, where it changed.
    std::optional<ZoneRow> zone_row() const;
    // Every RRset that changed; `removed` rows have nothing but their key. Stops at the first
    // error, and gives it.
    Status for_each_rrset(
        const std::function<Status(const RRsetRow& row, bool removed)>& visit) const;
    size_t rrset_count() const { return rrsets_.size(); }

  private:
    static std::string key_text(const RRsetKey& key);
    // The octets of a row, with whether the row is there or gone.
    struct Pending {
        std::vector<uint8_t> octets;
        bool removed = false;
    };

    ZoneHoldInfo info_;
    std::string culprit_;  // "" : none
    std::vector<uint8_t> zone_row_;
    std::unordered_map<std::string, Pending> rrsets_;
};

}  // namespace gatepost::controlplane
