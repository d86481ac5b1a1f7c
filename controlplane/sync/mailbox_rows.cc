#include "controlplane/sync/mailbox_rows.h"

#include "controlplane/sync/tuple_reader.h"

namespace gatepost::controlplane {

namespace {

template <typename Columns>
Result<ColumnIndexes<Columns::kNames.size()>> indexes(std::span<const std::string_view> columns) {
    return find_columns(Columns::kTable, Columns::kNames, columns);
}

}  // namespace

Result<MailboxColumns> MailboxColumns::resolve(std::span<const std::string_view> columns) {
    auto found = indexes<MailboxColumns>(columns);
    if (!found) return tl::unexpected(std::move(found).error());
    MailboxColumns result;
    result.index_ = *found;
    return result;
}

Result<MailboxNotice> MailboxColumns::row(Tuple tuple) const {
    TupleReader<MailboxColumns> reader(kTable, tuple, index_);
    MailboxRow row;
    size_t column = 0;
    for (int64_t* number :
         {&row.id, &row.account_id, &row.uid_validity, &row.uid_next, &row.highest_modseq,
          &row.messages, &row.unseen, &row.deleted, &row.octets})
        *number = reader.integer(column++);
    row.subscribed = reader.boolean(9);
    if (!reader.is_null(10)) row.special_use = reader.text(10);
    row.name = reader.text(11);
    if (!reader.ok()) return reader.error();
    return MailboxNotice(std::move(row));
}

Result<MailboxNotice> MailboxColumns::key(Tuple tuple) const {
    TupleReader<MailboxColumns> reader(kTable, tuple, index_);
    const MailboxKey key{reader.integer(0)};
    if (!reader.ok()) return reader.error();
    return MailboxNotice(key);
}

Result<MailboxAclColumns> MailboxAclColumns::resolve(std::span<const std::string_view> columns) {
    auto found = indexes<MailboxAclColumns>(columns);
    if (!found) return tl::unexpected(std::move(found).error());
    MailboxAclColumns result;
    result.index_ = *found;
    return result;
}

Result<MailboxNotice> MailboxAclColumns::row(Tuple tuple) const {
    TupleReader<MailboxAclColumns> reader(kTable, tuple, index_);
    const MailboxAclChange change{reader.integer(0)};
    if (!reader.ok()) return reader.error();
    return MailboxNotice(change);
}

Result<MailboxSubscriptionColumns> MailboxSubscriptionColumns::resolve(
    std::span<const std::string_view> columns) {
    auto found = indexes<MailboxSubscriptionColumns>(columns);
    if (!found) return tl::unexpected(std::move(found).error());
    MailboxSubscriptionColumns result;
    result.index_ = *found;
    return result;
}

Result<MailboxNotice> MailboxSubscriptionColumns::row(Tuple tuple) const {
    TupleReader<MailboxSubscriptionColumns> reader(kTable, tuple, index_);
    const SubscriptionChange change{reader.integer(0)};
    if (!reader.ok()) return reader.error();
    return MailboxNotice(change);
}

size_t size_bytes(const MailboxNotice& notice) {
    size_t size = sizeof notice;
    if (const auto* row = std::get_if<MailboxRow>(&notice))
        size += row->name.size() + row->special_use.size();
    return size;
}

}  // namespace gatepost::controlplane
