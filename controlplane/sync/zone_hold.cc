#include "controlplane/sync/zone_hold.h"

namespace gatepost::controlplane {

std::string ZoneHold::key_text(const RRsetKey& key) {
    // Neither a name nor a type has a zero octet in its text: PostgreSQL's text cannot.
    std::string text(key.name);
    text += '\0';
    text += key.type;
    return text;
}

void ZoneHold::blame(std::string reason, std::optional<RRsetKey> culprit) {
    info_.reason = std::move(reason);
    culprit_ = culprit ? key_text(*culprit) : std::string();
}

bool ZoneHold::merge(const ChangeBatch& batch, std::span<const Change> changes) {
    bool touched = culprit_.empty();
    for (const Change& change : changes) {
        switch (change.kind) {
            case ChangeKind::zone_put: {
                const Bytes octets = batch.octets(change);
                zone_row_.assign(octets.begin(), octets.end());
                break;
            }
            case ChangeKind::zone_remove:
                break;
            case ChangeKind::rrset_put:
            case ChangeKind::rrset_remove: {
                const Bytes octets = batch.octets(change);
                std::string key = key_text(batch.rrset(change).key);
                touched = touched || key == culprit_;
                rrsets_[std::move(key)] = {{octets.begin(), octets.end()},
                                           change.kind == ChangeKind::rrset_remove};
                break;
            }
        }
    }
    return touched;
}

void ZoneHold::put_zone(const ZoneRow& row) {
    zone_row_.clear();
    append_row(zone_row_, row);
}

void ZoneHold::put_rrset(const RRsetRow& row) {
    Pending& pending = rrsets_[key_text(row.key)];
    pending.octets.clear();
    pending.removed = false;
    append_row(pending.octets, row);
}

std::optional<ZoneRow> ZoneHold::zone_row() const {
    if (zone_row_.empty()) return std::nullopt;
    return read_zone_row(zone_row_);
}

Status ZoneHold::for_each_rrset(
    const std::function<Status(const RRsetRow& row, bool removed)>& visit) const {
    for (const auto& [key, pending] : rrsets_)
        if (Status ok = visit(read_rrset_row(pending.octets), pending.removed); !ok) return ok;
    return {};
}

}  // namespace gatepost::controlplane
