#include "controlplane/sync/zone_store.h"

#include "controlplane/log/event_log.h"
#include "controlplane/sync/clock.h"

namespace gatepost::controlplane {

Status ZoneStore::set_zone(ZoneState& state, const ZoneRow& row, uint32_t& serial) {
    const auto soa = soa_from_row(row);
    if (!soa) return tl::unexpected(soa.error());
    serial = soa->serial;
    if (state.index) return writer->set_soa(*state.index, *soa);
    if (row.name.empty() || row.name.back() != '.')
        return fail(ErrorCode::invalid, "'{}' is not an absolute zone name: it has no final dot",
                    row.name);
    const auto apex = storage::dname_from_text(row.name);
    if (!apex) return wrap(fmt::format("zone {}", row.name), apex.error());
    const auto index = writer->add_zone(*apex, *soa);
    if (!index) return tl::unexpected(index.error());
    state.index = *index;
    return {};
}

void ZoneStore::hold(ZoneState& state, Error error, std::optional<RRsetKey> culprit, bool served) {
    const bool is_news = !state.hold || state.hold->info().reason != error.message;
    if (!state.hold) state.hold = std::make_unique<ZoneHold>(ZoneHoldInfo{now_us(), {}});
    state.hold->blame(std::move(error.message), culprit);
    directory->set_held(state.name, state.hold->info());
    if (is_news)
        log_warning("sync.zone_held")
            .field("zone", state.name)
            .field("served", served)
            .field("reason", state.hold->info().reason);
}

}  // namespace gatepost::controlplane
