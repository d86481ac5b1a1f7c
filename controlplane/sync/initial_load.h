// Fills an empty arena from the rows of a snapshot, in two passes at most. The first puts every row
// into the index as it comes; a zone that breaks a rule is held. The second collects the rows of
// the held zones, so that each can be served as soon as a later transaction mends it.
#pragma once

#include <optional>
#include <vector>

#include "controlplane/sync/zone_store.h"

namespace gatepost::controlplane {

class InitialLoad {
  public:
    explicit InitialLoad(ZoneStore& store) : store_(store) {}

    // All zones come before all RRsets; within each kind the order is free. An error ends the load:
    // the index is full.
    Status put_zone(const ZoneRow& row);
    Status put_rrset(const RRsetRow& row);
    // Ends the first pass; gives the zones whose rows the second one needs.
    Result<std::vector<ZoneId>> finish_pass();
    void collect_zone(const ZoneRow& row);
    void collect_rrset(const RRsetRow& row);
    // Takes what was put of the held zones out again. Nothing is published.
    void finish();

  private:
    // Checks what was put into the zone in one go.
    Status end_run();
    Status refuse(ZoneState& state, Error error, std::optional<RRsetKey> culprit);

    ZoneStore& store_;
    ZoneState* run_ =
        nullptr;  // the zone that the rows at hand go into; nullptr: they are passed over
    std::optional<ZoneId> run_id_;
};

}  // namespace gatepost::controlplane
