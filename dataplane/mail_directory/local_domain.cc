#include "dataplane/mail_directory/local_domain.h"

#include "storage/directory/mail_entries.h"

namespace gatepost::dataplane {

namespace {
constexpr int kAliasChainMax = 4;  // of one another; the schema has no alias of an alias
}

LocalDomain find_local_domain(const storage::DirectoryView& directory, std::string_view domain) {
    LocalDomain found{.name = domain};
    for (int aliases = 0; aliases <= kAliasChainMax; ++aliases) {
        const auto entry = directory.find(storage::EntryKind::mail_domain, found.name);
        if (!entry) {
            // An alias of a domain that has gone is not the whole world's.
            if (aliases != 0) found.status = DomainStatus::inactive;
            return found;
        }
        found.status = DomainStatus::inactive;
        const auto about = storage::decode_mail_domain(entry->value);
        if (!about || !about->active) return found;
        if (about->alias_of.empty()) {
            found.status = DomainStatus::active;
            found.subaddress_delimiters = about->subaddress_delimiters;
            return found;
        }
        found.name = about->alias_of;
    }
    return found;
}

}  // namespace gatepost::dataplane
