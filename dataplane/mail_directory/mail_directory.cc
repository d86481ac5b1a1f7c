#include "dataplane/mail_directory/mail_directory.h"

#include <algorithm>

#include "dataplane/mail_directory/address_key.h"
#include "dataplane/mail_directory/alias_walk.h"

namespace gatepost::dataplane {

DomainStatus MailDirectory::domain(std::string_view domain) const {
    return find_local_domain(view_, domain).status;
}

AddressResolution MailDirectory::resolve(const storage::MailAddress& address) const {
    AddressResolution resolution;
    AliasWalk(view_, postmaster_, AliasWalk::Purpose::delivery, resolution).run(address);
    return resolution;
}

std::optional<LoginAccount> MailDirectory::account(const storage::MailAddress& address) const {
    const LocalDomain domain = find_local_domain(view_, address.domain);
    if (domain.status != DomainStatus::active) return std::nullopt;
    const AddressKey key(address.local_part, domain.name);
    const auto entry = view_.find(storage::EntryKind::mail_account, key.text());
    if (!entry) return std::nullopt;
    auto account = storage::decode_mail_account(entry->value);
    if (!account) return std::nullopt;
    return LoginAccount{std::string(key.text()), entry->serial, std::move(*account)};
}

bool MailDirectory::may_send_as(uint64_t account_id, const storage::MailAddress& from) const {
    AddressResolution resolution;
    AliasWalk(view_, postmaster_, AliasWalk::Purpose::ownership, resolution).run(from);
    return std::ranges::any_of(resolution.targets, [&](const MailTarget& target) {
        return target.kind == MailTarget::Kind::account && target.account_id == account_id;
    });
}

}  // namespace gatepost::dataplane
