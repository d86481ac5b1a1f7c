#include "controlplane/mailboxes/mailbox_history.h"

#include <algorithm>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using storage::MailboxEntry;
using storage::MailboxStatus;

// Messages of a last change that are asked for: what is lost of a transaction is lost as a whole.
constexpr size_t kClaimsOfMailbox = 2;

// Mailboxes where one of these messages is not what it was, and not what came after it either. One
// that was expunged since has a tombstone.
constexpr std::string_view kContradicted =
    "SELECT DISTINCT w.id FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[], "
    "$5::uuid[]) AS w (id, uid, modseq, flags, blob) JOIN gatepost.mailboxes b ON b.id = w.id "
    "LEFT JOIN gatepost.messages m ON m.mailbox_id = w.id AND m.uid = w.uid "
    "WHERE CASE WHEN m.uid IS NULL THEN b.expunged_floor <= w.modseq "
    "AND NOT EXISTS (SELECT FROM gatepost.expunged e "
    "WHERE e.mailbox_id = w.id AND e.uid = w.uid AND e.blob_id = w.blob AND e.modseq > w.modseq) "
    "ELSE m.blob_id <> w.blob OR m.modseq < w.modseq "
    "OR (m.modseq = w.modseq AND m.flags <> w.flags) END";

// Of this transaction: the connection's are read-only, but for it.
constexpr std::string_view kWriting = "SET transaction_read_only = off";
constexpr std::string_view kRenumber =
    "SELECT gatepost.renumber_mailbox($1::bigint, $2::bigint, $3::bigint, $4::bigint)";

}  // namespace

bool MailboxHistory::goes_on(const std::optional<MailboxStatus>& seen, const MailboxStatus& now) {
    if (under_way_.contains(now.mailbox_id)) return false;
    if (const auto lost = lost_.find(now.mailbox_id); lost != lost_.end()) {
        if (now.uid_validity <= lost->second.uid_validity) {
            renumber(MailboxStatus(lost->second), now.uid_validity);
            return false;
        }
        lost_.erase(lost);  // another edge was faster
    }
    if (!seen || now.uid_validity > seen->uid_validity) return true;
    if (now.uid_validity == seen->uid_validity && now.highest_modseq >= seen->highest_modseq &&
        now.uid_next >= seen->uid_next)
        return true;
    expect_gone_again();
    log_error("mailboxes.database_went_back")
        .field("mailbox", now.mailbox_id)
        .field("account", now.account_id)
        .field("modseq_before", seen->highest_modseq)
        .field("modseq", now.highest_modseq)
        .field("uid_next_before", seen->uid_next)
        .field("uid_next", now.uid_next)
        .field("text",
               "PostgreSQL has lost changes that it had committed (a restored backup, a replica "
               "that lagged behind); the mailbox gets another UIDVALIDITY; see 'A database that "
               "went back' in controlplane/mailboxes/README.md");
    renumber(*seen, now.uid_validity);
    return false;
}

void MailboxHistory::renumber(const MailboxStatus& seen, uint32_t uid_validity) {
    if (!under_way_.insert(seen.mailbox_id).second) return;
    lost_[seen.mailbox_id] = seen;
    PipelineQuery query{kRenumber, {}};
    query.params.add_int8(static_cast<int64_t>(seen.mailbox_id));
    query.params.add_int8(uid_validity);
    query.params.add_int8(static_cast<int64_t>(seen.uid_next));
    query.params.add_int8(static_cast<int64_t>(seen.highest_modseq));
    context_.ask(
        loads_, {{kWriting, {}}, std::move(query)},
        [](std::vector<PgResult> rows) { return ids_of(rows[1]); },
        [this, seen](const tl::expected<std::vector<uint64_t>, PipelineFailure>& renumbered) {
            const uint64_t id = seen.mailbox_id;
            under_way_.erase(id);
            if (renumbered) {
                lost_.erase(id);
                ++mailboxes_lost_;
                log_warning("mailboxes.renumbered").field("mailbox", id);
            } else {
                log_error("mailboxes.not_renumbered")
                    .field("mailbox", id)
                    .field("error", renumbered.error().message);
            }
            renumbered_(id, renumbered.has_value());
        });
}

