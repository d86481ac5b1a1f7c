// The arenas in the making or in service: the writer of the zones, and what the sync path knows of
// each zone in it; and the directory, which is loaded and followed along with them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "controlplane/directory/directory_store.h"
#include "controlplane/sync/cookie_secrets.h"
#include "controlplane/sync/row_writer.h"
#include "controlplane/sync/zone_directory.h"
#include "controlplane/sync/zone_hold.h"
#include "storage/zone_index/writer.h"

namespace gatepost::controlplane {

struct ZoneState {
    std::string name;                         // absolute, lower case
    std::optional<storage::ZoneIndex> index;  // nullopt: not served
    std::unique_ptr<ZoneHold> hold;           // nullptr: as the database has it
};

struct ZoneStore {
    explicit ZoneStore(std::unique_ptr<storage::ZoneIndexWriter> taken)
        : writer(std::move(taken)), rows(*writer) {}

    // The zone's state; nullptr: unknown.
    ZoneState* find(ZoneId id) {
        const auto found = zones.find(id);
        return found == zones.end() ? nullptr : &found->second;
    }
    // Adds the zone to the index, or gives it another SOA; `serial` receives that one's.
    Status set_zone(ZoneState& state, const ZoneRow& row, uint32_t& serial);
    // Notes that the zone is held, and why. `served`: its previous version is.
    void hold(ZoneState& state, Error error, std::optional<RRsetKey> culprit, bool served);

    std::unique_ptr<storage::ZoneIndexWriter> writer;
    RowWriter rows;
    std::unordered_map<ZoneId, ZoneState> zones;
    CookieSecrets cookie_secrets;
    std::shared_ptr<ZoneDirectory> directory = std::make_shared<ZoneDirectory>();
    std::unique_ptr<DirectoryStore> entries;
};

}  // namespace gatepost::controlplane
