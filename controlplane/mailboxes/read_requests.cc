#include "controlplane/mailboxes/read_requests.h"

#include <algorithm>
#include <array>

#include "controlplane/commit/clean_text.h"

namespace gatepost::controlplane {

namespace {

using namespace gatepost::storage;

constexpr std::string_view kExpungedSince =
    "SELECT e.uid FROM gatepost.expunged e WHERE e.mailbox_id = $1::bigint "
    "AND e.modseq > $2::bigint ORDER BY e.uid";
// What is not known any more is told by what is not there (RFC 7162 §3.2.7).
constexpr std::string_view kFloor =
    "SELECT b.uid_next FROM gatepost.mailboxes b WHERE b.id = $1::bigint "
    "AND b.expunged_floor > $2::bigint";
constexpr std::string_view kPresent =
    "SELECT m.uid FROM gatepost.messages m WHERE m.mailbox_id = $1::bigint AND EXISTS ("
    "SELECT FROM gatepost.mailboxes b WHERE b.id = $1::bigint AND b.expunged_floor > $2::bigint) "
    "ORDER BY m.uid";
constexpr std::string_view kMetadata =
    "SELECT entry, value FROM gatepost.get_metadata($1::bigint, nullif($2::bigint, 0), "
    "$3::text[], $4::integer)";
constexpr std::string_view kAcl = "SELECT identifier, rights FROM gatepost.get_acl($1::bigint)";
constexpr std::string_view kQuota =
    "SELECT bytes, bytes_max, messages, messages_max FROM gatepost.get_quota($1::bigint)";

constexpr std::string_view kUrlKey =
    "SELECT mailbox_id, key FROM gatepost.find_url_key($1::text, $2::text)";

constexpr int32_t kAllLevels = -1;
constexpr uint32_t kLevelsMax = 1000;  // a name of an entry has no more

// RFC 4314 §2.1, in the order of MailboxRight.
constexpr std::string_view kRightLetters = "lrswipkxtea";

struct Refusal {
    std::string_view sqlstate;
    MailboxOutcome outcome;
};
constexpr std::array kRefusals = {
    Refusal{"P0002", MailboxOutcome::not_found},  Refusal{"23505", MailboxOutcome::exists},
    Refusal{"53100", MailboxOutcome::over_quota}, Refusal{"54000", MailboxOutcome::limit},
    Refusal{"42602", MailboxOutcome::cannot},     Refusal{"55006", MailboxOutcome::in_use},
    Refusal{"40001", MailboxOutcome::conflict},   Refusal{"54001", MailboxOutcome::too_large}};

std::string letters_of(uint64_t rights) {
    std::string letters;
    for (size_t i = 0; i < kRightLetters.size(); ++i)
        if ((rights >> i & 1) != 0) letters += kRightLetters[i];
    return letters;
}

struct QueryMaker {
    std::vector<PipelineQuery>& queries;

    BinaryParams& add(std::string_view sql) const {
        return queries.emplace_back(PipelineQuery{sql, {}}).params;
    }
    void operator()(const FindExpunged& request) const {
        for (const std::string_view sql : {kExpungedSince, kFloor, kPresent}) {
            BinaryParams& params = add(sql);
            params.add_int8(static_cast<int64_t>(request.mailbox_id));
            params.add_int8(static_cast<int64_t>(request.since_modseq));
        }
    }
    void operator()(const GetMetadata& request) const {
        BinaryParams& params = add(kMetadata);
        params.add_int8(static_cast<int64_t>(request.account_id));
        params.add_int8(static_cast<int64_t>(request.mailbox_id));
        BinaryArray entries(PgType::text);
        for (const std::string& entry : request.entries) entries.add_text(clean_text(entry));
        params.add(std::move(entries));
        params.add_int4(request.depth > kLevelsMax ? kAllLevels
                                                   : static_cast<int32_t>(request.depth));
    }
    void operator()(const GetAcl& request) const {
        add(kAcl).add_int8(static_cast<int64_t>(request.mailbox_id));
    }
    void operator()(const GetQuota& request) const {
        add(kQuota).add_int8(static_cast<int64_t>(request.account_id));
    }
    void operator()(const FindUrlKey& request) const {
        BinaryParams& params = add(kUrlKey);
        params.add_text(clean_text(request.owner));
        params.add_text(clean_text(request.mailbox));
    }
    template <typename Other>
    void operator()(const Other&) const {}
};

// UIDs from `first` on and below `end`, which are above all that are there.
void add_uids(UidSet& set, uint64_t first, uint64_t end) {
    if (first >= end) return;
    add_uid(set, static_cast<uint32_t>(first));
    set.back().last = static_cast<uint32_t>(end - 1);
}

// The UIDs below `uid_next` that are not among the rows, `known` ones alone where there are some.
// Takes time by the rows and the ranges: UIDs may be four thousand million.
void add_missing(const PgResult& present, uint64_t uid_next, const UidSet& known, UidSet& missing) {
    const UidSet all = {{1, UINT32_MAX}};
    int row = 0;
    for (const UidRange& range : known.empty() ? all : known) {
        uint64_t next = range.first;
        const uint64_t end = std::min(uint64_t{range.last} + 1, uid_next);
        for (; row < present.rows() && binary_unsigned(present, row, 0) < end; ++row) {
            const uint64_t uid = binary_unsigned(present, row, 0);
            if (uid < next) continue;
            add_uids(missing, next, uid);
            next = uid + 1;
        }
        add_uids(missing, next, end);
    }
}

struct RowTaker {
    const std::vector<PgResult>& results;
    MailboxReply& reply;
    const PgResult& rows = results[0];

