#include "controlplane/directory/mail_accounts.h"

#include "storage/base/check.h"

namespace gatepost::controlplane {

namespace {

using storage::EntryKind;

constexpr size_t kRetriesMax = 64;  // accounts that did not fit, tried again by one finish()

}  // namespace

MailAccounts::Draft& MailAccounts::draft(int64_t id) {
    const auto [at, is_new] = drafts_.try_emplace(id);
    Draft& draft = at->second;
    if (!is_new) return draft;
    if (auto kept = kept_.extract(id)) {
        refused_.erase(id);
        draft = std::move(kept.mapped());
    } else if (const auto address = addresses_.find(id)) {
        draft.address = draft.entry = *address;
        read(id, draft);
    }
    return draft;
}

void MailAccounts::read(int64_t id, Draft& draft) const {
    const auto value = entries_.find(EntryKind::mail_account, draft.entry);
    if (!value) return;
    const auto account = storage::decode_mail_account(*value);
    GATEPOST_CHECK(account.has_value());
    // Two accounts of one address, which the schema forbids.
    if (account->id != static_cast<uint64_t>(id)) return;
    draft.flags = account->flags;
    draft.quota_bytes = account->quota_bytes;
    draft.quota_messages = account->quota_messages;
    for (const storage::Credential& credential : account->credentials) {
        OwnedCredential owned{credential, std::string(credential.hash)};
        owned.about.hash = {};
        draft.credentials.emplace(static_cast<int64_t>(credential.id), std::move(owned));
    }
}

void MailAccounts::put(const MailAccountRow& row) {
    Draft& account = draft(row.id);
    account.address = row.address;
    account.flags = row.flags;
    account.quota_bytes = row.quota_bytes;
    account.quota_messages = row.quota_messages;
}

// Its credentials' own removals follow, or came before.
void MailAccounts::remove(const MailAccountKey& key) {
    draft(key.id).address.clear();
}

void MailAccounts::put(const MailCredentialRow& row) {
    const auto before = account_ids_.find(row.id);
    const bool is_known_kind = row.kind.has_value();
    if (before && (!is_known_kind || static_cast<int64_t>(*before) != row.account_id))
        remove(MailCredentialKey{row.id});
    if (!is_known_kind) return;
    account_ids_.put(row.id, static_cast<uint64_t>(row.account_id));
    storage::Credential about{.id = static_cast<uint64_t>(row.id),
                              .kind = *row.kind,
                              .services = row.services,
                              .expires_at_s = row.expires_at_s,
                              .hash = {},
                              .generation = row.generation};
    draft(row.account_id).credentials.insert_or_assign(row.id, OwnedCredential{about, row.hash});
}

void MailAccounts::remove(const MailCredentialKey& key) {
    const auto account = account_ids_.find(key.id);
    if (!account) return;
    draft(static_cast<int64_t>(*account)).credentials.erase(key.id);
    account_ids_.erase(key.id);
}

std::optional<int64_t> MailAccounts::owner(const std::string& address) const {
    const auto value = entries_.find(EntryKind::mail_account, address);
    if (!value) return std::nullopt;
    const auto head = storage::decode_mail_account_head(*value);
    GATEPOST_CHECK(head.has_value());
    return static_cast<int64_t>(head->id);
}

Status MailAccounts::make_entry(int64_t id, Draft& draft) {
    storage::MailAccount account{.id = static_cast<uint64_t>(id),
                                 .flags = draft.flags,
                                 .quota_bytes = draft.quota_bytes,
                                 .quota_messages = draft.quota_messages};
    for (const auto& [credential_id, owned] : draft.credentials) {
        if (account.credentials.size() == storage::kCredentialsMax) break;
        account.credentials.push_back(owned.about);
        account.credentials.back().hash = owned.hash;
    }
    Status ok = entries_.put(EntryKind::mail_account, draft.address, storage::encode(account));
    draft.refused = !ok;
    if (!ok) {
        draft.held_as = draft.address;
        return ok;
    }
    draft.held_as.clear();
    if (draft.credentials.size() <= storage::kCredentialsMax) return ok;
    // Taken into force but for the newest: a credential that was taken back must not live on.
    entries_.hold(EntryKind::mail_account, draft.address,
                  fmt::format("it has {} credentials, and the newest beyond {} do not count",
                              draft.credentials.size(), storage::kCredentialsMax));
    draft.held_as = draft.address;
    return ok;
}

// Once every entry is made, so that an address which passes from one account to another is never
// nobody's.
void MailAccounts::settle(int64_t id, Draft& draft) {
    if (draft.refused) {
        refused_.insert(id);
        // Who had the address before must not be found there in its place.
        if (const auto other = owner(draft.address); other && *other != id)
            entries_.writer().remove(EntryKind::mail_account, draft.address);
        kept_[id] = std::move(draft);
        return;
    }
    if (!draft.entry.empty() && draft.entry != draft.address && owner(draft.entry) == id)
        entries_.writer().remove(EntryKind::mail_account, draft.entry);
    draft.entry = draft.address;
    if (draft.address.empty())
        addresses_.erase(id);
    else
        addresses_.put(id, draft.address);
    const bool is_partial = draft.credentials.size() > storage::kCredentialsMax;
    if (is_partial || (draft.address.empty() && !draft.credentials.empty()))
        kept_[id] = std::move(draft);
}

Status MailAccounts::finish() {
    for (size_t tried = 0; tried < kRetriesMax && !refused_.empty(); ++tried)
        draft(*refused_.begin());
    Status status;
    for (auto& [id, draft] : drafts_) {
        if (!draft.held_as.empty() && draft.held_as != draft.address)
            entries_.release(EntryKind::mail_account, draft.held_as);
        draft.held_as.clear();
        draft.refused = false;
        if (draft.address.empty()) continue;
        Status ok = make_entry(id, draft);
        if (!ok && ok.error().code == ErrorCode::refused) status = std::move(ok);
    }
    for (auto& [id, draft] : drafts_) settle(id, draft);
    drafts_.clear();
    return status;
}

size_t MailAccounts::size_bytes() const {
    return addresses_.size_bytes() + account_ids_.size_bytes() + kept_.size() * sizeof(Draft);
}

}  // namespace gatepost::controlplane
