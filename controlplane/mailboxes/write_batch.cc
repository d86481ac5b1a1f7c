#include "controlplane/mailboxes/write_batch.h"

#include <algorithm>
#include <map>

#include "controlplane/mailboxes/message_columns.h"

namespace gatepost::controlplane {

namespace {

using namespace gatepost::storage;

constexpr std::string_view kStore =
    "SELECT request, uid, modseq, flags, keywords, changed FROM gatepost.store_flags("
    "$1::bigint[], $2::integer[], $3::integer[], $4::text[], $5::bigint[], $6::integer[], "
    "$7::bigint[], $8::bigint[])";
constexpr std::string_view kExpunge =
    "SELECT uid FROM gatepost.expunge_messages($1::bigint, $2::bigint[], $3::bigint[], "
    "$4::boolean) ORDER BY uid";
constexpr std::string_view kExpungeAll =
    "SELECT uid FROM gatepost.expunge_messages($1::bigint, NULL, NULL, $2::boolean) ORDER BY uid";
constexpr std::string_view kCopy =
    "SELECT source_uid, uid FROM gatepost.copy_messages($1::bigint, $2::bigint[], $3::bigint[], "
    "$4::bigint, $5::boolean, $6::integer, $7::boolean) ORDER BY uid";
constexpr std::string_view kAppend =
    "SELECT uid FROM gatepost.append_messages($1::bigint, $2::integer, $3::uuid[], $4::bigint[], "
    "$5::bigint[], $6::bigint[], $7::timestamptz[], $8::integer[], $9::text[], $10::bytea[], "
    "$11::text[], $12::text[], $13::text[], nullif($14::bigint, 0), nullif($15::bigint, 0)) "
    "ORDER BY uid";
constexpr std::string_view kAppendTogether =
    "SELECT n, uid FROM gatepost.append_together($1::bigint[], $2::integer, $3::uuid[], "
    "$4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::integer[], $9::text[], "
    "$10::bytea[], $11::text[], $12::text[], $13::text[]) ORDER BY n";
constexpr std::string_view kLock = "SELECT gatepost.lock_mailboxes($1::bigint[])";
constexpr std::string_view kOwners =
    "SELECT DISTINCT b.account_id FROM gatepost.mailboxes b WHERE b.id = ANY ($1::bigint[])";

// A modseq belongs to one transaction: who wrote one of its messages wrote all of them.
constexpr std::string_view kStored =
    "SELECT b.id FROM gatepost.mailboxes b WHERE b.id = ANY ($1::bigint[]) AND EXISTS ("
    "SELECT FROM gatepost.messages m WHERE m.mailbox_id = b.id AND m.modseq = b.highest_modseq "
    "AND m.xmin = pg_current_xact_id_if_assigned()::xid)";

void add_ranges(BinaryParams& params, const UidSet& uids) {
    BinaryArray firsts(PgType::int8);
    BinaryArray lasts(PgType::int8);
    for (const UidRange& range : uids) {
        firsts.add_int8(range.first);
        lasts.add_int8(range.last);
    }
    params.add(std::move(firsts));
    params.add(std::move(lasts));
}

uint32_t uid_of(const PgResult& rows, int row, int column) {
    return static_cast<uint32_t>(binary_unsigned(rows, row, column));
}

template <typename... Kinds>
bool holds_any(const MailboxRequest& request) {
    return (std::holds_alternative<Kinds>(request) || ...);
}

// One of a message that it replaces is a statement of its own.
const AppendMessages* plain_append(const MailboxRequest& request) {
    const auto* append = std::get_if<AppendMessages>(&request);
    return append != nullptr && append->replaced_mailbox_id == 0 ? append : nullptr;
}

// What a request's own rows say; statuses come afterwards.
struct ReplyMaker {
    const PgResult& rows;
    MailboxReply& reply;