void MailboxHistory::expect_gone_again() {
    for (const MailboxStatus& seen : context_.arena->forget_gone())
        lost_.try_emplace(seen.mailbox_id, seen);
}

void MailboxHistory::check(std::function<void()> then) {
    add_claims();
    ++checks_;
    auto asked = std::make_shared<const std::vector<PipelineQuery>>(1, contradicted_query());
    reads_.post([this, asked, then = std::move(then)](DatabaseSession& session) {
        Pipeline::Results results = session.run_anywhere(*asked);
        std::vector<uint64_t> contradicted;
        if (results) contradicted = ids_of((*results)[0]);
        // Without an answer nothing goes on.
        if (!results) session.leave();
        context_.post([this, then, is_answered = results.has_value(), contradicted,
                       identity = session.identity()] {
            --checks_;
            if (!is_answered || !context_.agreement.agree(identity)) return;
            take_answer(identity, contradicted);
            then();
        });
    });
}

void MailboxHistory::take_answer(const std::string& identity,
                                 const std::vector<uint64_t>& contradicted) {
    if (!identity_.empty() && identity_ != identity) {
        log_warning("mailboxes.another_database")
            .field("before", identity_)
            .field("now", identity)
            .field("contradicted", contradicted.size());
        expect_gone_again();
        take_contradicted(contradicted);
    }
    identity_ = identity;
    // A later one asks with more.
    if (checks_ == 0) claims_.clear();
}

void MailboxHistory::add_claims() {
    if (claims_.empty()) claimed_.clear();
    for (const uint64_t id : context_.arena->resident_mailboxes()) {
        const auto mailbox = context_.arena->view().mailbox(id);
        const uint64_t modseq = mailbox->status().highest_modseq;
        size_t count = 0;
        for (size_t i = mailbox->chunk_count(); i-- > 0 && count < kClaimsOfMailbox;) {
            const storage::MailboxChunk chunk = mailbox->chunk(i);
            if (chunk.modseq_max != modseq) continue;
            for (const MailboxEntry& entry : chunk.entries) {
                if (entry.modseq != modseq || count == kClaimsOfMailbox) continue;
                claims_.try_emplace({id, entry.uid, modseq}, entry);
                ++count;
            }
        }
        if (count > 0) claimed_[id] = *context_.arena->seen_of(id);
    }
}

PipelineQuery MailboxHistory::contradicted_query() const {
    BinaryArray ids(PgType::int8), uids(PgType::int8), modseqs(PgType::int8), flags(PgType::int4),
        blobs(PgType::uuid);
    for (const auto& [claim, entry] : claims_) {
        ids.add_int8(static_cast<int64_t>(std::get<0>(claim)));
        uids.add_int8(entry.uid);
        modseqs.add_int8(static_cast<int64_t>(entry.modseq));
        flags.add_int4(entry.flags);
        blobs.add_uuid(entry.blob);
    }
    PipelineQuery query{kContradicted, {}};
    for (BinaryArray* array : {&ids, &uids, &modseqs, &flags, &blobs})
        query.params.add(std::move(*array));
    return query;
}

// What is resident of the others is loaded anew all the same: a message that had gone may be back.
void MailboxHistory::take_contradicted(const std::vector<uint64_t>& mailboxes) {
    for (const uint64_t id : mailboxes) {
        log_error("mailboxes.database_went_back")
            .field("mailbox", id)
            .field("modseq_before", claimed_[id].highest_modseq)
            .field("text",
                   "its last change is not in the database that answers now; the mailbox gets "
                   "another UIDVALIDITY; see 'A database that went back' in "
                   "controlplane/mailboxes/README.md");
        renumber(claimed_[id], claimed_[id].uid_validity);
    }
    for (const uint64_t id : context_.arena->resident_mailboxes()) context_.arena->let_go(id);
}

}  // namespace gatepost::controlplane
