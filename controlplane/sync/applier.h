// Applies transactions of the replication stream to the zone index, each as a whole, and to the
// directory. A zone whose
// changes break a rule is held at its previous version and tried again with every later transaction
// that touches it; the other zones of the transaction are not concerned.
#pragma once

#include <functional>
#include <span>

#include "controlplane/sync/change_batch.h"
#include "controlplane/sync/zone_store.h"

namespace gatepost::controlplane {

class Applier {
  public:
    explicit Applier(ZoneStore& store) : store_(store) {}

    // Applies the batch and publishes it. An error of code conflict: what happened cannot be
    // followed change by change (a zone was renamed), nothing was published, and the data have to
    // be loaded anew.
    Status apply(ChangeBatch& batch, storage::ArenaOrigin origin);

  private:
    using Visitor = std::function<Status(const RRsetRow& row, bool removed)>;
    using Rows = std::function<Status(const Visitor&)>;

    void remove_zone(const ChangeBatch& batch, ZoneId id, std::span<const Change> changes);
    Status change_zone(const ChangeBatch& batch, ZoneId id, std::span<const Change> changes);
    Status change_cookie_secrets(const ChangeBatch& batch);
    Status change_directory(const ChangeBatch& batch);
    // Changes the zone in the index, all or nothing; holds it where that fails, and gives false.
    bool attempt(ZoneState& state, const std::optional<ZoneRow>& zone_row, const Rows& rrsets);

    ZoneStore& store_;
};

}  // namespace gatepost::controlplane
