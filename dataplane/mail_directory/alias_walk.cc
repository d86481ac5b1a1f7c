#include "dataplane/mail_directory/alias_walk.h"

#include <algorithm>

#include "dataplane/mail_directory/address_key.h"
#include "storage/directory/mail_entries.h"

namespace gatepost::dataplane {

namespace {

using storage::EntryKind;

constexpr std::string_view kPostmaster = "postmaster";

}  // namespace

void AliasWalk::run(const storage::MailAddress& address) {
    // RFC 5321 §4.5.1: <Postmaster> without a domain is taken as well.
    if (address.domain.empty()) {
        if (address.local_part == kPostmaster) follow_postmaster(0);
    } else {
        follow(address.local_part, address.domain, {}, 0);
    }
    out_.status = status();
}

void AliasWalk::follow_text(std::string_view text, int depth) {
    if (const auto plain = split_plain_address(text))
        return follow(plain->local_part, plain->domain, text, depth);
    const auto address = storage::read_mail_address(text, storage::AddressForm::utf8);
    if (address) follow(address->local_part, address->domain, text, depth);
}

void AliasWalk::follow(std::string_view local_part, std::string_view domain, std::string_view text,
                       int depth) {
    if (depth > kAliasDepthMax || ++addresses_ > kAddressesMax) too_many_ = true;
    if (too_many_) return;
    const LocalDomain local = find_local_domain(directory_, domain);
    switch (local.status) {
        case DomainStatus::active:
            return follow_local(local_part, local, depth);
        case DomainStatus::inactive:
            saw_inactive_ = true;
            return;
        case DomainStatus::unknown:
            break;
    }
    if (depth == 0)
        was_external_ = true;
    else
        add_external(text);
}

void AliasWalk::follow_local(std::string_view local_part, const LocalDomain& domain, int depth) {
    if (follow_key(AddressKey(local_part, domain.name).text(), depth)) return;
    // RFC 5233 §1: the part in front of the delimiter names the mailbox.
    const auto name = storage::split_subaddress(local_part, domain.subaddress_delimiters);
    if (name.detail && follow_key(AddressKey(name.base, domain.name).text(), depth)) return;
    // RFC 5321 §4.5.1: every domain that mail is taken for has a postmaster.
    if (name.base == kPostmaster && !postmaster_.empty() && !asked_postmaster_)
        return follow_postmaster(depth);
    if (follow_alias(AddressKey::catch_all(domain.name).text(), depth) == AliasFate::circle)
        saw_loop_ = true;
}

void AliasWalk::follow_postmaster(int depth) {
    asked_postmaster_ = true;
    if (!postmaster_.empty()) follow_text(postmaster_, depth + 1);
}

bool AliasWalk::follow_key(std::string_view key, int depth) {
    const AliasFate fate = follow_alias(key, depth);
    if (fate == AliasFate::followed && purpose_ == Purpose::delivery) return true;
    // Where a circle of aliases closes at an account, that is who is meant: so does a copy stay
    // with one who forwards, and with each of two who forward to one another.
    const auto account = directory_.find(EntryKind::mail_account, key);
    if (account)
        add_account(key, account->value);
    else if (fate == AliasFate::circle)
        saw_loop_ = true;
    return account || fate != AliasFate::none;
}

AliasWalk::AliasFate AliasWalk::follow_alias(std::string_view key, int depth) {
    const auto alias = directory_.find(EntryKind::mail_alias, key);
    if (!alias) return AliasFate::none;
    for (size_t i = 0; i < visit_count_; ++i)
        if (visits_[i].serial == alias->serial)
            return visits_[i].done ? AliasFate::followed : AliasFate::circle;
    if (visit_count_ == visits_.size()) {
        too_many_ = true;
        return AliasFate::followed;
    }
    Visit& visit = visits_[visit_count_++];
    visit = {alias->serial, false};
    // RFC 5321 §3.9.1: the address is replaced by each of those that it expands to.
    storage::MailAliasReader targets(alias->value);
    while (const auto target = targets.next()) {
        follow_text(*target, depth + 1);
        if (too_many_) return AliasFate::followed;
    }
    if (!targets.is_whole()) damaged_ = true;
    visit.done = true;
    return AliasFate::followed;
}

bool AliasWalk::has_room() {
    if (out_.targets.size() < kTargetsMax) return true;
    too_many_ = true;
    return false;
}

void AliasWalk::add_account(std::string_view address, Bytes value) {
    const auto account = storage::decode_mail_account_head(value);
    if (!account) {
        damaged_ = true;
        return;
    }
    if ((account->flags & storage::kAccountNoEmail) != 0) {
        saw_no_email_ = true;
        return;
    }
    for (const MailTarget& target : out_.targets)
        if (target.kind == MailTarget::Kind::account && target.account_id == account->id) return;
    if (!has_room()) return;
    out_.targets.push_back({MailTarget::Kind::account,
                            (account->flags & storage::kAccountOverQuota) != 0, account->id,
                            std::string(address)});
}

void AliasWalk::add_external(std::string_view address) {
    for (const MailTarget& target : out_.targets)
        if (target.kind == MailTarget::Kind::external && target.address == address) return;
    if (!has_room()) return;
    out_.targets.push_back({MailTarget::Kind::external, false, 0, std::string(address)});
}

ResolutionStatus AliasWalk::status() const {
    if (was_external_) return ResolutionStatus::no_such_domain;
    if (damaged_) return ResolutionStatus::damaged;
    if (too_many_) return ResolutionStatus::too_many;
    if (!out_.targets.empty()) {
        // Where one of several is full, the others get theirs, and what is accepted is stored.
        const bool all_full = std::ranges::all_of(out_.targets, &MailTarget::over_quota);
        return all_full ? ResolutionStatus::over_quota : ResolutionStatus::ok;
    }
    if (saw_loop_) return ResolutionStatus::loop;
    if (saw_no_email_) return ResolutionStatus::no_email;
    if (saw_inactive_) return ResolutionStatus::inactive_domain;
    return ResolutionStatus::no_such_user;
}

}  // namespace gatepost::dataplane
