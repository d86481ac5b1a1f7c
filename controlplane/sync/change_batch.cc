#include "controlplane/sync/change_batch.h"

#include <algorithm>

namespace gatepost::controlplane {

namespace {
constexpr size_t kKeptOctets = size_t{1} << 20;  // of buffer, from one transaction to the next
constexpr size_t kLookBack = 4096;               // changes: the search stays cheap in a huge batch
}  // namespace

void ChangeBatch::add(ZoneId zone_id, ChangeKind kind, size_t offset) {
    changes_.push_back({zone_id, offset, static_cast<uint32_t>(octets_.size() - offset), kind});
}

void ChangeBatch::put_zone(const ZoneRow& row) {
    const size_t offset = octets_.size();
    append_row(octets_, row);
    add(row.id, ChangeKind::zone_put, offset);
}

void ChangeBatch::remove_zone(ZoneId id) {
    add(id, ChangeKind::zone_remove, octets_.size());
}

bool ChangeBatch::put_rrset(const RRsetRow& row) {
    const size_t offset = octets_.size();
    if (row.rdata_unchanged) {
        const auto before = last_row(row.key);
        if (!before) return false;
        // The row before lives in the very buffer that grows.
        const std::vector<uint8_t> rdata(before->rdata.begin(), before->rdata.end());
        append_row(octets_, RRsetRow{row.key, row.ttl, rdata, false});
    } else {
        append_row(octets_, row);
    }
    add(row.key.zone_id, ChangeKind::rrset_put, offset);
    return true;
}

void ChangeBatch::remove_rrset(const RRsetKey& key) {
    const size_t offset = octets_.size();
    append_row(octets_, RRsetRow{key, 0, {}, false});
    add(key.zone_id, ChangeKind::rrset_remove, offset);
}

std::optional<RRsetRow> ChangeBatch::last_row(const RRsetKey& key) const {
    const auto end =
        changes_.rbegin() + static_cast<ptrdiff_t>(std::min(changes_.size(), kLookBack));
    for (auto change = changes_.rbegin(); change != end; ++change) {
        if (change->zone_id != key.zone_id || change->kind != ChangeKind::rrset_put) continue;
        const RRsetRow row = rrset(*change);
        if (row.key == key) return row;
    }
    return std::nullopt;
}

void ChangeBatch::group_by_zone() {
    const auto by_zone = [](const Change& a, const Change& b) { return a.zone_id < b.zone_id; };
    if (!std::is_sorted(changes_.begin(), changes_.end(), by_zone))
        std::stable_sort(changes_.begin(), changes_.end(), by_zone);
}

void ChangeBatch::clear() {
    changes_.clear();
    octets_.clear();
    cookie_secrets_.clear();
    directory_.clear();
    directory_bytes_ = 0;
    mailboxes_.clear();
    mailbox_bytes_ = 0;
    if (octets_.capacity() > kKeptOctets) octets_ = {};
    if (changes_.capacity() * sizeof(Change) > kKeptOctets) changes_ = {};
    if (directory_.capacity() * sizeof(DirectoryChange) > kKeptOctets) directory_ = {};
}

}  // namespace gatepost::controlplane
