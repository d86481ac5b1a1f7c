// What every change of the model shares: its options, its transaction, and how it ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/model/rrset.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "controlplane/pg/transaction.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct WriteOptions {
    std::string actor;                  // who the history says did it; empty: the database role
    std::optional<uint32_t> if_serial;  // refuse where the zone has another serial by now
    bool dry_run = false;               // do it all, then take it back
};

struct WriteResult {
    std::vector<RRsetChange> changes;  // the RRsets looked at, changed or not
    uint32_t serial = 0;               // of the zone, after
    // A position that an edge has reached when it shows the change; 0 after a dry run, or where
    // nothing changed.
    Lsn lsn = 0;
};

// COMMIT, or ROLLBACK for a dry run; gives the position.
Result<Lsn> finish_write(Transaction& transaction, const WriteOptions& options);

}  // namespace gatepost::controlplane
