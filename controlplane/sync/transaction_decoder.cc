#include "controlplane/sync/transaction_decoder.h"

#include <algorithm>

namespace gatepost::controlplane {

Result<bool> TransactionDecoder::feed(Bytes message) {
    const auto decoded = decoder_.decode(message);
    if (!decoded) return tl::unexpected(decoded.error());
    complete_ = false;
    Status ok = std::visit([this](const auto& m) { return on(m); }, *decoded);
    if (!ok) return tl::unexpected(std::move(ok).error());
    if (batch_.size_bytes() > bytes_max_)
        return fail(ErrorCode::conflict,
                    "a transaction of more than {} MiB of changes is taken over by a new load",
                    bytes_max_ >> 20);
    return complete_;
}

Status TransactionDecoder::on(const BeginMessage&) {
    if (in_transaction_)
        return fail(ErrorCode::invalid, "the replication stream has a BEGIN inside a transaction");
    in_transaction_ = true;
    batch_.clear();
    return {};
}

Status TransactionDecoder::on(const CommitMessage& message) {
    if (!in_transaction_)
        return fail(ErrorCode::invalid, "the replication stream has a COMMIT without its BEGIN");
    in_transaction_ = false;
    complete_ = true;
    commit_ = message;
    return {};
}

Status TransactionDecoder::on(const RelationMessage& message) {
    Relation relation{message.id, OtherTable{}};
    if (message.schema == kSchemaName)
        if (Status ok = resolve(message, relation); !ok) return ok;
    // A table is described again after its definition has changed.
    std::erase_if(relations_, [&](const Relation& known) { return known.id == message.id; });
    relations_.push_back(relation);
    return {};
}

Status TransactionDecoder::resolve(const RelationMessage& message, Relation& relation) {
    Status status;
    const auto resolve_as = [&]<typename Columns>(std::string_view table, const Columns&) {
        if (message.table != table) return;
        auto columns = Columns::resolve(message.columns);
        if (columns)
            relation.columns = *columns;
        else
            status = tl::unexpected(std::move(columns).error());
    };
    resolve_as(kZonesTable, ZoneColumns());
    resolve_as(kRRsetsTable, RRsetColumns());
    resolve_as(kCookieSecretsTable, CookieSecretColumns());
    resolve_as(kCertificatesTable, CertificateColumns());
    resolve_as(kPinsTable, PinColumns());
    resolve_as(kRedirectsTable, RedirectColumns());
    resolve_as(kChallengesTable, ChallengeColumns());
    resolve_as(MailDomainColumns::kTable, MailDomainColumns());
    resolve_as(MailAccountColumns::kTable, MailAccountColumns());
    resolve_as(MailCredentialColumns::kTable, MailCredentialColumns());
    resolve_as(MailAliasColumns::kTable, MailAliasColumns());
    resolve_as(FilterRuleColumns::kTable, FilterRuleColumns());
    resolve_as(FilterSettingsColumns::kTable, FilterSettingsColumns());
    resolve_as(FilingRuleColumns::kTable, FilingRuleColumns());
    resolve_as(PolicyRuleColumns::kTable, PolicyRuleColumns());
    resolve_as(DnsListColumns::kTable, DnsListColumns());
    resolve_as(PolicyExemptionColumns::kTable, PolicyExemptionColumns());
    resolve_as(MailboxColumns::kTable, MailboxColumns());
    resolve_as(MailboxAclColumns::kTable, MailboxAclColumns());
    resolve_as(MailboxSubscriptionColumns::kTable, MailboxSubscriptionColumns());
    return status;
}

Result<const TransactionDecoder::Relation*> TransactionDecoder::followed(RelationId id) const {
    if (!in_transaction_)
        return fail(ErrorCode::invalid,
                    "the replication stream has a row outside of a transaction");
    for (const Relation& relation : relations_)
        if (relation.id == id) return &relation;
    return fail(ErrorCode::invalid,
                "the replication stream has a row of the table {} that it did not describe", id);
}

Status TransactionDecoder::put(const ZoneColumns& columns, Tuple tuple) {
    const auto row = columns.row(tuple);
    if (!row) return tl::unexpected(row.error());
    batch_.put_zone(*row);
    return {};
}

Status TransactionDecoder::put(const RRsetColumns& columns, Tuple tuple) {
    const auto row = columns.row(tuple);
    if (!row) return tl::unexpected(row.error());
    if (!batch_.put_rrset(*row))
        return fail(
            ErrorCode::conflict,
            "the data of {} {} are kept outside of their row and were not sent with its change",
            row->key.name, row->key.type);
    return {};
}

Status TransactionDecoder::put(const CookieSecretColumns& columns, Tuple tuple) {
    const auto row = columns.row(tuple);
    if (!row) return tl::unexpected(row.error());
    const auto change = cookie_secret_from_row(*row);
    if (!change) return tl::unexpected(change.error());
    batch_.change_cookie_secret(*change);
    return {};
}

template <typename Columns>
Status TransactionDecoder::put(const Columns& columns, Tuple tuple) {
    auto row = columns.row(tuple);
    if (!row) return tl::unexpected(std::move(row).error());
    batch_.change_directory(std::move(*row));
    return {};
}

Status TransactionDecoder::note(Result<MailboxNotice> notice) {
    if (!notice) return tl::unexpected(std::move(notice).error());
    batch_.note_mailbox(std::move(*notice));
    return {};
}

Status TransactionDecoder::update(const MailboxAclColumns& columns, const UpdateMessage& message) {
    if (message.has_key)
        if (Status ok = note(columns.key(message.key)); !ok) return ok;
    return note(columns.row(message.row));
}

Status TransactionDecoder::update(const MailboxSubscriptionColumns& columns,
                                  const UpdateMessage& message) {
    if (message.has_key)
        if (Status ok = note(columns.key(message.key)); !ok) return ok;
    return note(columns.row(message.row));
}

Status TransactionDecoder::update(const ZoneColumns& columns, const UpdateMessage& message) {
    if (message.has_key) {
        const auto before = columns.key(message.key);
        const auto after = columns.key(message.row);
        if (!before || !after || *before != *after)
            return fail(ErrorCode::conflict, "a zone was given another id");
    }
    return put(columns, message.row);
}

Status TransactionDecoder::update(const RRsetColumns& columns, const UpdateMessage& message) {
    if (message.has_key) {
        const auto before = columns.key(message.key);
        const auto after = columns.key(message.row);
        if (!before) return tl::unexpected(before.error());
        if (!after) return tl::unexpected(after.error());
        // With REPLICA IDENTITY FULL the old row comes even where its key stays.
        if (*before != *after) batch_.remove_rrset(*before);
    }
    return put(columns, message.row);
}

Status TransactionDecoder::update(const CookieSecretColumns& columns,
                                  const UpdateMessage& message) {
    if (message.has_key)
        if (Status ok = remove(columns, message.key); !ok) return ok;
    return put(columns, message.row);
}

template <typename Columns>
Status TransactionDecoder::update(const Columns& columns, const UpdateMessage& message) {
    if (message.has_key) {
        auto before = columns.key(message.key);
        auto after = columns.key(message.row);
        if (!before) return tl::unexpected(std::move(before).error());
        if (!after) return tl::unexpected(std::move(after).error());
        if (*before != *after) batch_.change_directory(std::move(*before));
    }
    return put(columns, message.row);
}

Status TransactionDecoder::remove(const ZoneColumns& columns, Tuple tuple) {
    const auto id = columns.key(tuple);
    if (!id) return tl::unexpected(id.error());
    batch_.remove_zone(*id);
    return {};
}

Status TransactionDecoder::remove(const RRsetColumns& columns, Tuple tuple) {
    const auto key = columns.key(tuple);
    if (!key) return tl::unexpected(key.error());
    batch_.remove_rrset(*key);
    return {};
}

Status TransactionDecoder::remove(const CookieSecretColumns& columns, Tuple tuple) {
    const auto id = columns.key(tuple);
    if (!id) return tl::unexpected(id.error());
    batch_.change_cookie_secret({.id = *id, .removed = true});
    return {};
}

template <typename Columns>
Status TransactionDecoder::remove(const Columns& columns, Tuple tuple) {
    auto key = columns.key(tuple);
    if (!key) return tl::unexpected(std::move(key).error());
    batch_.change_directory(std::move(*key));
    return {};
}

Status TransactionDecoder::on(const InsertMessage& message) {
    const auto relation = followed(message.relation);
    if (!relation) return tl::unexpected(relation.error());
    return std::visit([&](const auto& columns) { return put(columns, message.row); },
                      (*relation)->columns);
}

Status TransactionDecoder::on(const UpdateMessage& message) {
    const auto relation = followed(message.relation);
    if (!relation) return tl::unexpected(relation.error());
    return std::visit([&](const auto& columns) { return update(columns, message); },
                      (*relation)->columns);
}

Status TransactionDecoder::on(const DeleteMessage& message) {
    const auto relation = followed(message.relation);
    if (!relation) return tl::unexpected(relation.error());
    return std::visit([&](const auto& columns) { return remove(columns, message.key); },
                      (*relation)->columns);
}

Status TransactionDecoder::on(const TruncateMessage& message) {
    for (const RelationId id : message.relations) {
        const auto relation = followed(id);
        if (!relation) return tl::unexpected(relation.error());
        if (!std::holds_alternative<OtherTable>((*relation)->columns))
            return fail(ErrorCode::conflict, "a table that is followed was truncated");
    }
    return {};
}

}  // namespace gatepost::controlplane