    void operator()(const ExpungeMessages&) const {
        for (int row = 0; row < rows.rows(); ++row) add_uid(reply.uids, uid_of(rows, row, 0));
    }
    void operator()(const CopyMessages&) const {
        for (int row = 0; row < rows.rows(); ++row) {
            add_uid(reply.source_uids, uid_of(rows, row, 0));
            add_uid(reply.uids, uid_of(rows, row, 1));
        }
    }
    // One of a message that it replaces.
    void operator()(const AppendMessages&) const {
        for (int row = 0; row < rows.rows(); ++row) add_uid(reply.uids, uid_of(rows, row, 0));
    }
    void operator()(const CreateMailbox&) const {
        if (rows.rows() > 0) reply.mailbox_id = binary_unsigned(rows, 0, 0);
    }
    void operator()(const DeleteMailbox& request) const { reply.mailbox_id = request.mailbox_id; }
    void operator()(const RenameMailbox& request) const { reply.mailbox_id = request.mailbox_id; }
    void operator()(const MakeUrlKey& request) const {
        reply.mailbox_id = request.mailbox_id;
        if (rows.rows() > 0) reply.values.emplace_back(kUrlMechanism, rows.text(0, 0));
    }
    template <typename Other>
    void operator()(const Other&) const {}
};

// The mailbox whose state the reply tells.
uint64_t told_mailbox(const MailboxRequest& request) {
    if (const auto* store = std::get_if<StoreFlags>(&request)) return store->mailbox_id;
    if (const auto* expunge = std::get_if<ExpungeMessages>(&request)) return expunge->mailbox_id;
    if (const auto* copy = std::get_if<CopyMessages>(&request)) return copy->target_id;
    if (const auto* append = std::get_if<AppendMessages>(&request)) return append->mailbox_id;
    return 0;
}

}  // namespace

bool is_write(const MailboxRequest& request) {
    return holds_any<StoreFlags, ExpungeMessages, CopyMessages, AppendMessages, CreateMailbox,
                     DeleteMailbox, RenameMailbox, SubscribeMailbox, SetMetadata, SetAcl,
                     MakeUrlKey, ResetUrlKeys>(request);
}

bool is_about_messages(const MailboxRequest& request) {
    return holds_any<StoreFlags, ExpungeMessages, CopyMessages, AppendMessages>(request);
}

std::vector<uint64_t> touched_mailboxes(const MailboxRequest& request) {
    if (const auto* store = std::get_if<StoreFlags>(&request)) return {store->mailbox_id};
    if (const auto* expunge = std::get_if<ExpungeMessages>(&request)) return {expunge->mailbox_id};
    if (const auto* copy = std::get_if<CopyMessages>(&request))
        return copy->move ? std::vector{copy->mailbox_id, copy->target_id}
                          : std::vector{copy->target_id};
    if (const auto* append = std::get_if<AppendMessages>(&request))
        return append->replaced_mailbox_id == 0
                   ? std::vector{append->mailbox_id}
                   : std::vector{append->mailbox_id, append->replaced_mailbox_id};
    if (const auto* gone = std::get_if<DeleteMailbox>(&request)) return {gone->mailbox_id};
    if (const auto* rename = std::get_if<RenameMailbox>(&request))
        if (rename->mailbox_id != 0) return {rename->mailbox_id};
    return {};
}

WriteBatch::WriteBatch(std::span<const PendingWrite* const> requests, const MailboxWants& wants,
                       int32_t edge)
    : requests_(requests), edge_(edge), places_(requests.size()) {
    for (const PendingWrite* pending : requests_)
        for (const uint64_t id : touched_mailboxes(pending->request))
            touch(id, std::holds_alternative<StoreFlags>(pending->request));
    // Before it is gone.
    for (const PendingWrite* pending : requests_) {
        if (const auto* gone = std::get_if<DeleteMailbox>(&pending->request))
            owned_.push_back(gone->mailbox_id);
        if (const auto* acl = std::get_if<SetAcl>(&pending->request))
            owned_.push_back(acl->mailbox_id);
    }
    if (!owned_.empty()) query(kOwners).params.add(id_array(owned_));
    add_locks();
    add_stores();
    add_appends();
    for (size_t i = 0; i < requests_.size(); ++i) {
        if (is_together(requests_[i]->request)) continue;
        places_[i] = queries_.size();
        std::visit([this](const auto& request) { add(request); }, requests_[i]->request);
    }
    for (const uint64_t id : touched_) {
        const auto want = wants.find(id);
        if (!flags_alone_[id] && want != wants.end()) wants_.push_back(want->second);
    }
    if (!stores_.empty()) {
        // Of one that messages came to or left too, the rows of flags do not have all.
        std::vector<uint64_t> flagged;
        for (const uint64_t id : touched_)
            if (flags_alone_[id]) flagged.push_back(id);
        stored_place_ = queries_.size();
        query(kStored).params.add(id_array(flagged));
    }
    delta_place_ = queries_.size();
    if (wants_.empty() && !touched_.empty())
        queries_.push_back(status_query(touched_));
    else if (!touched_.empty())
        add_delta_queries(queries_, touched_, wants_);
}

PipelineQuery& WriteBatch::query(std::string_view sql) {
    return queries_.emplace_back(PipelineQuery{sql, {}});
}

void WriteBatch::touch(uint64_t mailbox_id, bool flags_alone) {
    const auto [found, is_new] = flags_alone_.try_emplace(mailbox_id, flags_alone);
    if (is_new)
        touched_.push_back(mailbox_id);
    else
        found->second = found->second && flags_alone;
}

// Accounts come before mailboxes in the order of locks (011_mailboxes.sql): each statement keeps to
// it, and several do where all locks are taken first.
void WriteBatch::add_locks() {
    std::vector<uint64_t> ids = touched_;
    bool has_store = false;
    bool has_append = false;
    size_t statements = 0;
    for (const PendingWrite* pending : requests_) {
        const bool is_store = std::holds_alternative<StoreFlags>(pending->request);
        const bool is_append = plain_append(pending->request) != nullptr;
        has_store = has_store || is_store;
        has_append = has_append || is_append;
        if (!is_store && !is_append) ++statements;
        if (const auto* copy = std::get_if<CopyMessages>(&pending->request))
            ids.push_back(copy->mailbox_id);
    }
    statements += (has_store ? 1 : 0) + (has_append ? 1 : 0);
    if (statements > 1) query(kLock).params.add(id_array(ids));
}

bool WriteBatch::is_together(const MailboxRequest& request) {
    return std::holds_alternative<StoreFlags>(request) || plain_append(request) != nullptr;
}

// All of them are one call, as those of flags are.
void WriteBatch::add_appends() {
    BinaryArray mailboxes(PgType::int8);
    MessageColumns columns;
    for (size_t i = 0; i < requests_.size(); ++i) {
        const AppendMessages* append = plain_append(requests_[i]->request);
        if (append == nullptr) continue;
        places_[i] = queries_.size();
        appends_.push_back(i);
        for (const AppendedMessage& message : append->messages) {
            mailboxes.add_int8(static_cast<int64_t>(append->mailbox_id));
            columns.add(message);
        }
    }
    if (appends_.empty()) return;
    BinaryParams& params = query(kAppendTogether).params;
    params.add(std::move(mailboxes));
    params.add_int4(edge_);
    columns.move_to(params);
}

// All of them are one call.
void WriteBatch::add_stores() {
    BinaryArray mailboxes(PgType::int8), actions(PgType::int4), flags(PgType::int4),
        keywords(PgType::text), unchanged(PgType::int8), places(PgType::int4), firsts(PgType::int8),
        lasts(PgType::int8);
    for (size_t i = 0; i < requests_.size(); ++i) {
        const auto* store = std::get_if<StoreFlags>(&requests_[i]->request);
        if (store == nullptr) continue;
        places_[i] = queries_.size();
        stores_.push_back(i);
        mailboxes.add_int8(static_cast<int64_t>(store->mailbox_id));
        actions.add_int4(static_cast<int32_t>(store->action));
        flags.add_int4(store->flags);
        keywords.add_text(joined_keywords(store->keywords));
        if (store->unchanged_since)
            unchanged.add_int8(static_cast<int64_t>(*store->unchanged_since));
        else
            unchanged.add_null();
        for (const UidRange& range : store->uids) {
            places.add_int4(static_cast<int32_t>(stores_.size()));
            firsts.add_int8(range.first);
            lasts.add_int8(range.last);
        }
    }
    if (stores_.empty()) return;
    BinaryParams& params = query(kStore).params;
    for (BinaryArray* array :
         {&mailboxes, &actions, &flags, &keywords, &unchanged, &places, &firsts, &lasts})
        params.add(std::move(*array));
}

void WriteBatch::add(const ExpungeMessages& request) {
    BinaryParams& params = query(request.uids.empty() ? kExpungeAll : kExpunge).params;
    params.add_int8(static_cast<int64_t>(request.mailbox_id));
    if (!request.uids.empty()) add_ranges(params, request.uids);
    params.add_boolean(request.deleted_only);
}

void WriteBatch::add(const CopyMessages& request) {
    BinaryParams& params = query(kCopy).params;
    params.add_int8(static_cast<int64_t>(request.mailbox_id));
    add_ranges(params, request.uids);
    params.add_int8(static_cast<int64_t>(request.target_id));
    params.add_boolean(request.move);
    params.add_int4(request.flags_kept);
    params.add_boolean(request.keywords_kept);
}

void WriteBatch::add(const AppendMessages& request) {
    MessageColumns columns;
    for (const AppendedMessage& message : request.messages) columns.add(message);
    BinaryParams& params = query(kAppend).params;
    params.add_int8(static_cast<int64_t>(request.mailbox_id));
    params.add_int4(edge_);
    columns.move_to(params);
    params.add_int8(static_cast<int64_t>(request.replaced_mailbox_id));
    params.add_int8(request.replaced_uid);
}

void WriteBatch::take_stores(const PgResult& rows, std::vector<MailboxReply>& replies,
                             WriteStep& step) const {
    // Of a message that several requests addressed, the last one's row is what it is now.
    std::map<std::pair<uint64_t, uint32_t>, std::pair<int64_t, int>> last;
    std::map<std::pair<size_t, uint32_t>, bool> modified;
    for (int row = 0; row < rows.rows(); ++row) {
        const int64_t place = binary_integer(rows, row, 0);
        const size_t request = stores_.at(static_cast<size_t>(place) - 1);
        const uint64_t mailbox = std::get<StoreFlags>(requests_[request]->request).mailbox_id;
        const uint32_t uid = uid_of(rows, row, 1);
        if (!binary_boolean(rows, row, 5)) modified.emplace(std::pair(request, uid), true);
        const auto [found, is_new] =
            last.try_emplace(std::pair(mailbox, uid), std::pair(place, row));
        if (!is_new && found->second.first <= place) found->second = {place, row};
    }
    for (const auto& [key, yes] : modified) add_uid(replies[key.first].modified, key.second);
    step.flags.reserve(last.size());
    for (const auto& [key, place] : last) {
        const int row = place.second;
        step.flags.push_back({key.first, key.second, binary_unsigned(rows, row, 2),
                              static_cast<uint8_t>(binary_unsigned(rows, row, 3)),
                              binary_texts(rows, row, 4)});
    }
}

void WriteBatch::take_appends(const PgResult& rows, std::vector<MailboxReply>& replies) const {
    int row = 0;
    for (const size_t i : appends_) {
        const size_t count = std::get<AppendMessages>(requests_[i]->request).messages.size();
        for (size_t n = 0; n < count && row < rows.rows(); ++n)
            add_uid(replies[i].uids, uid_of(rows, row++, 1));
    }
}

std::vector<MailboxReply> WriteBatch::take(std::vector<PgResult> results, WriteStep& step) const {
    step.rows = std::make_shared<const std::vector<PgResult>>(std::move(results));
    const std::vector<PgResult>& rows = *step.rows;
    std::vector<MailboxReply> replies(requests_.size());
    if (!stores_.empty()) take_stores(rows[places_[stores_[0]]], replies, step);
    if (!stores_.empty())
        for (const uint64_t id : ids_of(rows[stored_place_])) step.stored.insert(id);
    if (!appends_.empty()) take_appends(rows[places_[appends_[0]]], replies);
    step.touched = touched_;
    if (!touched_.empty()) step.statuses = statuses_of(rows[delta_place_]);
    if (!wants_.empty()) step.deltas = deltas_of(step.rows, delta_place_, wants_);
    step.owners = owners_;
    step.shared = owned_;
    step.shared.insert(step.shared.end(), touched_.begin(), touched_.end());
    if (!owned_.empty())
        for (const uint64_t owner : ids_of(rows[0])) step.owners.push_back(owner);
    for (size_t i = 0; i < requests_.size(); ++i) {
        const MailboxRequest& request = requests_[i]->request;
        replies[i].sequence = requests_[i]->sequence;
        if (!is_together(request)) std::visit(ReplyMaker{rows[places_[i]], replies[i]}, request);
        const uint64_t told = told_mailbox(request);
        for (const MailboxStatus& status : step.statuses) {
            if (status.mailbox_id != told) continue;
            replies[i].mailbox_id = told;
            replies[i].uid_validity = status.uid_validity;
            replies[i].modseq = status.highest_modseq;
        }
    }
    return replies;
}

}  // namespace gatepost::controlplane
