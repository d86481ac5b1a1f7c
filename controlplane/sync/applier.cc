#include "controlplane/sync/applier.h"

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

// The changes of the zone that `changes`, which are sorted by zone, begin with.
std::span<const Change> first_group(std::span<const Change> changes) {
    size_t count = 0;
    while (count < changes.size() && changes[count].zone_id == changes.front().zone_id) ++count;
    return changes.first(count);
}

struct ZoneFate {
    bool removed = false;   // in the end
    bool replaced = false;  // removed, and made again under the same id
    std::optional<ZoneRow> row;
};

ZoneFate zone_fate(const ChangeBatch& batch, std::span<const Change> changes) {
    ZoneFate fate;
    bool was_removed = false;
    for (const Change& change : changes) {
        if (change.kind == ChangeKind::zone_put) {
            fate.row = batch.zone(change);
            fate.replaced = fate.replaced || was_removed;
            fate.removed = false;
        } else if (change.kind == ChangeKind::zone_remove) {
            was_removed = fate.removed = true;
        }
    }
    return fate;
}

Status visit_changes(const ChangeBatch& batch, std::span<const Change> changes,
                     const std::function<Status(const RRsetRow&, bool)>& visit) {
    for (const Change& change : changes) {
        if (change.kind != ChangeKind::rrset_put && change.kind != ChangeKind::rrset_remove)
            continue;
        Status ok = visit(batch.rrset(change), change.kind == ChangeKind::rrset_remove);
        if (!ok) return ok;
    }
    return {};
}

}  // namespace

Status Applier::apply(ChangeBatch& batch, storage::ArenaOrigin origin) {
    batch.group_by_zone();
    // Zones that go, first: a zone removed and made again under another id has the same name.
    for (auto rest = batch.changes(); !rest.empty();) {
        const auto group = first_group(rest);
        rest = rest.subspan(group.size());
        if (zone_fate(batch, group).removed) remove_zone(batch, group.front().zone_id, group);
    }
    for (auto rest = batch.changes(); !rest.empty();) {
        const auto group = first_group(rest);
        rest = rest.subspan(group.size());
        if (Status ok = change_zone(batch, group.front().zone_id, group); !ok) {
            store_.writer->abort();
            return ok;
        }
    }
    Status ok = change_cookie_secrets(batch);
    if (ok) ok = change_directory(batch);
    if (!ok) {
        store_.writer->abort();
        return ok;
    }
    const bool is_about_zones = batch.size() != batch.directory().size();
    if (is_about_zones) store_.writer->publish(origin);
    if (!batch.directory().empty()) store_.entries->publish(origin);
    return {};
}

Status Applier::change_directory(const ChangeBatch& batch) {
    for (const DirectoryChange& change : batch.directory())
        if (Status ok = store_.entries->apply(change); !ok) return ok;
    return {};
}

// A full index is no reason to go on with secrets that were taken back.
Status Applier::change_cookie_secrets(const ChangeBatch& batch) {
    if (batch.cookie_secrets().empty()) return {};
    for (const CookieSecretChange& change : batch.cookie_secrets())
        store_.cookie_secrets.apply(change);
    if (Status ok = store_.writer->set_cookie_secrets(store_.cookie_secrets.set()); !ok)
        return fail(ErrorCode::conflict, "{}", ok.error().message);
    log_info("sync.cookie_secrets").field("count", store_.cookie_secrets.size());
    return {};
}

void Applier::remove_zone(const ChangeBatch& batch, ZoneId id, std::span<const Change> changes) {
    ZoneState* state = store_.find(id);
    if (state == nullptr) return;
    if (state->index) {
        // The deletes that cascade from the zone's come with it. Done first, they spare the index
        // the search for what is left in the zone.
        for (const Change& change : changes)
            if (change.kind == ChangeKind::rrset_remove)
                (void)store_.rows.remove(*state->index, batch.rrset(change).key);
        store_.writer->remove_zone(*state->index);
    }
    store_.directory->erase(state->name);
    store_.zones.erase(id);
}

Status Applier::change_zone(const ChangeBatch& batch, ZoneId id, std::span<const Change> changes) {
    const ZoneFate fate = zone_fate(batch, changes);
    ZoneState* state = store_.find(id);
    if (fate.replaced)
        return fail(ErrorCode::conflict, "zone {} was deleted and made again in one transaction",
                    fate.row->name);
    if (state == nullptr) {
        // Rows without a zone belong to one that was removed, in this transaction or before.
        if (fate.removed || !fate.row) return {};
        state = &store_.zones[id];
        state->name = fate.row->name;
    } else if (fate.row && fate.row->name != state->name) {
        return fail(ErrorCode::conflict, "zone {} was renamed to {}", state->name, fate.row->name);
    }

    if (!state->hold) {
        const bool done = attempt(*state, fate.row, [&](const Visitor& visit) {
            return visit_changes(batch, changes, visit);
        });
        if (!done) state->hold->merge(batch, changes);
        return {};
    }
    if (!state->hold->merge(batch, changes)) return {};
    const bool done = attempt(*state, state->hold->zone_row(), [&](const Visitor& visit) {
        return state->hold->for_each_rrset(visit);
    });
    if (!done) return {};
    state->hold.reset();
    store_.directory->clear_hold(state->name);
    log_info("sync.zone_released").field("zone", state->name);
    return {};
}

bool Applier::attempt(ZoneState& state, const std::optional<ZoneRow>& zone_row,
                      const Rows& rrsets) {
    const auto index_before = state.index;
    std::optional<RRsetKey> culprit;
    uint32_t serial = 0;
    store_.writer->begin_zone();
    Status ok;
    if (zone_row) ok = store_.set_zone(state, *zone_row, serial);
    if (ok)
        ok = rrsets([&](const RRsetRow& row, bool removed) -> Status {
            Status done = removed ? store_.rows.remove(*state.index, row.key)
                                  : store_.rows.put(*state.index, row);
            if (!done) culprit = row.key;
            return done;
        });
    if (ok)
        ok = store_.writer->finish_zone();
    else
        store_.writer->rollback_zone();
    if (!ok) {
        state.index = index_before;
        // A full index refuses any row: none is to blame.
        if (ok.error().code != ErrorCode::invalid) culprit.reset();
        store_.hold(state, std::move(ok).error(), culprit, state.index.has_value());
        return false;
    }
    if (zone_row) store_.directory->set_served(state.name, serial);
    return true;
}

}  // namespace gatepost::controlplane
