#include "controlplane/mailboxes/mailbox_history.h"

#include <algorithm>
#include <memory>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using storage::MailboxEntry;
using storage::MailboxStatus;

// Messages of a last change that are asked for: what is lost of a transaction is lost as a whole.
constexpr size_t kClaimsOfMailbox = 2;
// Claims that one query asks for: on a server that has nothing in memory each of them reads some
// pages from the disk, and all together have less than statement_timeout.
constexpr size_t kClaimsOfQuery = 2000;
constexpr std::chrono::seconds kRepeatLog{60};  // an unchanged error is logged once a minute

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

// An answer counts in the era in which its claims were gathered: in another one they lack what was
// told since, or have been judged already. The connection that has found another server, and so
// ended the era, begins another check.
void MailboxHistory::check(std::function<void()> then) {
    const uint64_t era = context_.agreement.era();
    if (checking_ == era) return;
    checking_ = era;
    // Once all follow a server, nothing but another era brings another one.
    auto asked =
        std::make_shared<const Claims>(context_.agreement.is_agreed() ? Claims() : claims());
    reads_.post([this, era, asked, before = identity_,
                 then = std::move(then)](DatabaseSession& session) {
        // It does not contradict itself; but it has to be there.
        std::span<const Claim> in_doubt;
        if (!before.empty() && session.identity() != before) in_doubt = asked->claims;
        auto answer = std::make_shared<const Contradicted>(contradicted(session, in_doubt, era));
        // There will be another connection, and another check. Where there was none, the link
        // tells.
        if (!*answer) session.leave();
        context_.post([this, era, asked, answer, then, identity = session.identity(),
                       has_failed = session.has_left()] {
            if (checking_ == era) checking_.reset();
            if (has_failed) take_failure(answer->error());
            if (!*answer) return;
            logged_error_.clear();
            if (context_.agreement.era() != era || !context_.agreement.agree(identity)) return;
            take_answer(identity, *asked, **answer);
            then();
        });
    });
}

PipelineQuery MailboxHistory::contradicted_query(std::span<const Claim> claims) {
    BinaryArray ids(PgType::int8), uids(PgType::int8), modseqs(PgType::int8), flags(PgType::int4),
        blobs(PgType::uuid);
    for (const auto& [mailbox_id, entry] : claims) {
        ids.add_int8(static_cast<int64_t>(mailbox_id));
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

MailboxHistory::Contradicted MailboxHistory::contradicted(DatabaseSession& session,
                                                          std::span<const Claim> claims,
                                                          uint64_t era) const {
    std::set<uint64_t> mailboxes;
    do {
        if (session.is_stopping())
            return tl::unexpected(PipelineFailure{Fault::away, "", "this process is stopping", ""});
        const auto slice = claims.first(std::min(claims.size(), kClaimsOfQuery));
        claims = claims.subspan(slice.size());
        const std::vector<PipelineQuery> queries(1, contradicted_query(slice));
        const Pipeline::Results results = session.run_anywhere(queries);
        if (!results) return tl::unexpected(results.error());
        for (const uint64_t id : ids_of((*results)[0])) mailboxes.insert(id);
        // Nobody takes the answer any more where another era has begun.
    } while (!claims.empty() && context_.agreement.era() == era);
    return mailboxes;
}

void MailboxHistory::take_failure(const PipelineFailure& failure) {
    const auto now = std::chrono::steady_clock::now();
    if (failure.message == logged_error_ && now < logged_at_ + kRepeatLog) return;
    log_warning("mailboxes.check_failed")
        .field("sqlstate", failure.sqlstate)
        .field("error", failure.message);
    logged_error_ = failure.message;
    logged_at_ = now;
}

void MailboxHistory::take_answer(const std::string& identity, const Claims& claims,
                                 const std::set<uint64_t>& contradicted) {
    if (!identity_.empty() && identity_ != identity) {
        log_warning("mailboxes.another_database")
            .field("before", identity_)
            .field("now", identity)
            .field("contradicted", contradicted.size());
        expect_gone_again();
        take_contradicted(claims, contradicted);
    }
    identity_ = identity;
}

MailboxHistory::Claims MailboxHistory::claims() const {
    Claims claims;
    for (const uint64_t id : context_.arena->resident_mailboxes()) {
        const auto mailbox = context_.arena->view().mailbox(id);
        const uint64_t modseq = mailbox->status().highest_modseq;
        size_t count = 0;
        for (size_t i = mailbox->chunk_count(); i-- > 0 && count < kClaimsOfMailbox;) {
            const storage::MailboxChunk chunk = mailbox->chunk(i);
            if (chunk.modseq_max != modseq) continue;
            for (const MailboxEntry& entry : chunk.entries) {
                if (entry.modseq != modseq || count == kClaimsOfMailbox) continue;
                claims.claims.push_back({id, entry});
                ++count;
            }
        }
        if (count > 0) claims.seen[id] = *context_.arena->seen_of(id);
    }
    return claims;
}

// What is resident of the others is loaded anew all the same: a message that had gone may be back.
void MailboxHistory::take_contradicted(const Claims& claims, const std::set<uint64_t>& mailboxes) {
    for (const uint64_t id : mailboxes) {
        const MailboxStatus& seen = claims.seen.at(id);
        log_error("mailboxes.database_went_back")
            .field("mailbox", id)
            .field("modseq_before", seen.highest_modseq)
            .field("text",
                   "its last change is not in the database that answers now; the mailbox gets "
                   "another UIDVALIDITY; see 'A database that went back' in "
                   "controlplane/mailboxes/README.md");
        renumber(seen, seen.uid_validity);
    }
    for (const uint64_t id : context_.arena->resident_mailboxes()) context_.arena->let_go(id);
}

}  // namespace gatepost::controlplane