    void operator()(const FindExpunged& request) const {
        if (results[1].rows() > 0)
            return add_missing(results[2], binary_unsigned(results[1], 0, 0), request.known,
                               reply.uids);
        for (int row = 0; row < rows.rows(); ++row)
            add_known_uid(reply.uids, static_cast<uint32_t>(binary_unsigned(rows, row, 0)),
                          request.known);
    }
    void operator()(const GetMetadata&) const {
        for (int row = 0; row < rows.rows(); ++row)
            reply.values.emplace_back(rows.text(row, 0), rows.text(row, 1));
    }
    void operator()(const GetAcl&) const {
        for (int row = 0; row < rows.rows(); ++row)
            reply.values.emplace_back(rows.text(row, 0), letters_of(binary_unsigned(rows, row, 1)));
    }
    void operator()(const GetQuota&) const {
        if (rows.rows() == 0) {
            reply.outcome = MailboxOutcome::not_found;
            reply.text = "there is no such account";
            return;
        }
        for (int column = 0; column < 4; ++column)
            reply.numbers.push_back(binary_unsigned(rows, 0, column));
    }
    void operator()(const FindUrlKey&) const {
        if (rows.rows() == 0) {
            reply.outcome = MailboxOutcome::not_found;
            reply.text = "there is no such key";
            return;
        }
        reply.mailbox_id = binary_unsigned(rows, 0, 0);
        reply.values.emplace_back(kUrlMechanism, rows.text(0, 1));
    }
    template <typename Other>
    void operator()(const Other&) const {}
};

}  // namespace

bool is_read(const MailboxRequest& request) {
    return std::holds_alternative<FindExpunged>(request) ||
           std::holds_alternative<GetMetadata>(request) ||
           std::holds_alternative<GetAcl>(request) || std::holds_alternative<GetQuota>(request) ||
           std::holds_alternative<FindUrlKey>(request);
}

std::vector<PipelineQuery> read_queries(const MailboxRequest& request) {
    std::vector<PipelineQuery> queries;
    std::visit(QueryMaker{queries}, request);
    return queries;
}

void take_read(const MailboxRequest& request, const std::vector<PgResult>& results,
               MailboxReply& reply) {
    std::visit(RowTaker{results, reply}, request);
}

MailboxOutcome outcome_of(const PipelineFailure& failure) {
    if (failure.fault != Fault::away)
        for (const Refusal& refusal : kRefusals)
            if (refusal.sqlstate == failure.sqlstate) return refusal.outcome;
    return MailboxOutcome::unavailable;
}

std::string text_of(const PipelineFailure& failure) {
    if (failure.fault == Fault::away) return "the database cannot be reached; try again later";
    if (outcome_of(failure) == MailboxOutcome::unavailable)
        return "the database refused it: " + failure.primary;
    return failure.primary;
}

void add_known_uid(UidSet& set, uint32_t uid, const UidSet& known) {
    const auto after =
        std::upper_bound(known.begin(), known.end(), uid,
                         [](uint32_t value, const UidRange& range) { return value < range.first; });
    const bool is_known = after != known.begin() && uid <= std::prev(after)->last;
    if (known.empty() || is_known) add_uid(set, uid);
}

}  // namespace gatepost::controlplane
