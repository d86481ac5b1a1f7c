#include "controlplane/directory/mail_domains.h"

#include <utility>

namespace gatepost::controlplane {

using storage::EntryKind;

void MailDomains::put(const MailDomainRow& row) {
    MailDomainRow& known = rows_[row.id];
    if (!known.name.empty() && known.name != row.name) {
        gone_.insert(known.name);
        renamed_ = true;
    }
    known = row;
    touched_.insert(row.id);
}

void MailDomains::remove(const MailDomainKey& key) {
    const auto found = rows_.find(key.id);
    if (found == rows_.end()) return;
    gone_.insert(found->second.name);
    rows_.erase(found);
    touched_.insert(key.id);
}

Status MailDomains::make_entry(const MailDomainRow& row) {
    storage::MailDomain domain{.id = static_cast<uint64_t>(row.id),
                               .active = row.active,
                               .subaddress_delimiters = row.subaddress_delimiters,
                               .display_name = row.display_name,
                               .short_display_name = row.short_display_name,
                               .imap_host = row.imap_host,
                               .pop_host = row.pop_host,
                               .smtp_host = row.smtp_host};
    if (row.alias_of) {
        const auto other = rows_.find(*row.alias_of);
        if (other == rows_.end()) {
            waiting_.insert(row.id);
            entries_.hold(
                EntryKind::mail_domain, row.name,
                fmt::format("it is an alias of domain {}, which is not there", *row.alias_of));
            return {};
        }
        domain.alias_of = other->second.name;
    }
    return entries_.put(EntryKind::mail_domain, row.name, storage::encode(domain));
}

Status MailDomains::finish() {
    if (touched_.empty()) return {};
    auto touched = std::exchange(touched_, {});
    touched.merge(std::exchange(waiting_, {}));
    if (std::exchange(renamed_, false))
        for (const auto& [id, row] : rows_)
            if (row.alias_of && touched.contains(*row.alias_of)) touched.insert(id);
    auto gone = std::exchange(gone_, {});
    Status status;
    for (const int64_t id : touched) {
        const auto found = rows_.find(id);
        if (found == rows_.end()) continue;
        gone.erase(found->second.name);
        Status ok = make_entry(found->second);
        if (ok || ok.error().code != ErrorCode::refused) continue;
        touched_.insert(id);
        status = std::move(ok);
    }
    for (const std::string& name : gone) entries_.remove(EntryKind::mail_domain, name);
    return status;
}

}  // namespace gatepost::controlplane
