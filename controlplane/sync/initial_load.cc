#include "controlplane/sync/initial_load.h"

namespace gatepost::controlplane {

Status InitialLoad::refuse(ZoneState& state, Error error, std::optional<RRsetKey> culprit) {
    if (error.code == ErrorCode::refused) return tl::unexpected(std::move(error));
    store_.hold(state, std::move(error), culprit, false);
    return {};
}

Status InitialLoad::put_zone(const ZoneRow& row) {
    ZoneState& state = store_.zones[row.id];
    state.name = row.name;
    uint32_t serial = 0;
    store_.writer->begin_zone();
    Status ok = store_.set_zone(state, row, serial);
    if (ok)
        ok = store_.writer->finish_zone();
    else
        store_.writer->rollback_zone();
    if (ok) {
        store_.directory->set_served(state.name, serial);
        return {};
    }
    state.index.reset();
    return refuse(state, std::move(ok).error(), {});
}

Status InitialLoad::put_rrset(const RRsetRow& row) {
    if (row.key.zone_id != run_id_) {
        if (Status ok = end_run(); !ok) return ok;
        run_id_ = row.key.zone_id;
        run_ = store_.find(row.key.zone_id);
        if (run_ != nullptr && run_->hold) run_ = nullptr;
        if (run_ != nullptr) store_.writer->begin_zone();
    }
    if (run_ == nullptr) return {};
    Status ok = store_.rows.put(*run_->index, row);
    if (ok) return {};
    store_.writer->rollback_zone();
    return refuse(*std::exchange(run_, nullptr), std::move(ok).error(), row.key);
}

Status InitialLoad::end_run() {
    run_id_.reset();
    ZoneState* zone = std::exchange(run_, nullptr);
    if (zone == nullptr) return {};
    Status ok = store_.writer->finish_zone();
    if (ok) return {};
    return refuse(*zone, std::move(ok).error(), {});
}

Result<std::vector<ZoneId>> InitialLoad::finish_pass() {
    if (Status ok = end_run(); !ok) return tl::unexpected(std::move(ok).error());
    std::vector<ZoneId> held;
    for (const auto& [id, state] : store_.zones)
        if (state.hold) held.push_back(id);
    return held;
}

void InitialLoad::collect_zone(const ZoneRow& row) {
    ZoneState* state = store_.find(row.id);
    if (state != nullptr && state->hold) state->hold->put_zone(row);
}

void InitialLoad::collect_rrset(const RRsetRow& row) {
    ZoneState* state = store_.find(row.key.zone_id);
    if (state == nullptr || !state->hold) return;
    state->hold->put_rrset(row);
    // Row by row, which spares remove_zone a search through the whole index.
    if (state->index) (void)store_.rows.remove(*state->index, row.key);
}

void InitialLoad::finish() {
    for (auto& [id, state] : store_.zones) {
        if (!state.hold || !state.index) continue;
        store_.writer->remove_zone(*state.index);
        state.index.reset();
        store_.directory->erase(state.name);
        store_.directory->set_held(state.name, state.hold->info());
    }
}

}  // namespace gatepost::controlplane
