// What MemoryMailboxes does with each request.
#include <algorithm>

#include "storage/base/check.h"
#include "tests/unit/imap/memory_mailboxes.h"

namespace gatepost::tests {

using storage::FlagAction;
using storage::MailboxOutcome;
using storage::MailboxReply;

namespace {

// In the order of the messages, which need not ascend.
void add_in_order(storage::UidSet& set, uint32_t uid) {
    storage::add_uid(set, uid);
}

}  // namespace

MailboxReply MemoryMailboxes::failed(MailboxOutcome outcome) {
    MailboxReply reply;
    reply.outcome = outcome;
    reply.text = "it was not done";
    return reply;
}

bool MemoryMailboxes::is_full(size_t more) const {
    size_t messages = more;
    for (const auto& [id, mailbox] : mailboxes_) messages += mailbox.messages.size();
    return quota_messages >= 0 && static_cast<int64_t>(messages) > quota_messages;
}

MailboxReply MemoryMailboxes::execute(const storage::OpenAccount& request) {
    publish_list(request.account_id);
    return {};
}

MailboxReply MemoryMailboxes::execute(const storage::OpenMailbox& request) {
    const auto found = mailboxes_.find(request.mailbox_id);
    if (found == mailboxes_.end()) return failed(MailboxOutcome::not_found);
    storage::MailboxUpdate whole{.status = status_of(found->second)};
    for (const auto& [uid, message] : found->second.messages)
        whole.messages.push_back(message_of(message, uid));
    GATEPOST_CHECK(writer_->load(whole).has_value());
    return {};
}

MailboxReply MemoryMailboxes::execute(const storage::LoadSummaries& request) {
    const auto found = mailboxes_.find(request.mailbox_id);
    if (found == mailboxes_.end()) return failed(MailboxOutcome::not_found);
    std::vector<std::pair<uint32_t, Bytes>> summaries;
    for (const auto& [uid, message] : found->second.messages)
        if (uid >= request.first_uid && uid <= request.last_uid)
            summaries.emplace_back(uid, message.given.summary);
    GATEPOST_CHECK(writer_->add_summaries(request.mailbox_id, summaries).has_value());
    return {};
}

MailboxReply MemoryMailboxes::execute(const storage::FindExpunged& request) {
    MailboxReply reply;
    std::set<uint32_t> uids;
    for (const auto& [modseq, uid] : mailbox(request.mailbox_id).expunged)
        if (modseq > request.since_modseq && (request.known.empty() || in_set(request.known, uid)))
            uids.insert(uid);
    for (const uint32_t uid : uids) storage::add_uid(reply.uids, uid);
    return reply;
}

MailboxReply MemoryMailboxes::execute(const storage::StoreFlags& request) {
    const auto found = mailboxes_.find(request.mailbox_id);
    if (found == mailboxes_.end()) return failed(MailboxOutcome::not_found);
    MemoryMailbox& of = found->second;
    MailboxReply reply;
    std::vector<uint32_t> changed;
    const std::set<std::string> given(request.keywords.begin(), request.keywords.end());
    for (auto& [uid, message] : of.messages) {
        if (!in_set(request.uids, uid)) continue;
        if (request.unchanged_since && message.modseq > *request.unchanged_since) {
            storage::add_uid(reply.modified, uid);
            continue;
        }
        uint8_t flags = request.flags;
        std::set<std::string> keywords = given;
        if (request.action == FlagAction::add) {
            flags = message.flags | request.flags;
            keywords.insert(message.keywords.begin(), message.keywords.end());
        } else if (request.action == FlagAction::remove) {
            flags = static_cast<uint8_t>(message.flags & ~request.flags);
            keywords = message.keywords;
            for (const std::string& keyword : given) keywords.erase(keyword);
        }
        if (flags == message.flags && keywords == message.keywords) continue;
        message.flags = flags;
        message.keywords = std::move(keywords);
        message.modseq = of.modseq + 1;
        changed.push_back(uid);
    }
    if (!changed.empty()) ++of.modseq, publish(of, changed, {});
    reply.modseq = of.modseq;
    return reply;
}

MailboxReply MemoryMailboxes::execute(const storage::ExpungeMessages& request) {
    const auto found = mailboxes_.find(request.mailbox_id);
    if (found == mailboxes_.end()) return failed(MailboxOutcome::not_found);
    MailboxReply reply;
    std::vector<uint32_t> uids;
    for (const auto& [uid, message] : found->second.messages) {
        if (!request.uids.empty() && !in_set(request.uids, uid)) continue;
        if (request.deleted_only && (message.flags & storage::kFlagDeleted) == 0) continue;
        uids.push_back(uid);
        storage::add_uid(reply.uids, uid);
    }
    expunge(found->second, uids);
    reply.modseq = found->second.modseq;
    return reply;
}

MailboxReply MemoryMailboxes::execute(const storage::CopyMessages& request) {
    const auto source = mailboxes_.find(request.mailbox_id);
    const auto target = mailboxes_.find(request.target_id);
    if (source == mailboxes_.end() || target == mailboxes_.end())
        return failed(MailboxOutcome::not_found);
    std::vector<std::pair<uint32_t, MemoryMessage>> copied;
    for (const auto& [uid, message] : source->second.messages)
        if (in_set(request.uids, uid)) copied.emplace_back(uid, message);
    if (!request.move && is_full(copied.size())) return failed(MailboxOutcome::over_quota);
    MailboxReply reply;
    MemoryMailbox& into = target->second;
    reply.uid_validity = into.uid_validity;
    std::vector<uint32_t> added, gone;
    if (!copied.empty()) ++into.modseq;
    for (auto& [uid, message] : copied) {
        message.modseq = into.modseq;
        message.save_date_s = now_s;
        message.flags &= request.flags_kept;
        if (!request.keywords_kept) message.keywords.clear();
        added.push_back(into.uid_next++);
        gone.push_back(uid);
        into.messages[added.back()] = message;
        add_in_order(reply.source_uids, uid);
        add_in_order(reply.uids, added.back());
    }
    if (!added.empty()) publish(into, added, {});
    if (request.move) expunge(source->second, gone);
    reply.modseq = source->second.modseq;
    return reply;
}

MailboxReply MemoryMailboxes::execute(const storage::AppendMessages& request) {
    const auto found = mailboxes_.find(request.mailbox_id);
    if (found == mailboxes_.end()) return failed(MailboxOutcome::not_found);
    if (is_full(request.messages.size())) return failed(MailboxOutcome::over_quota);
    if (request.replaced_uid != 0 &&
        !mailbox(request.replaced_mailbox_id).messages.contains(request.replaced_uid))
        return failed(MailboxOutcome::not_found);
    MailboxReply reply;
    reply.uid_validity = found->second.uid_validity;
    for (const storage::AppendedMessage& message : request.messages)
        add_in_order(reply.uids, add_message(request.mailbox_id, message));
    if (request.replaced_uid != 0)
        expunge(mailbox(request.replaced_mailbox_id), {request.replaced_uid});
    return reply;
}

MailboxReply MemoryMailboxes::execute(const storage::CreateMailbox& request) {
    if (find(request.account_id, request.name) != nullptr) return failed(MailboxOutcome::exists);
    MailboxReply reply;
    reply.mailbox_id = add_mailbox(request.account_id, request.name, request.special_use);
    return reply;
}

MailboxReply MemoryMailboxes::execute(const storage::DeleteMailbox& request) {
    if (!mailboxes_.contains(request.mailbox_id)) return failed(MailboxOutcome::not_found);
    remove_mailbox(request.mailbox_id);
    return {};
}

MailboxReply MemoryMailboxes::execute(const storage::RenameMailbox& request) {
    const auto found = mailboxes_.find(request.mailbox_id);
    if (found == mailboxes_.end()) return failed(MailboxOutcome::not_found);
    if (find(request.account_id, request.new_name) != nullptr)
        return failed(MailboxOutcome::exists);
    found->second.name = request.new_name;
    publish_account(request.account_id);
    return {};
}

MailboxReply MemoryMailboxes::execute(const storage::SubscribeMailbox& request) {
    MemoryMailbox* found = find(request.account_id, request.name);
    if (found == nullptr) return failed(MailboxOutcome::not_found);
    found->subscribed = request.subscribed;
    publish_account(request.account_id);
    return {};
}

MailboxReply MemoryMailboxes::execute(const storage::GetMetadata& request) {
    MailboxReply reply;
    for (const std::string& entry : request.entries) {
        const auto found = metadata_.find({request.mailbox_id, entry});
        if (found != metadata_.end()) reply.values.emplace_back(entry, found->second);
    }
    return reply;
}

MailboxReply MemoryMailboxes::execute(const storage::SetMetadata& request) {
    for (const auto& [entry, value] : request.entries) {
        if (value)
            metadata_[{request.mailbox_id, entry}] = *value;
        else
            metadata_.erase({request.mailbox_id, entry});
    }
    return {};
}

MailboxReply MemoryMailboxes::execute(const storage::GetAcl&) {
    MailboxReply reply;
    reply.values.emplace_back("ada@example.org", "lrswipkxtea");
    return reply;
}

MailboxReply MemoryMailboxes::execute(const storage::SetAcl& request) {
    share(request.mailbox_id, 2, request.rights);
    return {};
}

MailboxReply MemoryMailboxes::execute(const storage::GetQuota&) {
    MailboxReply reply;
    reply.numbers = {0, 0, 0, 0};
    return reply;
}

MailboxReply MemoryMailboxes::execute(const storage::MakeUrlKey& request) {
    if (!mailboxes_.contains(request.mailbox_id)) return failed(MailboxOutcome::not_found);
    std::string& key = url_keys_[{request.account_id, request.mailbox_id}];
    if (key.empty()) key.assign(storage::kUrlKeyOctets, static_cast<char>(next_url_key_++));
    MailboxReply reply;
    reply.mailbox_id = request.mailbox_id;
    reply.values.emplace_back(storage::kUrlMechanism, key);
    return reply;
}

MailboxReply MemoryMailboxes::execute(const storage::FindUrlKey& request) {
    const uint64_t account = request.owner == account_name(1)   ? 1
                             : request.owner == account_name(2) ? 2
                                                                : 0;
    for (const auto& [id, mailbox] : mailboxes_) {
        std::string name = mailbox.name;
        if (mailbox.owner_id != account) {
            const auto rights = mailbox.rights.find(account);
            if (rights == mailbox.rights.end() || (rights->second & storage::kRightRead) == 0)
                continue;
            name =
                std::string(storage::kOthersPrefix) + account_name(mailbox.owner_id) + "/" + name;
        }
        const auto key = url_keys_.find({account, id});
        if (name != request.mailbox || key == url_keys_.end()) continue;
        MailboxReply reply;
        reply.mailbox_id = id;
        reply.values.emplace_back(storage::kUrlMechanism, key->second);
        return reply;
    }
    return failed(MailboxOutcome::not_found);
}

MailboxReply MemoryMailboxes::execute(const storage::ResetUrlKeys& request) {
    std::erase_if(url_keys_, [&](const auto& entry) {
        const auto& [account_id, mailbox_id] = entry.first;
        return account_id == request.account_id &&
               (request.mailbox_id == 0 || mailbox_id == request.mailbox_id);
    });
    return {};
}

}  // namespace gatepost::tests
