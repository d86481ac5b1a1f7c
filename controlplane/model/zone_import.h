// Makes a zone in the database be what a master file says: new RRsets are inserted, changed ones
// updated, missing ones deleted, in one transaction, so that an edge sees the old zone or the new
// one.
#pragma once

#include <cstdint>
#include <functional>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "storage/zone/zone_data.h"

namespace gatepost::controlplane {

struct ZoneImportOptions {
    WriteOptions write;
    // Called now and then with the RRsets sent and all of them.
    std::function<void(uint64_t done, uint64_t total)> progress;
};

struct ZoneImportResult {
    bool created = false;
    bool soa_changed = false;  // a field other than the serial
    uint64_t added = 0;        // RRsets, as the rest; the SOA does not count
    uint64_t changed = 0;
    uint64_t removed = 0;
    uint64_t unchanged = 0;
    uint32_t serial_before = 0;  // 0 for a new zone
    uint32_t serial = 0;
    Lsn lsn = 0;  // 0 after a dry run, or where nothing changed

    bool anything() const {
        return created || soa_changed || added + changed + removed > 0 || serial != serial_before;
    }
};

// The serial is that of the file where it is newer than the zone's (RFC 1982); otherwise it moves
// by one if anything changes. A dry run compares and writes nothing. The rules of a zone
// (storage/zone/zone_check.h) are the caller's to check before.
Result<ZoneImportResult> zone_import(Connection& connection, const storage::ZoneData& zone,
                                     const ZoneImportOptions& options = {});

}  // namespace gatepost::controlplane
