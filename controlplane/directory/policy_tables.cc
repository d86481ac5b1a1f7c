#include "controlplane/directory/policy_tables.h"

#include "controlplane/model/policy_text.h"

namespace gatepost::controlplane {

namespace {

using storage::DnsList;
using storage::EntryKind;

Result<storage::PolicyMode> mode_of(std::string_view mode, std::string_view whose) {
    const auto found = storage::find_policy_mode(mode);
    if (!found) return fail(ErrorCode::invalid, "{}: there is no mode {}", whose, mode);
    return *found;
}

Result<DnsList> list_of(const DnsListRow& row) {
    DnsList list;
    list.zone = row.key.zone;
    const auto mode = mode_of(row.mode, row.key.zone);
    if (!mode) return tl::unexpected(mode.error());
    list.mode = *mode;
    if (row.kind != "address" && row.kind != "domain")
        return fail(ErrorCode::invalid, "{}: there is no kind {} of lists", row.key.zone, row.kind);
    list.kind = row.kind == "address" ? DnsList::Kind::address : DnsList::Kind::domain;
    list.score = row.score;
    for (const std::string& text : row.codes) {
        const auto code = parse_dns_list_code(text);
        if (!code) return wrap(row.key.zone, code.error());
        list.codes.push_back(*code);
    }
    if (list.codes.size() > storage::kDnsListCodesMax)
        return fail(ErrorCode::invalid, "{}: {} codes are too many, at most {}", row.key.zone,
                    list.codes.size(), storage::kDnsListCodesMax);
    return list;
}

}  // namespace

void PolicyTables::put(const PolicyRuleRow& row) {
    rules_.insert_or_assign(row.key.name, row);
    changed_ = true;
}

void PolicyTables::put(const DnsListRow& row) {
    lists_.insert_or_assign(row.key.zone, row);
    changed_ = true;
}

void PolicyTables::put(const PolicyExemptionRow& row) {
    changed_ |= exemptions_.insert(row.key.network).second;
}

void PolicyTables::remove(const PolicyRuleKey& key) {
    changed_ |= rules_.erase(key.name) != 0;
}

void PolicyTables::remove(const DnsListKey& key) {
    changed_ |= lists_.erase(key.zone) != 0;
}

void PolicyTables::remove(const PolicyExemptionKey& key) {
    changed_ |= exemptions_.erase(key.network) != 0;
}

Result<storage::PolicyEntry> PolicyTables::make_entry() const {
    storage::PolicyEntry entry;
    for (const auto& [name, row] : rules_) {
        const auto rule = storage::find_policy_rule(name);
        if (!rule) continue;  // one of a later program
        const auto mode = mode_of(row.mode, name);
        if (!mode) return tl::unexpected(mode.error());
        entry.modes[static_cast<size_t>(*rule)] = *mode;
        if (Status good = read_policy_settings(*rule, row.settings, entry.settings); !good)
            return tl::unexpected(std::move(good).error());
    }
    for (const auto& [zone, row] : lists_) {
        if (!row.active) continue;
        auto list = list_of(row);
        if (!list) return tl::unexpected(std::move(list).error());
        entry.lists.push_back(std::move(*list));
    }
    entry.exemptions.assign(exemptions_.begin(), exemptions_.end());
    if (entry.lists.size() > storage::kDnsListsMax)
        return fail(ErrorCode::invalid, "{} lists asked by DNS are too many, at most {}",
                    entry.lists.size(), storage::kDnsListsMax);
    if (entry.exemptions.size() > storage::kPolicyExemptionsMax)
        return fail(ErrorCode::invalid, "{} exempt networks are too many, at most {}",
                    entry.exemptions.size(), storage::kPolicyExemptionsMax);
    return entry;
}

void PolicyTables::finish() {
    if (!changed_) return;
    const std::string key(storage::kPolicyKey);
    const auto entry = make_entry();
    if (!entry) {
        changed_ = false;  // until a row changes
        return entries_.hold(EntryKind::mail_policy, key, entry.error().message);
    }
    // Readers have what is built in without an entry.
    if (*entry == storage::PolicyEntry()) {
        changed_ = false;
        return entries_.remove(EntryKind::mail_policy, key);
    }
    // What does not fit is held, and tried again each time.
    changed_ = !entries_.put(EntryKind::mail_policy, key, storage::encode(*entry)).has_value();
}

}  // namespace gatepost::controlplane
