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
    if (message.schema == kSchemaName && message.table == kZonesTable) {
        auto columns = ZoneColumns::resolve(message.columns);
        if (!columns) return tl::unexpected(std::move(columns).error());
        relation.columns = *columns;
    } else if (message.schema == kSchemaName && message.table == kRRsetsTable) {
        auto columns = RRsetColumns::resolve(message.columns);
        if (!columns) return tl::unexpected(std::move(columns).error());
        relation.columns = *columns;
    } else if (message.schema == kSchemaName && message.table == kCookieSecretsTable) {
        auto columns = CookieSecretColumns::resolve(message.columns);
        if (!columns) return tl::unexpected(std::move(columns).error());
        relation.columns = *columns;
    }
    // A table is described again after its definition has changed.
    std::erase_if(relations_, [&](const Relation& known) { return known.id == message.id; });
    relations_.push_back(relation);
    return {};
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

Status TransactionDecoder::remove(const CookieSecretColumns& columns, Tuple tuple) {
    const auto id = columns.key(tuple);
    if (!id) return tl::unexpected(id.error());
    batch_.change_cookie_secret({.id = *id, .removed = true});
    return {};
}

Status TransactionDecoder::on(const InsertMessage& message) {
    const auto relation = followed(message.relation);
    if (!relation) return tl::unexpected(relation.error());
    if (const auto* zones = std::get_if<ZoneColumns>(&(*relation)->columns))
        return put(*zones, message.row);
    if (const auto* rrsets = std::get_if<RRsetColumns>(&(*relation)->columns))
        return put(*rrsets, message.row);
    if (const auto* secrets = std::get_if<CookieSecretColumns>(&(*relation)->columns))
        return put(*secrets, message.row);
    return {};
}

Status TransactionDecoder::on(const UpdateMessage& message) {
    const auto relation = followed(message.relation);
    if (!relation) return tl::unexpected(relation.error());
    if (const auto* zones = std::get_if<ZoneColumns>(&(*relation)->columns)) {
        if (message.has_key) {
            const auto before = zones->key(message.key);
            const auto after = zones->key(message.row);
            if (!before || !after || *before != *after)
                return fail(ErrorCode::conflict, "a zone was given another id");
        }
        return put(*zones, message.row);
    }
    if (const auto* rrsets = std::get_if<RRsetColumns>(&(*relation)->columns)) {
        if (message.has_key) {
            const auto before = rrsets->key(message.key);
            const auto after = rrsets->key(message.row);
            if (!before) return tl::unexpected(before.error());
            if (!after) return tl::unexpected(after.error());
            // With REPLICA IDENTITY FULL the old row comes even where its key stays.
            if (*before != *after) batch_.remove_rrset(*before);
        }
        return put(*rrsets, message.row);
    }
    if (const auto* secrets = std::get_if<CookieSecretColumns>(&(*relation)->columns)) {
        if (message.has_key)
            if (Status ok = remove(*secrets, message.key); !ok) return ok;
        return put(*secrets, message.row);
    }
    return {};
}

Status TransactionDecoder::on(const DeleteMessage& message) {
    const auto relation = followed(message.relation);
    if (!relation) return tl::unexpected(relation.error());
    if (const auto* zones = std::get_if<ZoneColumns>(&(*relation)->columns)) {
        const auto id = zones->key(message.key);
        if (!id) return tl::unexpected(id.error());
        batch_.remove_zone(*id);
    } else if (const auto* rrsets = std::get_if<RRsetColumns>(&(*relation)->columns)) {
        const auto key = rrsets->key(message.key);
        if (!key) return tl::unexpected(key.error());
        batch_.remove_rrset(*key);
    } else if (const auto* secrets = std::get_if<CookieSecretColumns>(&(*relation)->columns)) {
        return remove(*secrets, message.key);
    }
    return {};
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
